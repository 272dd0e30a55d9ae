/*
 * The request as it leaves: RFC 3261 16.6, steps 1 to 9, as edits of the request as it came.
 */
#ifndef TCHIN_SERVER_FORWARD_H
#define TCHIN_SERVER_FORWARD_H

#include "server/request.h"

/* One branch of a request. */
struct forwarding {
    struct slice uri;    /* the target's URI, as its contact wrote it */
    struct slice route;  /* values of Route to put before those that are there */
    struct hop hop;      /* from which of our addresses it leaves, and to whom */
    struct hop recorded; /* the same as Record-Route shows it */
    bool is_bound;       /* who is there is reached by no other way */
    bool is_ours;        /* who is there is a user of ours */
    struct slice branch;
    uint32_t max_breadth; /* RFC 5393 5.3.3 */
};

/* Incoming Max-Breadth: at most 60, and 60 where the request does not say. RFC 5393 5.3.3. */
uint32_t forward_breadth(const struct sip_message *msg);

/*
 * The URI whose address the request is to be sent to: 16.6 step 7. Slices of `rq` and `route`.
 * False: it cannot be read.
 */
bool forward_next_hop(const struct request *rq, struct slice uri, struct slice route,
                      struct sip_uri *out) MUST_USE;

/* Writes the request. False: it does not fit, or a value that has to be edited is malformed. */
bool forward_build(struct request *rq, const struct forwarding *forwarding,
                   struct buffer *out) MUST_USE;

#endif
