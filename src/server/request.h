/*
 * A request during one turn: the message, where it came from, and what the steps have found out
 * about it so far. It lives in the worker's arena; who waits keeps a `parked` copy.
 */
#ifndef TCHIN_SERVER_REQUEST_H
#define TCHIN_SERVER_REQUEST_H

#include "server/worker.h"
#include "sip/message.h"
#include "sip/status.h"
#include "sip/uri.h"

enum { TOKEN_LEN = 16 };

struct dialog_side;
struct flow;

struct request {
    struct worker *w;
    const struct settings *settings;
    const struct sip_message *msg;
    struct hop from;      /* as received */
    struct hop reply_hop; /* where responses go: RFC 3261 18.2.2, RFC 3581 4 */
    struct slice source;  /* the host it came from, as text */
    struct slice top_via; /* with received and rport */
    struct txn *txn;      /* the server transaction; NULL: answered without one */
    struct txn_hashes hashes;
    uint64_t reply_hash; /* see reply.h; 0: nobody has asked yet */
    bool is_unmatched;   /* whether there is a transaction for it has yet to be asked */

    /* Route information preprocessing: RFC 3261 16.4. */
    struct slice uri_text; /* the Request-URI, after the repair of strict routing */
    struct sip_uri uri;
    size_t own_routes;              /* of the first values of Route, so many were ours */
    bool takes_uri_from_route;      /* strict routing: the last value of Route became the URI */
    struct slice next_route;        /* the first value of Route that is not ours; empty: none */
    size_t token_count;             /* of dialogs, that were looked at in Routes of ours */
    const struct dialog_side *near; /* who sends it, if a token was right: see dialog.h */
    const struct dialog_side *far;  /* who it goes to, likewise */
    bool is_in_dialog;              /* so it needs no credentials */
    const struct flow *edge_flow;   /* that a Path of ours names, as its Route: see edge.h */

    const struct domain_settings *domain; /* of the Request-URI, if we are who answers for it */
    bool is_authenticated;
    char loop_token[TOKEN_LEN]; /* RFC 5393 4.2.1: what the way of the request depends on */

    struct slice extra_headers; /* whole lines, for the answer */
    const char *phrase;         /* a reason phrase for it; NULL: the usual one */
};

/* A request that waits: a copy of all it is made of. Inside the object that waits. */
struct parked {
    struct worker *w;
    struct hop from;
    char *bytes;
    size_t len;
    txn_id txn;
    bool is_authenticated;
};

/*
 * Whether it belongs to a transaction that there is, as a repeat or an ACK: that has received it
 * then. For its owner, once.
 */
bool request_is_known(struct request *rq) MUST_USE;

/* Whether so many bytes more may wait: a worker has its share of max_parked_bytes. */
bool request_may_park(const struct request *rq, size_t bytes);

/* False: no memory, or the ceiling of parked bytes is reached. */
bool request_park(const struct request *rq, struct parked *out) MUST_USE;

/* Makes the request anew, in `rq` and `msg`, of which no part outlives the turn. */
void request_revive(const struct parked *parked, struct request *rq, struct sip_message *msg);

void parked_fini(struct parked *parked);

#endif
