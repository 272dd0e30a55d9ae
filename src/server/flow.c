/*
 * version, protocol, worker, listener, run, connection, then our address and the other's: each a
 * family, a port and 4 or 16 bytes. Integers are big-endian.
 */
#include "server/flow.h"

#include <endian.h>

#include "sip/grammar.h"

enum { VERSION = 1 };

static void put(struct buffer *out, uint64_t value, unsigned bytes)
{
    uint64_t big_endian = htobe64(value << (64 - 8 * bytes));

    buffer_add(out, (struct slice){(const char *)&big_endian, bytes});
}

static void put_addr(struct buffer *out, const struct net_addr *addr)
{
    put(out, addr->family, 1);
    put(out, addr->port, 2);
    buffer_add(out, (struct slice){(const char *)addr->ip, addr->family == 4 ? 4 : 16});
}

void flow_write(const struct hop *hop, uint32_t run, struct buffer *out)
{
    put(out, VERSION, 1);
    put(out, hop->protocol, 1);
    put(out, hop->worker, 2);
    put(out, hop->listener, 2);
    put(out, run, 4);
    put(out, hop->connection, 8);
    put_addr(out, &hop->local);
    put_addr(out, &hop->remote);
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

static bool get_addr(struct cursor *c, struct net_addr *out)
{
    uint64_t family, port;

    if (!get(c, 1, &family) || !get(c, 2, &port) || (family != 4 && family != 6))
        return false;
    size_t len = family == 4 ? 4 : 16;
    if ((size_t)(c->end - c->at) < len)
        return false;
    *out = (struct net_addr){.family = (uint8_t)family, .port = (uint16_t)port};
    memcpy(out->ip, c->at, len);
    c->at += len;
    return true;
}

bool flow_read(struct slice bytes, uint32_t run, struct hop *out)
{
    struct cursor c = cursor_over(bytes);
    uint64_t version, protocol, worker, listener, its_run, connection;
    struct hop hop = {0};

    if (!get(&c, 1, &version) || version != VERSION || !get(&c, 1, &protocol)
        || protocol >= HOP_PROTOCOL_COUNT || !get(&c, 2, &worker) || !get(&c, 2, &listener)
        || !get(&c, 4, &its_run) || !get(&c, 8, &connection) || !get_addr(&c, &hop.local)
        || !get_addr(&c, &hop.remote) || !at_end(&c))
        return false;
    hop.protocol = (enum hop_protocol)protocol;
    hop.worker = (uint16_t)worker;
    hop.listener = (uint16_t)listener;
    hop.connection = its_run == run ? connection : 0;
    *out = hop;
    return true;
}
