/* A counted object per host, there as long as it counts. */
#include "transport/crowd.h"

#include <stdlib.h>

enum { SUBNET_BYTES = 8 };

bool crowd_init(struct crowd *crowd, const struct hash_key *key, size_t max_hosts,
                size_t max_per_host)
{
    *crowd = (struct crowd){.key = *key, .max_per_host = max_per_host};
    return map_init(&crowd->hosts, max_hosts);
}

void crowd_fini(struct crowd *crowd)
{
    map_fini(&crowd->hosts);
}

static struct net_addr host_of(const struct net_addr *addr)
{
    struct net_addr host = {.family = addr->family};

    memcpy(host.ip, addr->ip, addr->family == 4 ? sizeof(host.ip) : SUBNET_BYTES);
    return host;
}

static struct crowd_host *find(const struct crowd *crowd, const struct net_addr *addr,
                               uint64_t hash)
{
    struct map_node *node = map_first(&crowd->hosts, hash);

    for (; node != NULL; node = map_next(node)) {
        struct crowd_host *host = CONTAINER_OF(node, struct crowd_host, node);
        if (net_addr_equal(&host->addr, addr))
            return host;
    }
    return NULL;
}

static struct crowd_host *add(struct crowd *crowd, const struct net_addr *addr, uint64_t hash)
{
    struct crowd_host *host = malloc(sizeof(*host));

    if (host == NULL)
        return NULL;
    *host = (struct crowd_host){.addr = *addr};
    if (map_add(&crowd->hosts, &host->node, hash))
        return host;
    free(host);
    return NULL;
}

struct crowd_host *crowd_enter(struct crowd *crowd, const struct net_addr *addr)
{
    struct net_addr key = host_of(addr);
    uint64_t hash = net_addr_hash(&crowd->key, &key);
    struct crowd_host *host = find(crowd, &key, hash);

    if (host == NULL && crowd->max_per_host > 0)
        host = add(crowd, &key, hash);
    if (host == NULL || host->count >= crowd->max_per_host)
        return NULL;
    host->count++;
    return host;
}

void crowd_leave(struct crowd *crowd, struct crowd_host *host)
{
    if (--host->count > 0)
        return;
    map_remove(&crowd->hosts, &host->node);
    free(host);
}
