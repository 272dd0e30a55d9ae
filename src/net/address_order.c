/*
 * The rules of RFC 6724 6 that can be judged from the addresses themselves: 1, 2, 5, 6, 8 and 9.
 * Rules 3, 4 and 7 need what only the system knows of its interfaces. Rule 9 is left out for IPv4,
 * where a common prefix says nothing of nearness and only defeats a name's round robin; RFC 6724
 * allows rules 9 and 10 to be superseded.
 */
#include "net/address_order.h"

#include <assert.h>

#include "net/source.h"

enum { SUBNET_BITS = 64 }; /* RFC 6724 2.2: the prefix length of the source, nearly always */

struct policy {
    uint8_t prefix[16];
    int prefix_bits;
    int precedence;
    int label;
};

/* RFC 6724 2.1; the longest prefixes first, so that the first match is the longest. */
static const struct policy policies[] = {
    {{[15] = 1},                 128, 50, 0 }, /* ::1 */
    {{[10] = 0xff, [11] = 0xff}, 96,  35, 4 }, /* IPv4 */
    {{0},                        96,  1,  3 },
    {{0x20, 0x01},               32,  5,  5 }, /* Teredo */
    {{0x20, 0x02},               16,  30, 2 }, /* 6to4 */
    {{0x3f, 0xfe},               16,  1,  12},
    {{0xfe, 0xc0},               10,  1,  11},
    {{0xfc},                     7,   3,  13}, /* unique local */
    {{0},                        0,   40, 1 },
};

/* RFC 4291 2.7, as RFC 6724 3.1 and 3.2 apply it to unicast. */
enum scope { SCOPE_LINK_LOCAL = 2, SCOPE_SITE_LOCAL = 5, SCOPE_GLOBAL = 14 };

struct rank {
    bool usable;
    bool scope_matches;
    bool label_matches;
    int precedence;
    int scope;
    int common_prefix;
};

static int common_bits(const uint8_t *a, const uint8_t *b, int max_bits)
{
    int bits = 0;

    while (bits < max_bits && ((a[bits / 8] ^ b[bits / 8]) & (0x80 >> bits % 8)) == 0)
        bits++;
    return bits;
}

static void as_ipv6(const struct net_addr *addr, uint8_t *out)
{
    memset(out, 0, 16);
    if (addr->family == 6) {
        memcpy(out, addr->ip, 16);
        return;
    }
    out[10] = 0xff;
    out[11] = 0xff;
    memcpy(out + 12, addr->ip, 4);
}

static const struct policy *policy_of(const struct net_addr *addr)
{
    const struct policy *policy = policies;
    uint8_t ip[16];

    as_ipv6(addr, ip);
    while (common_bits(ip, policy->prefix, policy->prefix_bits) < policy->prefix_bits)
        policy++;
    return policy;
}

/* RFC 6724 3.2: the IPv4 loopback and link-local addresses are link-local, all others global. */
static int scope_of(const struct net_addr *addr)
{
    const uint8_t *ip = addr->ip;

    if (addr->family == 4)
        return ip[0] == 127 || (ip[0] == 169 && ip[1] == 254) ? SCOPE_LINK_LOCAL : SCOPE_GLOBAL;
    if (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)
        return SCOPE_LINK_LOCAL;
    if (ip[0] == 0xfe && (ip[1] & 0xc0) == 0xc0)
        return SCOPE_SITE_LOCAL;
    return policy_of(addr)->label == 0 ? SCOPE_LINK_LOCAL : SCOPE_GLOBAL; /* ::1, section 3.4 */
}

static struct rank rank_of(const struct address_candidate *candidate)
{
    const struct net_addr *addr = &candidate->addr;
    const struct net_addr *source = &candidate->source;
    struct rank rank = {.usable = source->family != 0,
                        .precedence = policy_of(addr)->precedence,
                        .scope = scope_of(addr)};

    if (rank.usable) {
        rank.scope_matches = scope_of(source) == rank.scope;
        rank.label_matches = policy_of(source)->label == policy_of(addr)->label;
        if (addr->family == 6)
            rank.common_prefix = common_bits(addr->ip, source->ip, SUBNET_BITS);
    }
    return rank;
}

/* The rules in their order. Negative: `a` goes first. */
static int compare(const struct address_candidate *ca, const struct address_candidate *cb)
{
    struct rank a = rank_of(ca);
    struct rank b = rank_of(cb);

    if (a.usable != b.usable)
        return b.usable - a.usable;
    if (a.scope_matches != b.scope_matches)
        return b.scope_matches - a.scope_matches;
    if (a.label_matches != b.label_matches)
        return b.label_matches - a.label_matches;
    if (a.precedence != b.precedence)
        return b.precedence - a.precedence;
    if (a.scope != b.scope)
        return a.scope - b.scope;
    if (ca->addr.family == cb->addr.family)
        return b.common_prefix - a.common_prefix;
    return 0;
}

void address_order_sort(struct address_candidate *candidates, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct address_candidate moving = candidates[i];
        size_t at = i;
        for (; at > 0 && compare(&moving, &candidates[at - 1]) < 0; at--)
            candidates[at] = candidates[at - 1];
        candidates[at] = moving;
    }
}

void address_order(struct net_addr *addrs, size_t count)
{
    struct address_candidate candidates[ADDRESS_ORDER_MAX];

    assert(count <= ADDRESS_ORDER_MAX);
    for (size_t i = 0; i < count; i++) {
        candidates[i] = (struct address_candidate){.addr = addrs[i]};
        if (!net_source_ask(&addrs[i], &candidates[i].source))
            candidates[i].source.family = 0;
    }
    address_order_sort(candidates, count);
    for (size_t i = 0; i < count; i++)
        addrs[i] = candidates[i].addr;
}
