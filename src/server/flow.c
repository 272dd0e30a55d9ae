/*
 * version, kind, listener, then our address and the other's: a port and 4 or 16 bytes each; of a
 * connection also run, worker and its number. Integers are big-endian. Version 1, which bindings of
 * earlier versions of us have, had everything in full.
 */
#include "server/flow.h"

#include <endian.h>

#include "base/ipv4.h"
#include "sip/grammar.h"
#include "transport/directory.h"

enum { FIRST_VERSION = 1, VERSION = 2 };
enum { IPV6_BYTES = 16, MAX_WRITTEN = 3 + 2 * (2 + IPV6_BYTES) + 4 + 1 + 8 };
enum { PROTOCOL_MASK = 0x0f, IS_IPV6 = 0x10, HAS_CONNECTION = 0x20, IS_BOUND = 0x40 };

static inline char *put(char *to, uint64_t value, size_t bytes)
{
    uint64_t big_endian = htobe64(value << (64 - 8 * bytes));

    memcpy(to, &big_endian, bytes);
    return to + bytes;
}

static inline char *put_addr(char *to, const struct net_addr *addr, bool is_ipv6)
{
    to = put(to, addr->port, 2);
    memcpy(to, addr->ip, sizeof(addr->ip));
    return to + (is_ipv6 ? IPV6_BYTES : IPV4_BYTES);
}

void flow_write(const struct flow *flow, uint32_t run, struct buffer *out)
{
    const struct hop *hop = &flow->hop;
    bool is_ipv6 = hop->remote.family == 6;
    unsigned kind = (unsigned)hop->protocol | (is_ipv6 ? IS_IPV6 : 0)
                    | (hop->connection != 0 ? HAS_CONNECTION : 0) | (flow->is_bound ? IS_BOUND : 0);
    char bytes[MAX_WRITTEN];

    char *at = put(bytes, VERSION, 1);
    at = put(at, kind, 1);
    at = put(at, hop->listener, 1);
    at = put_addr(at, &hop->local, is_ipv6);
    at = put_addr(at, &hop->remote, is_ipv6);
    if (hop->connection != 0) {
        at = put(at, run, 4);
        at = put(at, hop->worker, 1);
        at = put(at, hop->connection, 8);
    }
    buffer_add(out, slice_between(bytes, at));
}

static bool get(struct cursor *c, unsigned bytes, uint64_t *out)
{
    uint64_t value = 0;

    if ((size_t)(c->end - c->at) < bytes)
        return false;
    while (bytes-- > 0)
        value = value << 8 | (unsigned char)*c->at++;
    *out = value;
    return true;
}

static bool get_addr(struct cursor *c, bool is_ipv6, struct net_addr *out)
{
    const unsigned char *at = (const unsigned char *)c->at;
    size_t len = 2 + (is_ipv6 ? IPV6_BYTES : IPV4_BYTES);

    if ((size_t)(c->end - c->at) < len)
        return false;
    *out = (struct net_addr){.family = is_ipv6 ? 6 : 4, .port = (uint16_t)(at[0] << 8 | at[1])};
    if (is_ipv6)
        memcpy(out->ip, at + 2, IPV6_BYTES);
    else
        memcpy(out->ip, at + 2, IPV4_BYTES);
    c->at += len;
    return true;
}

static bool get_connection(struct cursor *c, uint32_t run, struct hop *hop)
{
    uint64_t its_run, worker, connection;

    if (!get(c, 4, &its_run) || !get(c, 1, &worker) || !get(c, 8, &connection))
        return false;
    hop->worker = (uint16_t)worker;
    hop->connection = its_run == run ? connection : 0;
    return true;
}

static bool get_flow(struct cursor *c, uint32_t run, struct flow *out)
{
    uint64_t kind, listener;

    if (!get(c, 1, &kind) || (kind & PROTOCOL_MASK) >= HOP_PROTOCOL_COUNT || !get(c, 1, &listener))
        return false;
    struct flow flow = {.is_bound = (kind & IS_BOUND) != 0};
    struct hop *hop = &flow.hop;
    bool is_ipv6 = (kind & IS_IPV6) != 0;
    hop->protocol = (enum hop_protocol)(kind & PROTOCOL_MASK);
    hop->listener = (uint16_t)listener;
    if (!get_addr(c, is_ipv6, &hop->local) || !get_addr(c, is_ipv6, &hop->remote)
        || ((kind & HAS_CONNECTION) != 0 && !get_connection(c, run, hop)))
        return false;
    *out = flow;
    return true;
}

/* Of version 1: each address with its family before it. */
static bool get_any_addr(struct cursor *c, struct net_addr *out)
{
    uint64_t family;

    return get(c, 1, &family) && (family == 4 || family == 6) && get_addr(c, family == 6, out);
}

static bool get_first_version(struct cursor *c, uint32_t run, struct flow *out)
{
    uint64_t protocol, worker, listener, its_run, connection;
    struct hop hop = {0};

    if (!get(c, 1, &protocol) || protocol >= HOP_PROTOCOL_COUNT || !get(c, 2, &worker)
        || !get(c, 2, &listener) || !get(c, 4, &its_run) || !get(c, 8, &connection)
        || !get_any_addr(c, &hop.local) || !get_any_addr(c, &hop.remote))
        return false;
    hop.protocol = (enum hop_protocol)protocol;
    hop.worker = (uint16_t)worker;
    hop.listener = (uint16_t)listener;
    hop.connection = its_run == run ? connection : 0;
    *out = (struct flow){.hop = hop};
    return true;
}

bool flow_read(struct slice *bytes, uint32_t run, struct flow *out)
{
    struct cursor c = cursor_over(*bytes);
    uint64_t version;

    bool ok = get(&c, 1, &version)
              && ((version == VERSION && get_flow(&c, run, out))
                  || (version == FIRST_VERSION && get_first_version(&c, run, out)));
    if (ok)
        *bytes = slice_between(c.at, c.end);
    return ok;
}

bool flow_is_same(const struct hop *a, const struct hop *b)
{
    if (a->protocol != b->protocol || !net_addr_equal(&a->remote, &b->remote))
        return false;
    return !hop_is_reliable(a)
           || (a->connection != 0 && a->connection == b->connection && a->worker == b->worker);
}

bool flow_is_alive(const struct server *server, const struct hop *hop)
{
    struct hop found;

    if (!hop_is_reliable(hop))
        return true;
    return hop->connection != 0
           && directory_find(server->connections, hop->protocol, &hop->remote, SLICE_NONE, &found)
           && found.connection == hop->connection;
}

bool flow_leads(const struct server *server, struct slice bytes, struct slice path)
{
    struct flow flow;

    return path.len > 0 || !flow_read(&bytes, server->run, &flow) || !flow.is_bound
           || flow_is_alive(server, &flow.hop);
}
