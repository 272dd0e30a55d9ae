/*
 * What was acknowledged before it is written, if durability is relaxed: records that the index
 * shows otherwise than the log of bindings has them. They are written together, and one that
 * changes again meanwhile is written once.
 *
 * They are noted shard by shard, under the shard's lock, by whoever changes them: the writer, or a
 * worker (refresh.c). The writer alone takes them out.
 */
#ifndef TCHIN_STORE_UNWRITTEN_H
#define TCHIN_STORE_UNWRITTEN_H

#include <stdatomic.h>

#include "store/record.h"
#include "store/shards.h"

enum {
    UNWRITTEN_OF_SHARD = 192,                /* those that are being written included */
    UNWRITTEN_MANY = UNWRITTEN_OF_SHARD / 2, /* of a shard: then it is time */
    UNWRITTEN_MAX = SHARD_COUNT * UNWRITTEN_OF_SHARD,
    UNWRITTEN_MS = 200, /* so long at most, as tchind(8) says */
};

struct store;
struct unwritten_taken;

struct unwritten_shard {
    size_t count;
    size_t taken; /* by the writer, which notes them again if they cannot be written */
    struct record *records[UNWRITTEN_OF_SHARD]; /* the n-th has note n */
};

struct unwritten {
    struct unwritten_shard *shards; /* NULL: all is written before it is acknowledged */
    struct unwritten_taken *taken;  /* these two are the writer's: room for those of all shards, */
    bool is_failing;                /* and whether they could not be written when last tried */
    atomic_bool is_any;             /* these two since the writer has last begun to write */
    atomic_bool is_much;
};

bool unwritten_init(struct unwritten *u) MUST_USE;
void unwritten_fini(struct unwritten *u);

enum unwritten_noted {
    UNWRITTEN_NOT, /* for there is no room: the writer has to write first */
    UNWRITTEN_NOTED,
    UNWRITTEN_TELLS, /* and the writer has to be woken, if it is not who asks */
};

/*
 * With the lock of the shard: `record` of that hash changes, or is about to take the place of
 * `before` in the index, which may be itself, or NULL.
 */
enum unwritten_noted unwritten_note(struct unwritten *u, struct record *record,
                                    struct record *before, uint64_t hash);

/* With the lock of the shard of that hash: whether nothing more can be noted there. */
bool unwritten_is_full(const struct unwritten *u, uint64_t hash);

/* The writer, with the lock of the shard: `record` will be freed, and what counts is written. */
void unwritten_forget(struct unwritten *u, struct record *record);

/* The writer: all in one transaction. False: it failed, and all are unwritten as before. */
bool unwritten_write(struct store *store);

#endif
