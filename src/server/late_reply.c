/* The line that says the status is the only one that depends on it. */
#include "server/late_reply.h"

#include "server/reply.h"
#include "sip/build.h"

struct slice late_reply_start(struct request *rq)
{
    struct buffer out = worker_scratch(rq->w);

    reply_write_start(rq, SIP_200_OK, &out);
    return out.overflowed ? SLICE_NONE : buffer_slice(&out);
}

static void write_status_line(struct buffer *out, enum sip_status status, const char *phrase)
{
    struct slice reason = phrase != NULL ? slice_of(phrase) : sip_reason_phrase((int)status);

    buffer_add_text(out, "SIP/2.0 ");
    buffer_add_u64(out, (uint64_t)status);
    buffer_add_char(out, ' ');
    buffer_add(out, reason);
    buffer_add_text(out, "\r\n");
}

struct buffer late_reply_open(const struct late_reply *late, enum sip_status status,
                              const char *phrase)
{
    struct buffer out = worker_scratch(late->w);

    txn_table_warm_server(late->w->txns, late->txn);
    if (status == SIP_200_OK) {
        buffer_add(&out, late->start);
        return out;
    }
    write_status_line(&out, status, phrase);
    buffer_add(&out, slice_after(late->start, slice_find(late->start, '\n') + 1));
    if (status == SIP_503_SERVICE_UNAVAILABLE)
        sip_build_number(&out, SLICE("Retry-After"), REPLY_RETRY_AFTER_S);
    return out;
}

void late_reply_send(const struct late_reply *late, enum sip_status status, struct buffer *reply)
{
    struct txn *t = txn_table_find(late->w->txns, late->txn);

    sip_build_end(reply);
    if (reply->overflowed && status < 300)
        status = SIP_500_SERVER_INTERNAL_ERROR;
    if (reply->overflowed) {
        *reply = late_reply_open(late, status, NULL);
        sip_build_end(reply);
    }
    if (t != NULL && !reply->overflowed)
        txn_respond(t, (int)status, buffer_slice(reply));
}
