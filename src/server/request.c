/* Matching a request; putting it aside and taking it up again. */
#include "server/request.h"

#include <assert.h>
#include <stdlib.h>

#include "server/reply.h"

bool request_is_known(struct request *rq)
{
    struct txn *t = txn_table_match(rq->w->txns, rq->msg, &rq->hashes);

    rq->is_unmatched = false;
    if (t != NULL)
        txn_receive(t, rq->msg);
    return t != NULL;
}

bool request_may_park(const struct request *rq, size_t bytes)
{
    return rq->w->parked_bytes + bytes
           <= settings_of_each(rq->settings, rq->settings->max_parked_bytes);
}

bool request_park(const struct request *rq, struct parked *out)
{
    struct worker *w = rq->w;
    size_t len = rq->msg->bytes.len;

    if (!request_may_park(rq, len))
        return false;
    char *copy = malloc(len);
    if (copy == NULL)
        return false;
    memcpy(copy, rq->msg->bytes.ptr, len);
    *out = (struct parked){.w = w,
                           .from = rq->from,
                           .bytes = copy,
                           .len = len,
                           .txn = rq->txn != NULL ? txn_id_of(rq->txn) : 0,
                           .is_authenticated = rq->is_authenticated};
    w->parked_bytes += len;
    return true;
}

/* What was understood once is understood again: the same bytes, the same parser. */
void request_revive(const struct parked *parked, struct request *rq, struct sip_message *msg)
{
    struct worker *w = parked->w;
    struct sip_fault fault;

    bool is_valid = sip_message_parse((struct slice){parked->bytes, parked->len}, msg, &fault)
                    && sip_message_check(msg, &fault);
    assert(is_valid);
    (void)is_valid;
    *rq = (struct request){.w = w,
                           .settings = w->settings,
                           .msg = msg,
                           .from = parked->from,
                           .is_authenticated = parked->is_authenticated,
                           .txn = txn_table_find(w->txns, parked->txn)};
    reply_prepare(rq);
}

void parked_fini(struct parked *parked)
{
    parked->w->parked_bytes -= parked->len;
    free(parked->bytes);
    *parked = (struct parked){0};
}
