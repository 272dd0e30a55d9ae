/*
 * The updates that are committed together: each is judged by what those before it make of the
 * bindings, none is seen by others before the commit, and all are answered after it.
 * For the writer thread.
 */
#ifndef TCHIN_STORE_BATCH_H
#define TCHIN_STORE_BATCH_H

#include "base/map.h"
#include "store/location.h"

enum { BATCH_MAX_UPDATES = 1024 };

struct batch {
    struct location_update *first;
    struct location_update **end;
    size_t count;          /* of the updates gathered */
    size_t bindings_added; /* these two by what is tentative, against the index */
    size_t bindings_removed;
    struct map tentative; /* of each address of record changed here, its last update */
    bool has_begun;       /* a transaction is open */
    bool has_failed;      /* nothing of it can be written any more */
};

bool batch_init(struct batch *batch) MUST_USE;
void batch_fini(struct batch *batch);

/* Owns the update from here on. A full batch is finished at once. */
void batch_add(struct store *store, struct location_update *update);

/* Judges in their order, commits, shows and answers what there is. */
void batch_finish(struct store *store);

#endif
