/*
 * A flow (RFC 5626): the hop by which somebody was heard and is to be reached, as the bytes that a
 * binding or the token of a dialog keep. Whatever comes back is read as if a stranger had written
 * it.
 */
#ifndef TCHIN_SERVER_FLOW_H
#define TCHIN_SERVER_FLOW_H

#include "base/buffer.h"
#include "server/server.h"

enum { FLOW_MAX_BYTES = 64 };

struct flow {
    struct hop hop;
    bool is_bound; /* there is no other way to who is there: behind a NAT, or by RFC 5626 */
};

void flow_write(const struct flow *flow, uint32_t run, struct buffer *out);

/*
 * Reads one off the front of `bytes`, which is moved on. False: there is none, both untouched. A
 * connection of another run of the process is gone, so out->hop.connection is 0 then.
 */
bool flow_read(struct slice *bytes, uint32_t run, struct flow *out) MUST_USE;

/* The host alone would not do: others may be behind the same NAT. */
bool flow_is_same(const struct hop *a, const struct hop *b);

/*
 * Whether what is sent by it may arrive: RFC 5626 7. A stream as long as it is open; of datagrams
 * nobody knows.
 */
bool flow_is_alive(const struct server *server, const struct hop *hop);

/* Of the flow that a binding keeps, and its Path: false if nothing leads to it at present. */
bool flow_leads(const struct server *server, struct slice bytes, struct slice path);

#endif
