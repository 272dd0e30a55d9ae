/*
 * One hop of a message: by which transport, from which of our addresses, to or from whom. What a
 * transaction keeps as its route, and a binding as the flow it came by.
 */
#ifndef TCHIN_TRANSPORT_HOP_H
#define TCHIN_TRANSPORT_HOP_H

#include "net/addr.h"

enum hop_protocol { HOP_UDP, HOP_TCP, HOP_PROTOCOL_COUNT };

struct hop {
    enum hop_protocol protocol;
    uint16_t worker;       /* whose connection it is, if `connection` is not 0 */
    uint16_t listener;     /* which of the configured sockets; the same number in each worker */
    uint64_t connection;   /* of a stream that exists; 0: none yet. Never used again */
    struct net_addr local; /* of ours; with the port of the listener, for Via and Record-Route */
    struct net_addr remote;
    uint16_t reopen_port; /* where a stream that is gone is opened anew; 0: at remote.port */
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

struct slice hop_protocol_name(enum hop_protocol protocol);        /* "UDP": as in Via */
bool hop_protocol_find(struct slice name, enum hop_protocol *out); /* whatever its case */

#endif
