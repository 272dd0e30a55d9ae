/*
 * A UDP socket: datagrams come in batches and leave in batches. Several workers may open the same
 * address; the system deals the senders out among them.
 */
#ifndef TCHIN_NET_UDP_H
#define TCHIN_NET_UDP_H

#include "net/loop.h"
#include "net/udp_error.h"

struct udp;

struct udp_host {
    /* `local` is where it came to, with the port of the socket. `bytes` is valid during the call.
     */
    void (*received)(void *owner, const struct net_addr *local, const struct net_addr *from,
                     struct slice bytes);
    /* May be called from within udp_send and udp_flush: what calls back must wait. */
    udp_undelivered *undelivered;
};

struct udp_counters {
    uint64_t received;
    uint64_t sent;
    uint64_t lost; /* not sent: no room, or the system dropped it */
};

/* Takes `fd`, whatever comes of it. NULL: no memory, or it cannot be polled. */
struct udp *udp_open(struct net_loop *loop, int fd, const struct udp_host *host,
                     void *owner) MUST_USE;

/* Calls nobody any more. Its memory goes when the loop lets it go. */
void udp_close(struct udp *udp);

/* The address it is bound to. */
const struct net_addr *udp_local(const struct udp *udp);

/*
 * Copies `bytes`; they leave with udp_flush, or when a batch is full. On a wildcard socket they
 * leave from `local`, unless that is a wildcard too.
 */
void udp_send(struct udp *udp, const struct net_addr *local, const struct net_addr *to,
              struct slice bytes);

void udp_flush(struct udp *udp);

struct udp_counters udp_counters(const struct udp *udp);

#endif
