/*
 * Shards with a lock each, held for one step through a map: connections come and go rarely, and a
 * look costs less than the message it is for.
 */
#include "transport/directory.h"

#include <pthread.h>
#include <stdlib.h>

#include "net/tls_name.h"

enum { SHARDS = 64 };

struct shard {
    pthread_mutex_t lock;
    struct map map;
};

struct directory {
    struct hash_key key;
    struct shard shards[SHARDS];
};

void directory_free(struct directory *directory)
{
    if (directory == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        map_fini(&directory->shards[i].map);
        pthread_mutex_destroy(&directory->shards[i].lock);
    }
    free(directory);
}

struct directory *directory_new(const struct hash_key *key)
{
    struct directory *directory = calloc(1, sizeof(*directory));
    bool is_made = directory != NULL;

    if (directory == NULL)
        return NULL;
    directory->key = *key;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&directory->shards[i].lock, NULL);
        is_made = map_init(&directory->shards[i].map, SIZE_MAX) && is_made;
    }
    if (is_made)
        return directory;
    directory_free(directory);
    return NULL;
}

static struct shard *shard_of(struct directory *directory, uint64_t hash)
{
    return &directory->shards[(hash >> 32) % SHARDS]; /* the map uses the lower bits */
}

void directory_add(struct directory *directory, struct directory_entry *entry)
{
    const struct net_addr addr = hop_reopens_at(&entry->flow);
    uint64_t hash = net_addr_hash(&directory->key, &addr);
    struct shard *shard = shard_of(directory, hash);

    pthread_mutex_lock(&shard->lock);
    entry->is_listed = map_add(&shard->map, &entry->node, hash);
    pthread_mutex_unlock(&shard->lock);
}

void directory_remove(struct directory *directory, struct directory_entry *entry)
{
    if (!entry->is_listed)
        return;
    struct shard *shard = shard_of(directory, entry->node.hash);
    pthread_mutex_lock(&shard->lock);
    map_remove(&shard->map, &entry->node);
    pthread_mutex_unlock(&shard->lock);
    entry->is_listed = false;
}

static bool is_who(const struct directory_entry *entry, struct slice domain)
{
    if (entry->proof != NULL)
        return domain.len > 0 && tls_name_is_in(entry->proof, domain);
    return domain.len == 0 || slice_equal_nocase(entry->domain, domain);
}

static bool is_to(const struct directory_entry *entry, enum hop_protocol protocol,
                  const struct net_addr *remote, struct slice domain)
{
    const struct net_addr addr = hop_reopens_at(&entry->flow);

    return entry->flow.protocol == protocol && net_addr_equal(&addr, remote)
           && is_who(entry, domain);
}

bool directory_find(struct directory *directory, enum hop_protocol protocol,
                    const struct net_addr *remote, struct slice domain, struct hop *out)
{
    uint64_t hash = net_addr_hash(&directory->key, remote);
    struct shard *shard = shard_of(directory, hash);
    bool is_found = false;

    pthread_mutex_lock(&shard->lock);
    struct map_node *node = map_first(&shard->map, hash);
    for (; node != NULL && !is_found; node = map_next(node)) {
        const struct directory_entry *entry = CONTAINER_OF(node, struct directory_entry, node);
        is_found = is_to(entry, protocol, remote, domain);
        if (is_found)
            *out = entry->flow;
    }
    pthread_mutex_unlock(&shard->lock);
    return is_found;
}
