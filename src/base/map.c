/*
 * Chained buckets, doubled when there are as many nodes as buckets.
 *
 * Most of what is looked for is not there, and the nodes of a large map are far away in memory. So
 * each bucket has a byte in which every node that is put there marks a bit, chosen by other bits of
 * its hash: where that is not marked, no node is touched. What leaves takes no mark with it before
 * the bucket is empty.
 */
#include "base/map.h"

#include <stdlib.h>

enum { FIRST_BUCKETS = 64 };

static bool take_buckets(struct map *map, size_t count)
{
    struct map_node **buckets = calloc(count, sizeof(*buckets) + sizeof(*map->marks));

    if (buckets == NULL)
        return false;
    map->buckets = buckets;
    map->marks = (uint8_t *)(buckets + count);
    map->mask = count - 1;
    return true;
}

bool map_init(struct map *map, size_t max_count)
{
    *map = (struct map){.max_count = max_count};
    return take_buckets(map, FIRST_BUCKETS);
}

void map_fini(struct map *map)
{
    free(map->buckets);
    *map = (struct map){0};
}

static uint8_t mark_of(uint64_t hash)
{
    return (uint8_t)(1U << (hash >> 48 & 7));
}

static void insert(struct map *map, struct map_node *node)
{
    size_t i = node->hash & map->mask;

    node->next = map->buckets[i];
    map->buckets[i] = node;
    map->marks[i] |= mark_of(node->hash);
}

/* Without memory for more buckets the map goes on with longer chains. */
static void grow(struct map *map)
{
    struct map old = *map;

    if (!take_buckets(map, (old.mask + 1) * 2))
        return;
    for (size_t i = 0; i <= old.mask; i++) {
        struct map_node *next;
        for (struct map_node *node = old.buckets[i]; node != NULL; node = next) {
            next = node->next;
            insert(map, node);
        }
    }
    free(old.buckets);
}

bool map_add(struct map *map, struct map_node *node, uint64_t hash)
{
    if (map->count >= map->max_count)
        return false;
    if (map->count > map->mask)
        grow(map);
    node->hash = hash;
    insert(map, node);
    map->count++;
    return true;
}

void map_remove(struct map *map, struct map_node *node)
{
    size_t i = node->hash & map->mask;
    struct map_node **link = &map->buckets[i];

    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    if (map->buckets[i] == NULL)
        map->marks[i] = 0;
    map->count--;
}

static struct map_node *first_of_hash(struct map_node *node, uint64_t hash)
{
    while (node != NULL && node->hash != hash)
        node = node->next;
    return node;
}

struct map_node *map_first(const struct map *map, uint64_t hash)
{
    size_t i = hash & map->mask;

    __builtin_prefetch(&map->buckets[i]); /* what is not found is often added next */
    return (map->marks[i] & mark_of(hash)) != 0 ? first_of_hash(map->buckets[i], hash) : NULL;
}

struct map_node *map_next(const struct map_node *node)
{
    return first_of_hash(node->next, node->hash);
}

struct map_node *map_walk(const struct map *map, const struct map_node *after)
{
    size_t bucket = 0;

    if (after != NULL) {
        if (after->next != NULL)
            return after->next;
        bucket = (after->hash & map->mask) + 1;
    }
    for (; bucket <= map->mask; bucket++) {
        if (map->buckets[bucket] != NULL)
            return map->buckets[bucket];
    }
    return NULL;
}
