/*
 * The addresses of a next hop, asked of DNS by who may end before the answer comes. A lookup that
 * was let go is freed by its answer.
 */
#ifndef TCHIN_SERVER_LOOKUP_H
#define TCHIN_SERVER_LOOKUP_H

#include "server/next_hop.h"

struct lookup {
    struct dns_query query;
    struct worker *w;
    void *owner; /* NULL: let go */
    void (*done)(struct lookup *lookup);
    enum hop_protocol protocol;
    bool protocol_is_explicit;
    bool is_answered;
    uint16_t port;
    size_t next; /* of query.addresses: the first that was not tried yet */
};

/* Asks. `done` is called in a later turn. NULL: no memory, or a name too long. */
struct lookup *lookup_start(struct worker *w, const struct next_hop *hop, void *owner,
                            void (*done)(struct lookup *lookup)) MUST_USE;

/* The next address that may be tried. False: there are no more. */
bool lookup_next(struct lookup *lookup, struct net_addr *out);

/* The owner needs it no more. Harmless for NULL. */
void lookup_let_go(struct lookup *lookup);

#endif
