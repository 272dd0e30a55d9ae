/*
 * One hop of a message: by which transport, from which of our addresses, to or from whom. What a
 * transaction keeps as its route, and a binding as the flow it came by.
 */
#ifndef TCHIN_TRANSPORT_HOP_H
#define TCHIN_TRANSPORT_HOP_H

#include "net/addr.h"
#include "sip/transport.h"

/* The transports of sip/transport.c: we speak all of them. */
enum hop_protocol {
    HOP_UDP = SIP_UDP,
    HOP_TCP = SIP_TCP,
    HOP_TLS = SIP_TLS,
    HOP_WS = SIP_WS,
    HOP_WSS = SIP_WSS,
    HOP_PROTOCOL_COUNT
};

struct hop {
    enum hop_protocol protocol;
    uint16_t worker;       /* whose connection it is, if `connection` is not 0 */
    uint16_t listener;     /* which of the configured sockets; the same number in each worker */
    uint64_t connection;   /* of a stream that exists; 0: none yet. Never used again */
    struct net_addr local; /* of ours; with the port of the listener, for Via and Record-Route */
    struct net_addr remote;
    uint16_t reopen_port; /* where a stream that is gone is opened anew; 0: at remote.port */
    bool is_ours;         /* of a stream that exists: we have opened it */
};

static inline struct net_addr hop_reopens_at(const struct hop *hop)
{
    struct net_addr addr = hop->remote;

    if (hop->reopen_port != 0)
        addr.port = hop->reopen_port;
    return addr;
}

static inline bool hop_is_reliable(const struct hop *hop)
{
    return hop->protocol != HOP_UDP;
}

static inline bool hop_is_secure(const struct hop *hop)
{
    return sip_transports[hop->protocol].is_secure;
}

static inline bool hop_protocol_is_web(enum hop_protocol protocol)
{
    return protocol == HOP_WS || protocol == HOP_WSS;
}

/* By WebSocket one is connected to, and connects to nobody. */
static inline bool hop_is_web(const struct hop *hop)
{
    return hop_protocol_is_web(hop->protocol);
}

/* Before the first message more than a connection is needed. */
static inline bool hop_shakes_hands(const struct hop *hop)
{
    return hop_is_secure(hop) || hop_is_web(hop);
}

/* RFC 3261 18.2.2, 19.1.2: of a URI or a sent-by that names none. */
static inline uint16_t hop_protocol_port(enum hop_protocol protocol)
{
    return sip_transports[protocol].default_port;
}

struct slice hop_protocol_name(enum hop_protocol protocol);              /* "UDP": as in Via */
void hop_protocol_write(enum hop_protocol protocol, struct buffer *out); /* "udp": as in a URI */
bool hop_protocol_find(struct slice name, enum hop_protocol *out);       /* whatever its case */

#endif
