/* The target set: where a request is to be sent. RFC 3261 16.5. */
#ifndef TCHIN_SERVER_TARGET_H
#define TCHIN_SERVER_TARGET_H

#include "server/request.h"

struct target {
    struct slice uri;         /* the new Request-URI */
    struct slice route;       /* values of Route to put before those that are there; may be empty */
    struct net_addr named_by; /* where who says so was seen, see reach.h; family 0: nobody */
    struct hop flow;          /* by which it is reached, if has_flow */
    bool has_flow;
    bool has_place;      /* to flow.remote, and by UDP, is where the URI leads */
    bool is_bound;       /* it is reached by no other way */
    bool is_ours;        /* a user of ours */
    bool is_secure;      /* by TLS or not at all: RFC 5630 5.3, also for a URI that is only sip */
    bool is_alternative; /* another flow of the one before, for when that has failed: RFC 5626 7 */
    uint16_t q_thousandths;
};

struct target_list {
    struct target *items; /* in the arena, in the order in which they are to be tried */
    size_t count;
};

/*
 * SIP_GO_ON: `out` has at least one target. Else what to answer: 404, 480, 403 ...
 */
enum sip_status target_find(struct request *rq, struct target_list *out);

#endif
