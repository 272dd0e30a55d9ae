/*
 * A hash table through nodes inside the objects. The caller hashes (with base/hash.h, for what
 * comes from the network) and compares keys; the map finds the nodes of a hash.
 */
#ifndef TCHIN_BASE_MAP_H
#define TCHIN_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

struct map_node {
    struct map_node *next;
    uint64_t hash;
};

enum { MAP_FIRST_BUCKETS = 64, MAP_SEGMENTS = 32 };

struct map {
    size_t bucket_count;
    size_t mask; /* the least power of two that is no less, less one */
    size_t count;
    size_t max_count;
    /*
     * Each has twice as many buckets as the one before; and behind them, for each, a byte that says
     * what map_first need not look for.
     */
    struct map_node **segments[MAP_SEGMENTS];
};

/* An empty map for `max_count` nodes at most. False: no memory. */
bool map_init(struct map *map, size_t max_count) MUST_USE;

/* Gives back the map's own memory; the nodes are their owners'. */
void map_fini(struct map *map);

/*
 * False: the ceiling is reached. The node stays where it is until it is removed. Adding moves the
 * nodes of one other bucket at most, however large the map is.
 */
bool map_add(struct map *map, struct map_node *node, uint64_t hash) MUST_USE;

/* `node` must be in the map. */
void map_remove(struct map *map, struct map_node *node);

/* Where a bucket is, and its byte. */
struct map_place {
    struct map_node **bucket;
    uint8_t *mark;
};

static inline struct map_place map_place_at(const struct map *map, size_t i)
{
    size_t shifted = i + MAP_FIRST_BUCKETS; /* so a segment begins at every power of two */
    int bit = 63 - __builtin_clzll(shifted);
    size_t size = (size_t)1 << bit;
    struct map_node **buckets = map->segments[bit - __builtin_ctz(MAP_FIRST_BUCKETS)];

    return (struct map_place){&buckets[shifted - size],
                              (uint8_t *)&buckets[size] + (shifted - size)};
}

/* A bucket that is not there yet is still one with its lower half. */
static inline size_t map_bucket_of(const struct map *map, uint64_t hash)
{
    size_t i = hash & map->mask;

    return i < map->bucket_count ? i : i & (map->mask >> 1);
}

static inline struct map_place map_place_of(const struct map *map, uint64_t hash)
{
    return map_place_at(map, map_bucket_of(map, hash));
}

/*
 * For who knows several hashes before it needs their nodes, so that memory answers for all at once:
 * first this for each, then map_warm_node for each, then map_first.
 */
static inline void map_warm_bucket(const struct map *map, uint64_t hash)
{
    struct map_place place = map_place_of(map, hash);

    PREFETCH(place.bucket);
    PREFETCH(place.mark);
}

static inline void map_warm_node(const struct map *map, uint64_t hash)
{
    PREFETCH(*map_place_of(map, hash).bucket);
}

/* The same of an object of so many bytes, which begins with the node. */
static inline void map_warm_object(const struct map *map, uint64_t hash, size_t bytes)
{
    prefetch_bytes(*map_place_of(map, hash).bucket, bytes);
}

/* The nodes of `hash`, one after the other; NULL: no more. */
struct map_node *map_first(const struct map *map, uint64_t hash);
struct map_node *map_next(const struct map_node *node);

/* Every node, in no order: start with NULL. Nothing may be added meanwhile. */
struct map_node *map_walk(const struct map *map, const struct map_node *after);

#endif
