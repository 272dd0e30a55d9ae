/* The addresses of this machine, as they were a few seconds ago at most. */
#ifndef TCHIN_NET_INTERFACES_H
#define TCHIN_NET_INTERFACES_H

#include "net/addr.h"

enum { INTERFACES_MAX = 256 };

struct net_interfaces {
    struct net_addr addrs[INTERFACES_MAX]; /* ports and scopes 0 */
    size_t count;
    uint64_t until_ms; /* 0: never read */
};

/* False, and nothing changes: the system does not tell. */
bool net_interfaces_read(struct net_interfaces *interfaces, uint64_t now_ms);

/* Whatever its port. All of 127.0.0.0/8 is ours. */
bool net_interfaces_have(struct net_interfaces *interfaces, const struct net_addr *addr,
                         uint64_t now_ms);

#endif
