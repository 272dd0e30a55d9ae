/*
 * Chained buckets, one more whenever there are more nodes than buckets: linear hashing. Bucket i of
 * the upper half takes its nodes from bucket i of the lower half, in the order of the buckets; so
 * no call has to move them all, which would take a tenth of a second of a million.
 *
 * Most of what is looked for is not there, and the nodes of a large map are far away in memory. So
 * each bucket has a byte in which every node that is put there marks a bit, chosen by other bits of
 * its hash: where that is not marked, no node is touched. What leaves takes no mark with it before
 * the bucket is empty.
 */
#include "base/map.h"

#include <stdlib.h>

_Static_assert(sizeof(size_t) == 8, "the bits of a bucket's number are counted in 64");

static void clear(struct map_place place)
{
    *place.bucket = NULL;
    *place.mark = 0;
}

/* Only what is in use is ever touched: a large segment takes its memory bit by bit. */
static struct map_node **take_segment(size_t buckets)
{
    return malloc(buckets * (sizeof(struct map_node *) + sizeof(uint8_t)));
}

bool map_init(struct map *map, size_t max_count)
{
    *map = (struct map){.max_count = max_count};
    map->segments[0] = take_segment(MAP_FIRST_BUCKETS);
    if (map->segments[0] == NULL)
        return false;
    map->mask = MAP_FIRST_BUCKETS - 1;
    while (map->bucket_count <= map->mask)
        clear(map_place_at(map, map->bucket_count++));
    return true;
}

void map_fini(struct map *map)
{
    for (size_t i = 0; i < MAP_SEGMENTS; i++)
        free(map->segments[i]);
    *map = (struct map){0};
}

static uint8_t mark_of(uint64_t hash)
{
    return (uint8_t)(1U << (hash >> 48 & 7));
}

static void insert(struct map_place place, struct map_node *node)
{
    node->next = *place.bucket;
    *place.bucket = node;
    *place.mark |= mark_of(node->hash);
}

static bool has_room_for_one_more(struct map *map)
{
    size_t size = map->bucket_count + MAP_FIRST_BUCKETS;
    int segment = __builtin_ctzll(size) - __builtin_ctz(MAP_FIRST_BUCKETS);
    bool is_full = (size & (size - 1)) == 0;

    if (!is_full)
        return true;
    if (segment == MAP_SEGMENTS)
        return false;
    map->segments[segment] = take_segment(size);
    return map->segments[segment] != NULL;
}

/* Where the nodes are for the bucket that is added after so many others. */
static struct map_place lower_half(const struct map *map, size_t later)
{
    return map_place_at(map, (map->bucket_count + later) & (map->mask >> 1));
}

/* The nodes that the next buckets will take are far away: the first ones, and those behind them. */
static void warm_next_buckets(const struct map *map)
{
    const struct map_node *first = *lower_half(map, 4).bucket;

    PREFETCH(*lower_half(map, 8).bucket);
    if (first != NULL)
        PREFETCH(first->next);
}

/* Without memory for more buckets the map goes on with longer chains. */
static void add_bucket(struct map *map)
{
    if (!has_room_for_one_more(map))
        return;
    if (map->bucket_count > map->mask)
        map->mask = 2 * map->mask + 1;
    struct map_place upper = map_place_at(map, map->bucket_count);
    struct map_place lower = lower_half(map, 0);
    struct map_node *next = *lower.bucket;

    warm_next_buckets(map);
    clear(upper);
    clear(lower);
    map->bucket_count++;
    for (struct map_node *node = next; node != NULL; node = next) {
        next = node->next;
        insert(map_place_of(map, node->hash), node);
    }
}

bool map_add(struct map *map, struct map_node *node, uint64_t hash)
{
    if (map->count >= map->max_count)
        return false;
    if (map->count >= map->bucket_count)
        add_bucket(map);
    node->hash = hash;
    insert(map_place_of(map, hash), node);
    map->count++;
    return true;
}

void map_remove(struct map *map, struct map_node *node)
{
    struct map_place place = map_place_of(map, node->hash);
    struct map_node **link = place.bucket;

    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    if (*place.bucket == NULL)
        *place.mark = 0;
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
    struct map_place place = map_place_of(map, hash);

    PREFETCH(place.bucket); /* what is not found is often added next */
    return (*place.mark & mark_of(hash)) != 0 ? first_of_hash(*place.bucket, hash) : NULL;
}

struct map_node *map_next(const struct map_node *node)
{
    return first_of_hash(node->next, node->hash);
}

struct map_node *map_walk(const struct map *map, const struct map_node *after)
{
    size_t i = 0;

    if (after != NULL) {
        if (after->next != NULL)
            return after->next;
        i = map_bucket_of(map, after->hash) + 1;
    }
    for (; i < map->bucket_count; i++) {
        struct map_node *first = *map_place_at(map, i).bucket;
        if (first != NULL)
            return first;
    }
    return NULL;
}
