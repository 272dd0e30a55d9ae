/*
 * Memory for what comes and goes in great numbers and many sizes, as messages do: a pool for every
 * size of 32 bytes more, up to 2 KB; what is larger comes from malloc. Who gives a cell back says
 * how large it was taken.
 */
#ifndef TCHIN_BASE_CELLS_H
#define TCHIN_BASE_CELLS_H

#include "base/pool.h"

enum { CELL_STEP = 32, CELL_MAX = 2048 };

struct cells {
    struct pool pools[CELL_MAX / CELL_STEP];
};

void cells_init(struct cells *cells);

/* Nothing may be in use any more. */
void cells_fini(struct cells *cells);

/* Aligned for pointers and 64-bit numbers; not zeroed. `bytes` above 0. NULL: no memory. */
void *cells_take(struct cells *cells, size_t bytes) MUST_USE;
void cells_give_back(struct cells *cells, void *cell, size_t bytes);

#endif
