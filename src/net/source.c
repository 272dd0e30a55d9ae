/* A datagram socket that is connected has been routed: its own address is the answer. */
#include "net/source.h"

#include <unistd.h>

#include "net/socket.h"

enum { REMEMBERED_MS = 5000 }; /* an address that changes, changes rarely */

bool net_source_ask(const struct net_addr *remote, struct net_addr *out)
{
    struct sockaddr_storage sa;
    socklen_t sa_len = net_addr_to_sockaddr(remote, &sa);
    struct net_addr local = {0};
    int fd = net_socket_new(SOCK_DGRAM, remote);

    if (fd < 0)
        return false;
    if (connect(fd, (struct sockaddr *)&sa, sa_len) == 0)
        local = net_socket_local(fd);
    close(fd);
    if (local.family == 0)
        return false;
    local.port = 0;
    *out = local;
    return true;
}

void net_source_cache_init(struct net_source_cache *cache, const struct hash_key *key)
{
    *cache = (struct net_source_cache){.key = *key};
}

bool net_source_find(struct net_source_cache *cache, const struct net_addr *remote, uint64_t now_ms,
                     struct net_addr *out)
{
    struct net_addr host = *remote; /* its port makes no difference to the route */

    host.port = 0;
    uint64_t hash = net_addr_hash(&cache->key, &host);
    struct net_source *slot = &cache->slots[hash % SOURCE_CACHE_SLOTS];
    if (slot->until_ms <= now_ms || !net_addr_equal(&slot->remote, &host)) {
        *slot = (struct net_source){.remote = host, .until_ms = now_ms + REMEMBERED_MS};
        if (!net_source_ask(remote, &slot->local))
            slot->local.family = 0;
    }
    if (slot->local.family == 0)
        return false;
    *out = slot->local;
    return true;
}
