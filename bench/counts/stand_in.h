/*
 * In place of src/transport/transport.c and src/net/loop.c: what is received is handed in, what is
 * sent is kept. There is one worker, its address is OUR_ADDRESS.
 */
#ifndef TCHIN_COUNTS_STAND_IN_H
#define TCHIN_COUNTS_STAND_IN_H

#include "transport/transport.h"

#define OUR_ADDRESS "192.0.2.1"

enum { OUR_PORT = 5060, MAX_DATAGRAMS = 4096, MAX_DATAGRAM_BYTES = 3072 };

struct datagram {
    struct hop hop; /* remote: from whom, to whom */
    size_t len;
    char bytes[MAX_DATAGRAM_BYTES];
};

/* A row of datagrams, in memory of its own. */
struct datagrams {
    size_t count;
    struct datagram items[MAX_DATAGRAMS];
};

struct datagram *datagram_add(struct datagrams *list);
struct slice datagram_text(const struct datagram *datagram);

/* What has been sent since it was last emptied. */
extern struct datagrams stand_in_sent;

/* One turn of the worker: timers, these datagrams, the mail. Counted. */
void stand_in_turn(const struct datagrams *received);

#endif
