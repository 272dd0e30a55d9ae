/* An IP address and a port, as a value. */
#ifndef TCHIN_NET_ADDR_H
#define TCHIN_NET_ADDR_H

#include <sys/socket.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "base/slice.h"

struct net_addr {
    uint8_t family;    /* 4, 6; 0: none */
    uint16_t port;     /* in host order */
    uint32_t scope_id; /* of a link-local IPv6 address */
    uint8_t ip[16];    /* IPv4 in the first four; unused bytes are 0, so that memcmp compares */
};

/* False for another family than the two. An IPv4-mapped IPv6 address becomes IPv4. */
bool net_addr_from_sockaddr(const struct sockaddr *sa, struct net_addr *out) MUST_USE;

/* From the data of an A or an AAAA record, likewise. False: another length than these have. */
bool net_addr_from_bytes(struct slice ip, struct net_addr *out) MUST_USE;

socklen_t net_addr_to_sockaddr(const struct net_addr *addr, struct sockaddr_storage *out);

/* A literal, IPv6 without brackets. Accepts the three colons of RFC 5118 4.10. False: not one. */
bool net_addr_parse(struct slice host, uint16_t port, struct net_addr *out) MUST_USE;

/* False for all names: before the first colon there are four digits at most, and a bracket. */
static inline bool net_addr_may_be_ipv6(struct slice host)
{
    size_t at = 0;

    while (at < host.len && at < 5 && host.ptr[at] != ':')
        at++;
    return at < host.len && host.ptr[at] == ':';
}

/* The address without port and brackets, as inet_ntop writes it. */
void net_addr_write_host(const struct net_addr *addr, struct buffer *out);

/* 192.0.2.1:5060, [2001:db8::1]:5060 */
void net_addr_write(const struct net_addr *addr, struct buffer *out);

bool net_addr_equal(const struct net_addr *a, const struct net_addr *b);
bool net_addr_same_host(const struct net_addr *a, const struct net_addr *b);
bool net_addr_is_wildcard(const struct net_addr *addr);

/*
 * Who that is, if he is to be told from others: the host, or with IPv6 his network, of which he has
 * all addresses. Port and scope are 0.
 */
struct net_addr net_addr_party(const struct net_addr *addr);

uint64_t net_addr_hash(const struct hash_key *key, const struct net_addr *addr);
bool net_addr_is_multicast(const struct net_addr *addr); /* or IPv4 broadcast: never a next hop */
bool net_addr_is_loopback(const struct net_addr *addr);
bool net_addr_is_link_local(const struct net_addr *addr); /* RFC 3927, RFC 4291 2.5.6 */
bool net_addr_is_private(const struct net_addr *addr);    /* RFC 1918, RFC 6598, RFC 4193 */

#endif
