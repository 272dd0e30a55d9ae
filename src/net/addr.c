/* Addresses as values: from and to the system's form, from and to text. */
#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/ipv4.h"

enum { IPV6_BYTES = 16, MAPPED_BYTES = 12 };

static const uint8_t mapped_prefix[MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};

/* Into its place, and not by value: what has been written in parts is slow to be read as a whole.
 */
static void set_ipv4(struct net_addr *out, const void *ip, uint16_t port)
{
    *out = (struct net_addr){.family = 4, .port = port};
    memcpy(out->ip, ip, IPV4_BYTES);
}

/* An IPv4-mapped address is the IPv4 address it holds: two names for one peer would be two peers.
 */
static void set_ipv6(struct net_addr *out, const uint8_t *ip, uint16_t port, uint32_t scope_id)
{
    if (memcmp(ip, mapped_prefix, MAPPED_BYTES) == 0) {
        set_ipv4(out, ip + MAPPED_BYTES, port);
        return;
    }
    *out = (struct net_addr){.family = 6, .port = port, .scope_id = scope_id};
    memcpy(out->ip, ip, IPV6_BYTES);
}

bool net_addr_from_sockaddr(const struct sockaddr *sa, struct net_addr *out)
{
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof(in));
        set_ipv4(out, &in.sin_addr, ntohs(in.sin_port));
        return true;
    }
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof(in6));
        set_ipv6(out, in6.sin6_addr.s6_addr, ntohs(in6.sin6_port), in6.sin6_scope_id);
        return true;
    }
    return false;
}

bool net_addr_from_bytes(struct slice ip, struct net_addr *out)
{
    if (ip.len == IPV4_BYTES)
        set_ipv4(out, ip.ptr, 0);
    else if (ip.len == IPV6_BYTES)
        set_ipv6(out, (const uint8_t *)ip.ptr, 0, 0);
    return ip.len == IPV4_BYTES || ip.len == IPV6_BYTES;
}

socklen_t net_addr_to_sockaddr(const struct net_addr *addr, struct sockaddr_storage *out)
{
    if (addr->family == 4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(addr->port)};
        memcpy(&in.sin_addr, addr->ip, IPV4_BYTES);
        memcpy(out, &in, sizeof(in));
        return sizeof(in);
    }
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(addr->port), .sin6_scope_id = addr->scope_id};
    memcpy(&in6.sin6_addr, addr->ip, IPV6_BYTES);
    memcpy(out, &in6, sizeof(in6));
    return sizeof(in6);
}

/*
 * RFC 5118 4.10: the ABNF of RFC 3261 allows ":::" before an IPv4 address, where "::" is meant.
 */
static void drop_third_colon(char *text)
{
    char *colons = strstr(text, ":::");

    if (colons == NULL || strchr(colons + 3, ':') != NULL || strchr(colons, '.') == NULL)
        return;
    memmove(colons, colons + 1, strlen(colons)); /* its NUL included */
}

static bool parse_ipv6(struct slice host, uint8_t ip[IPV6_BYTES])
{
    char text[INET6_ADDRSTRLEN + 2]; /* inet_pton wants a NUL; and there may be a third colon */

    if (host.len >= sizeof(text) || memchr(host.ptr, '\0', host.len) != NULL)
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    drop_third_colon(text);
    return inet_pton(AF_INET6, text, ip) == 1;
}

/* Most of what is asked for is a name. */
bool net_addr_parse(struct slice host, uint16_t port, struct net_addr *out)
{
    uint8_t ip[IPV6_BYTES];

    if (host.len == 0)
        return false;
    if (ascii_is_digit(host.ptr[0]) && ipv4_parse(host, ip)) {
        set_ipv4(out, ip, port);
        return true;
    }
    if (net_addr_may_be_ipv6(host) && parse_ipv6(host, ip)) {
        set_ipv6(out, ip, port, 0);
        return true;
    }
    return false;
}

static char *write_octet(char *at, uint8_t octet)
{
    int tens = octet / 10, hundreds = octet / 100;

    if (hundreds > 0)
        *at++ = (char)('0' + hundreds);
    if (tens > 0)
        *at++ = (char)('0' + tens - 10 * hundreds);
    *at++ = (char)('0' + octet - 10 * tens);
    return at;
}

static void write_ipv4(const uint8_t ip[IPV4_BYTES], struct buffer *out)
{
    char text[INET_ADDRSTRLEN];
    char *at = write_octet(text, ip[0]);

    for (int i = 1; i < IPV4_BYTES; i++) {
        *at++ = '.';
        at = write_octet(at, ip[i]);
    }
    buffer_add(out, slice_between(text, at));
}

void net_addr_write_host(const struct net_addr *addr, struct buffer *out)
{
    char text[INET6_ADDRSTRLEN];

    if (addr->family == 4)
        write_ipv4(addr->ip, out);
    else if (inet_ntop(AF_INET6, addr->ip, text, sizeof(text)) != NULL)
        buffer_add_text(out, text);
}

void net_addr_write(const struct net_addr *addr, struct buffer *out)
{
    if (addr->family == 6)
        buffer_add_char(out, '[');
    net_addr_write_host(addr, out);
    if (addr->family == 6)
        buffer_add_char(out, ']');
    buffer_add_char(out, ':');
    buffer_add_u64(out, addr->port);
}

bool net_addr_equal(const struct net_addr *a, const struct net_addr *b)
{
    return a->port == b->port && net_addr_same_host(a, b);
}

bool net_addr_same_host(const struct net_addr *a, const struct net_addr *b)
{
    return a->family == b->family && a->scope_id == b->scope_id
           && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool net_addr_is_wildcard(const struct net_addr *addr)
{
    static const uint8_t zeros[IPV6_BYTES];

    return memcmp(addr->ip, zeros, sizeof(zeros)) == 0;
}

struct net_addr net_addr_party(const struct net_addr *addr)
{
    struct net_addr party = {.family = addr->family};

    memcpy(party.ip, addr->ip, addr->family == 6 ? IPV6_BYTES / 2 : IPV4_BYTES);
    return party;
}

/* Field by field: between the fields of a struct there may be anything. */
uint64_t net_addr_hash(const struct hash_key *key, const struct net_addr *addr)
{
    char bytes[1 + sizeof(addr->port) + sizeof(addr->scope_id) + sizeof(addr->ip)];
    char *at = bytes;

    *at++ = (char)addr->family;
    memcpy(at, &addr->port, sizeof(addr->port));
    at += sizeof(addr->port);
    memcpy(at, &addr->scope_id, sizeof(addr->scope_id));
    at += sizeof(addr->scope_id);
    memcpy(at, addr->ip, sizeof(addr->ip));
    return hash_place(key, (struct slice){bytes, sizeof(bytes)});
}

bool net_addr_is_multicast(const struct net_addr *addr)
{
    static const uint8_t broadcast[IPV4_BYTES] = {255, 255, 255, 255};

    if (addr->family == 4)
        return (addr->ip[0] & 0xf0) == 0xe0 || memcmp(addr->ip, broadcast, IPV4_BYTES) == 0;
    return addr->family == 6 && addr->ip[0] == 0xff;
}

/* The first `bits`, 16 at most, are those of these two bytes. */
static bool begins_with(const struct net_addr *addr, unsigned first, unsigned second, unsigned bits)
{
    unsigned mask = 0xffff0000U >> bits & 0xffff;

    return ((unsigned)(addr->ip[0] << 8 | addr->ip[1]) & mask) == (first << 8 | second);
}

bool net_addr_is_loopback(const struct net_addr *addr)
{
    static const uint8_t loopback[IPV6_BYTES] = {[IPV6_BYTES - 1] = 1};

    return addr->family == 6 ? memcmp(addr->ip, loopback, IPV6_BYTES) == 0
                             : begins_with(addr, 127, 0, 8);
}

bool net_addr_is_link_local(const struct net_addr *addr)
{
    return addr->family == 6 ? begins_with(addr, 0xfe, 0x80, 10) : begins_with(addr, 169, 254, 16);
}

bool net_addr_is_private(const struct net_addr *addr)
{
    if (addr->family == 6)
        return begins_with(addr, 0xfc, 0, 7);
    return begins_with(addr, 10, 0, 8) || begins_with(addr, 172, 16, 12)
           || begins_with(addr, 192, 168, 16) || begins_with(addr, 100, 64, 10);
}
