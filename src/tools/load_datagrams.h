/* A UDP socket under load: one system call a batch in either direction. */
#ifndef TCHIN_TOOLS_LOAD_DATAGRAMS_H
#define TCHIN_TOOLS_LOAD_DATAGRAMS_H

#include "tools/load_wire.h"

enum { LOAD_BATCH = 64, LOAD_OUT_BYTES = 128 * 1024, LOAD_SLOT_BYTES = 8192 };

/* What waits to be sent by one socket. */
struct load_datagrams {
    int fd;
    bool is_connected;
    size_t count;
    size_t used; /* of `bytes` */
    struct mmsghdr headers[LOAD_BATCH];
    struct iovec iovecs[LOAD_BATCH];
    struct sockaddr_storage names[LOAD_BATCH];
    char bytes[LOAD_OUT_BYTES];
};

/* What has come; one for all sockets. */
struct load_inbox {
    struct mmsghdr headers[LOAD_BATCH];
    struct iovec iovecs[LOAD_BATCH];
    struct sockaddr_storage names[LOAD_BATCH];
    char slots[LOAD_BATCH][LOAD_SLOT_BYTES];
};

/* Connected to `server`, if there is one. False: `fault` says why. */
bool load_datagrams_init(struct load_datagrams *datagrams, const struct net_addr *local,
                         const struct net_addr *server, struct buffer *fault) MUST_USE;

/* `to` NULL: to whom it is connected. */
void load_datagrams_add(struct load_datagrams *datagrams, const struct net_addr *to,
                        struct slice bytes, struct load_wire_counts *counts);
void load_datagrams_flush(struct load_datagrams *datagrams, struct load_wire_counts *counts);

/* Fills the inbox; returns how many there are. */
size_t load_datagrams_receive(const struct load_datagrams *datagrams, struct load_inbox *inbox,
                              struct load_wire_counts *counts);

#endif
