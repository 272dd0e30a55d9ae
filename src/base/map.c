/* Chained buckets, doubled when there are as many nodes as buckets. */
#include "base/map.h"

#include <stdlib.h>

enum { FIRST_BUCKETS = 64 };

bool map_init(struct map *map, size_t max_count)
{
    struct map_node **buckets = calloc(FIRST_BUCKETS, sizeof(*buckets));

    if (buckets == NULL)
        return false;
    *map = (struct map){.buckets = buckets, .mask = FIRST_BUCKETS - 1, .max_count = max_count};
    return true;
}

void map_fini(struct map *map)
{
    free(map->buckets);
    *map = (struct map){0};
}

static void insert(struct map_node **buckets, size_t mask, struct map_node *node)
{
    struct map_node **bucket = &buckets[node->hash & mask];

    node->next = *bucket;
    *bucket = node;
}

/* Without memory for more buckets the map goes on with longer chains. */
static void grow(struct map *map)
{
    size_t bucket_count = (map->mask + 1) * 2;
    struct map_node **buckets = calloc(bucket_count, sizeof(*buckets));

    if (buckets == NULL)
        return;
    for (size_t i = 0; i <= map->mask; i++) {
        struct map_node *next;
        for (struct map_node *node = map->buckets[i]; node != NULL; node = next) {
            next = node->next;
            insert(buckets, bucket_count - 1, node);
        }
    }
    free(map->buckets);
    map->buckets = buckets;
    map->mask = bucket_count - 1;
}

bool map_add(struct map *map, struct map_node *node, uint64_t hash)
{
    if (map->count >= map->max_count)
        return false;
    if (map->count > map->mask)
        grow(map);
    node->hash = hash;
    insert(map->buckets, map->mask, node);
    map->count++;
    return true;
}

void map_remove(struct map *map, struct map_node *node)
{
    struct map_node **link = &map->buckets[node->hash & map->mask];

    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
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
    return first_of_hash(map->buckets[hash & map->mask], hash);
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
