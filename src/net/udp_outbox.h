/* The datagrams that wait to leave a UDP socket together. */
#ifndef TCHIN_NET_UDP_OUTBOX_H
#define TCHIN_NET_UDP_OUTBOX_H

#include "net/udp_error.h"

enum {
    UDP_BATCH = 64,             /* leave with one system call */
    UDP_OUTBOX_MAX = 1024,      /* wait while the socket takes none */
    UDP_OUTBOX_BYTES = 1 << 20, /* and so much of them */
    UDP_MAX_DATAGRAM = 65507,
};

struct udp_outbox_entry {
    struct net_addr to;
    struct net_addr local; /* family 0: let the system choose */
    uint32_t at;
    uint32_t len;
};

/* Emptied as a whole: what has left stays until all has. */
struct udp_outbox {
    int fd;
    udp_undelivered *undelivered;
    void *owner;
    struct udp_outbox_entry *entries;
    char *bytes;
    size_t first; /* of the entries: the first that has not left */
    size_t count;
    size_t used;     /* of the bytes */
    bool is_blocked; /* the socket takes no more until it is writable */
    bool segments;   /* the system cuts a run of equal datagrams to one peer, until it refuses */
    uint64_t sent;
    uint64_t lost;
};

bool udp_outbox_init(struct udp_outbox *box, int fd, udp_undelivered *undelivered,
                     void *owner) MUST_USE;
void udp_outbox_fini(struct udp_outbox *box);

/* False: no room. */
bool udp_outbox_add(struct udp_outbox *box, const struct net_addr *local, const struct net_addr *to,
                    struct slice bytes) MUST_USE;

size_t udp_outbox_waiting(const struct udp_outbox *box);

/* Sends all that the socket takes. */
void udp_outbox_leave(struct udp_outbox *box);

#endif
