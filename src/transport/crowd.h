/* How many connections each host has: a ceiling that no single one can fill for all. */
#ifndef TCHIN_TRANSPORT_CROWD_H
#define TCHIN_TRANSPORT_CROWD_H

#include "base/map.h"
#include "net/addr.h"

/* One host: an IPv4 address, or the 64 bits of an IPv6 subnet, within which addresses are free. */
struct crowd_host {
    struct map_node node;
    struct net_addr addr;
    size_t count;
};

struct crowd {
    struct map hosts;
    struct hash_key key;
    size_t max_per_host;
};

bool crowd_init(struct crowd *crowd, const struct hash_key *key, size_t max_hosts,
                size_t max_per_host) MUST_USE;

/* All must have left. */
void crowd_fini(struct crowd *crowd);

/* Counts one more of `addr`. NULL: the ceiling is reached, or no memory. */
struct crowd_host *crowd_enter(struct crowd *crowd, const struct net_addr *addr) MUST_USE;

/* Counts one less. */
void crowd_leave(struct crowd *crowd, struct crowd_host *host);

#endif
