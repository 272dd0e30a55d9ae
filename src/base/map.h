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

struct map {
    struct map_node **buckets;
    uint8_t *marks; /* of each bucket, what map_first need not look for: behind them */
    size_t mask;    /* the number of buckets, a power of two, less one */
    size_t count;
    size_t max_count;
};

/* An empty map for `max_count` nodes at most. False: no memory. */
bool map_init(struct map *map, size_t max_count) MUST_USE;

/* Gives back the map's own memory; the nodes are their owners'. */
void map_fini(struct map *map);

/* False: the ceiling is reached. The node stays where it is until it is removed. */
bool map_add(struct map *map, struct map_node *node, uint64_t hash) MUST_USE;

/* `node` must be in the map. */
void map_remove(struct map *map, struct map_node *node);

/*
 * For who knows several hashes before it needs their nodes, so that memory answers for all at once:
 * first this for each, then map_warm_node for each, then map_first.
 */
static inline void map_warm_bucket(const struct map *map, uint64_t hash)
{
    __builtin_prefetch(&map->buckets[hash & map->mask]);
}

static inline void map_warm_node(const struct map *map, uint64_t hash)
{
    __builtin_prefetch(map->buckets[hash & map->mask]);
}

/* The nodes of `hash`, one after the other; NULL: no more. */
struct map_node *map_first(const struct map *map, uint64_t hash);
struct map_node *map_next(const struct map_node *node);

/* Every node, in no order: start with NULL. Nothing may be added meanwhile. */
struct map_node *map_walk(const struct map *map, const struct map_node *after);

#endif
