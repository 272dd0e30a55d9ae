/*
 * An answer of our own that is given later than in the turn of its request. What of it follows from
 * the request alone is written while that is there; so the request need neither be kept nor be read
 * again. It is sent through the server transaction: when that has ended, nobody waits any more.
 */
#ifndef TCHIN_SERVER_LATE_REPLY_H
#define TCHIN_SERVER_LATE_REPLY_H

#include "base/buffer.h"
#include "server/request.h"

struct late_reply {
    struct worker *w;
    txn_id txn;
    struct slice start; /* a 200, from its first line to the CSeq; belongs to who keeps this */
};

/* The beginning, in the worker's scratch memory: to be copied at once. Empty: it does not fit. */
struct slice late_reply_start(struct request *rq) MUST_USE;

/*
 * The answer as far as it is known, in the scratch memory; `phrase` NULL: the usual one. Further
 * lines may follow, then late_reply_send; what does not fit is left out, and makes a 200 a 500.
 */
struct buffer late_reply_open(const struct late_reply *late, enum sip_status status,
                              const char *phrase);
void late_reply_send(const struct late_reply *late, enum sip_status status, struct buffer *reply);

#endif
