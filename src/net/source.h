/*
 * Which of our addresses a packet to somebody leaves from: the system's routing table is asked, and
 * what it says is remembered for some seconds.
 */
#ifndef TCHIN_NET_SOURCE_H
#define TCHIN_NET_SOURCE_H

#include "net/addr.h"

enum { SOURCE_CACHE_SLOTS = 256 };

struct net_source {
    struct net_addr remote; /* family 0: nothing remembered */
    struct net_addr local;  /* family 0: no route */
    uint64_t until_ms;
};

/* An answer for another remote in the same slot displaces it. */
struct net_source_cache {
    struct hash_key key;
    struct net_source slots[SOURCE_CACHE_SLOTS];
};

/* Asks the system, which sends nothing for it. The port is 0. False: there is no route. */
bool net_source_ask(const struct net_addr *remote, struct net_addr *out) MUST_USE;

void net_source_cache_init(struct net_source_cache *cache, const struct hash_key *key);

/* As net_source_ask, from memory where it is fresh. */
bool net_source_find(struct net_source_cache *cache, const struct net_addr *remote, uint64_t now_ms,
                     struct net_addr *out) MUST_USE;

#endif
