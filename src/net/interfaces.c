/* What getifaddrs tells, read again when it is old. Binding would tell too, but not truthfully
 * where net.ipv4.ip_nonlocal_bind is set. */
#include "net/interfaces.h"

#include <ifaddrs.h>

enum { FRESH_MS = 5000 };

bool net_interfaces_read(struct net_interfaces *interfaces, uint64_t now_ms)
{
    struct ifaddrs *first = NULL;

    interfaces->until_ms = now_ms + FRESH_MS;
    if (getifaddrs(&first) != 0)
        return false; /* those we know will have to do */
    interfaces->count = 0;
    for (struct ifaddrs *at = first; at != NULL; at = at->ifa_next) {
        struct net_addr addr;
        if (at->ifa_addr == NULL || interfaces->count == INTERFACES_MAX
            || !net_addr_from_sockaddr(at->ifa_addr, &addr))
            continue;
        addr.scope_id = 0;
        interfaces->addrs[interfaces->count++] = addr;
    }
    freeifaddrs(first);
    return true;
}

bool net_interfaces_have(struct net_interfaces *interfaces, const struct net_addr *addr,
                         uint64_t now_ms)
{
    struct net_addr host = *addr;

    host.scope_id = 0;
    if (host.family == 4 && host.ip[0] == 127)
        return true;
    if (now_ms >= interfaces->until_ms)
        (void)net_interfaces_read(interfaces, now_ms);
    for (size_t i = 0; i < interfaces->count; i++) {
        if (net_addr_same_host(&interfaces->addrs[i], &host))
            return true;
    }
    return false;
}
