/* What the files of the transport itself share. */
#ifndef TCHIN_TRANSPORT_INSIDE_H
#define TCHIN_TRANSPORT_INSIDE_H

#include "net/interfaces.h"
#include "net/source.h"
#include "net/tcp_listener.h"
#include "net/udp.h"
#include "transport/failures.h"
#include "transport/streams.h"

struct listener {
    struct transport *transport;
    uint16_t index;
    enum hop_protocol protocol;
    struct net_addr addr; /* it is bound to */
    struct udp *udp;      /* of a UDP listener */
    bool has_only_pages;
    struct tcp_listener *tcp; /* of all others; NULL: it accepts no more */
};

struct transport {
    struct net_guest guest;
    struct net_loop *loop;
    struct transport_settings settings;
    struct transport_host host;
    void *host_arg;
    struct transport_counters counters;
    struct failures failures;
    struct streams streams;
    struct net_source_cache sources;
    struct net_interfaces *interfaces; /* a memory of the system's, also behind a const */
    size_t listener_count;
    struct listener listeners[];
};

/* `message` did not leave: the host is told when the turn ends. */
void transport_fail(struct transport *transport, const struct hop *to, struct slice message);

#endif
