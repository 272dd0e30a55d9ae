/*
 * The location index: the record that is shown of every address of record that has bindings. The
 * writer thread alone adds and removes records; others copy out of it, and may write over what a
 * record holds.
 */
#ifndef TCHIN_STORE_INDEX_H
#define TCHIN_STORE_INDEX_H

#include <stdatomic.h>

#include "store/record.h"
#include "store/shards.h"

struct index {
    struct shards shards;
    atomic_size_t binding_count;
    size_t aor_count;     /* for the writer */
    size_t next_to_sweep; /* a shard */
};

void index_init(struct index *index, const struct hash_key *key);
void index_fini(struct index *index);

/* Of the shard of that hash. It is held for a look-up and a copy, never for what waits. */
static inline void index_lock(struct index *index, uint64_t hash)
{
    pthread_mutex_lock(&shards_of(&index->shards, hash)->lock);
}

static inline void index_unlock(struct index *index, uint64_t hash)
{
    pthread_mutex_unlock(&shards_of(&index->shards, hash)->lock);
}

static inline struct record *index_record_of(struct map_node *node)
{
    return CONTAINER_OF(node, struct record, node);
}

/* The writer, or who holds the lock: the record of `aor`. NULL: there is none. */
static inline struct record *index_find(struct index *index, struct slice aor, uint64_t hash)
{
    struct map_node *node = shard_first(shards_of(&index->shards, hash), hash);

    while (node != NULL && !slice_equal(record_aor(record_bytes(index_record_of(node))), aor))
        node = map_next(node);
    return node != NULL ? index_record_of(node) : NULL;
}

/*
 * The writer, of a hash that index_find will be asked for later: has memory fetch the way to its
 * record, and when that is there, the record.
 */
void index_warm_bucket(struct index *index, uint64_t hash);
void index_warm_record(struct index *index, uint64_t hash);

/* The writer: takes what memory index_put needs for a record of that hash. False: there is none. */
bool index_make_ready(struct index *index, uint64_t hash) MUST_USE;

/*
 * The writer, with the lock, or before there are others: `record` takes the place of the one there
 * is, which is freed. A record without bindings is freed too, unless it has yet to be written: then
 * index_drop is due.
 */
void index_put(struct index *index, struct record *record, uint64_t hash);

/*
 * The writer, with the lock: `packed`, which has bindings, takes the place of what `record` of the
 * index holds, and is as long.
 */
void index_overwrite(struct index *index, struct record *record, struct slice packed);

/* Anybody: a copy in `arena` of what the record of `aor` holds; empty: there is none. */
bool index_copy(struct index *index, struct slice aor, struct arena *arena,
                struct slice *out) MUST_USE;

/* Anybody: copies of all records of one shard. False: no room in the arena. */
bool index_copy_shard(struct index *index, size_t shard, struct arena *arena, struct slice **out,
                      size_t *count) MUST_USE;

/* The writer: takes a record out, and frees it. */
void index_drop(struct index *index, struct record *record);

/* The writer: frees the records of the next shard that are over at `now_ms`, and written. */
void index_sweep(struct index *index, uint64_t now_ms);

#endif
