/* Making, walking and ending the shards; what is in them is their users' business. */
#include "store/shards.h"

_Static_assert(SHARD_COUNT == 1 << 8, "shards_place takes eight bits of the hash");

void shards_init(struct shards *shards, const struct hash_key *key)
{
    shards->key = *key;
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        shards->all[i].map = (struct map){0};
        pthread_mutex_init(&shards->all[i].lock, NULL);
    }
}

bool shards_make_ready(struct shards *shards, uint64_t hash)
{
    struct shard *shard = shards_of(shards, hash);
    struct map map;

    if (shard->map.segments[0] != NULL)
        return true;
    if (!map_init(&map, SIZE_MAX))
        return false;
    pthread_mutex_lock(&shard->lock);
    shard->map = map;
    pthread_mutex_unlock(&shard->lock);
    return true;
}

static void fini_shard(struct shard *shard, void (*free_node)(struct map_node *node))
{
    struct map_node *node = shard_walk(shard, NULL);

    while (node != NULL) {
        struct map_node *next = shard_walk(shard, node);
        free_node(node);
        node = next;
    }
    map_fini(&shard->map);
    pthread_mutex_destroy(&shard->lock);
}

void shards_fini(struct shards *shards, void (*free_node)(struct map_node *node))
{
    for (size_t i = 0; i < SHARD_COUNT; i++)
        fini_shard(&shards->all[i], free_node);
}

struct map_node *shards_walk(struct shards *shards, const struct map_node *after)
{
    size_t i = after != NULL ? (size_t)(shards_of(shards, after->hash) - shards->all) : 0;
    struct map_node *node = shard_walk(&shards->all[i], after);

    while (node == NULL && ++i < SHARD_COUNT)
        node = shard_walk(&shards->all[i], NULL);
    return node;
}
