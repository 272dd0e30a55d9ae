/*
 * A pool: objects of one size that come and go in great numbers. Taking one and giving it back
 * costs a few instructions, it has no header of its own, and blocks of which nothing is in use any
 * more go back to the system.
 *
 * What was given back must not be touched any more; the address sanitizer sees it.
 */
#ifndef TCHIN_BASE_POOL_H
#define TCHIN_BASE_POOL_H

#include <stddef.h>

#include "base/list.h"
#include "base/macros.h"

struct pool {
    size_t object_bytes;
    size_t in_use;
    size_t block_count;
    size_t empty_count;
    struct list_node blocks; /* those with room, and something in use */
    struct list_node empty;
};

enum { POOL_BLOCK_BYTES = 32 * 1024, POOL_MAX_OBJECT = 4096 };

void pool_init(struct pool *pool, size_t object_bytes);

/* Nothing may be in use any more. */
void pool_fini(struct pool *pool);

/* Aligned for pointers and 64-bit numbers; not zeroed. NULL: no memory. */
void *pool_take(struct pool *pool) MUST_USE;
void pool_give_back(struct pool *pool, void *object);

/* The blocks of all pools of the process together, at about this moment; any thread may ask. */
size_t pool_all_blocks(void);

#endif
