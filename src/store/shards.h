/*
 * A hash table in shards with a lock each, found by the keyed hash of a name. The writer thread
 * alone adds and removes, under the shard's lock; so it may look without one, others only with it.
 */
#ifndef TCHIN_STORE_SHARDS_H
#define TCHIN_STORE_SHARDS_H

#include <pthread.h>

#include "base/hash.h"
#include "base/map.h"

enum { SHARD_COUNT = 256 };

struct shard {
    pthread_mutex_t lock;
    struct map map; /* without buckets until something is to be added */
};

struct shards {
    struct hash_key key;
    struct shard all[SHARD_COUNT];
};

void shards_init(struct shards *shards, const struct hash_key *key);

/* Hands every node to `free_node`. Nobody else may use the table any more. */
void shards_fini(struct shards *shards, void (*free_node)(struct map_node *node));

static inline uint64_t shards_hash(const struct shards *shards, struct slice name)
{
    return hash_place(&shards->key, name);
}

/* The map takes the low bits of the hash, so the shard takes the high ones. */
static inline size_t shards_place(uint64_t hash)
{
    return hash >> 56;
}

static inline struct shard *shards_of(struct shards *shards, uint64_t hash)
{
    return &shards->all[shards_place(hash)];
}

/* Any thread, for what has to be known before one can look into the map. */
static inline void shards_warm(struct shards *shards, uint64_t hash)
{
    const struct shard *shard = shards_of(shards, hash);

    PREFETCH(&shard->lock);
    PREFETCH(&shard->map);
    PREFETCH(&shard->map.segments[0]);
}

/*
 * The writer, before it adds a node of that hash: takes what memory the first node of a shard
 * needs, so that adding cannot fail. False: there is none.
 */
bool shards_make_ready(struct shards *shards, uint64_t hash) MUST_USE;

/* As map_first, of the shard's map. */
static inline struct map_node *shard_first(const struct shard *shard, uint64_t hash)
{
    return shard->map.count > 0 ? map_first(&shard->map, hash) : NULL;
}

/* As map_walk, of the shard's map. */
static inline struct map_node *shard_walk(const struct shard *shard, const struct map_node *after)
{
    return shard->map.count > 0 ? map_walk(&shard->map, after) : NULL;
}

/* As map_walk, one shard after the other: for the writer. */
struct map_node *shards_walk(struct shards *shards, const struct map_node *after);

#endif
