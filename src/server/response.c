/*
 * Responses: RFC 3261 16.7. Provisional ones and every 2xx go upstream at once; of the others the
 * best one goes, when all branches have answered.
 */
#include <stdlib.h>

#include "server/context.h"
#include "server/media.h"
#include "server/reply.h"
#include "sip/build.h"

enum { LINE_BYTES = 48 };

/* RFC 3326 2: so that the phones that rang in vain do not report a missed call. */
#define COMPLETED_ELSEWHERE SLICE("SIP;cause=200;text=\"Call completed elsewhere\"")

/* --- upstream ----------------------------------------------------------------------------------
 */

/* RFC 3261 20.14: on a stream it must be there, and a datagram needs none. */
static bool add_content_length(struct worker *w, const struct txn *server,
                               const struct sip_message *msg, struct sip_edits *edits)
{
    char *memory;

    if (server == NULL || !hop_is_reliable(txn_route(server))
        || sip_message_header(msg, SIP_CONTENT_LENGTH) != NULL)
        return true;
    memory = arena_alloc(w->arena, LINE_BYTES);
    if (memory == NULL)
        return false;
    struct buffer line = buffer_over(memory, LINE_BYTES);
    sip_build_number(&line, SLICE("Content-Length"), msg->body.len);
    sip_edits_append(edits, buffer_slice(&line));
    return true;
}

/* As nearly always: each Via has a line of its own. */
static bool has_a_line_for_each_via(const struct sip_message *msg)
{
    const struct sip_header *top = sip_message_header(msg, SIP_VIA);
    const struct sip_header *second = sip_message_next(msg, top);

    return second != NULL && second->value.len > 0 && top->value.len == msg->basics.via_text.len;
}

/* Step 3. False: no Via remains, the response was meant for us and ends here. */
static bool edit_for_upstream(struct worker *w, const struct txn *server,
                              const struct sip_message *msg, struct sip_edits *edits)
{
    struct sip_values vias = sip_values_of(msg, SIP_VIA);
    struct slice value;

    sip_edits_init(edits, msg);
    if (has_a_line_for_each_via(msg)) {
        sip_edits_remove_header(edits, sip_message_header(msg, SIP_VIA));
    } else {
        if (!sip_values_next(&vias, &value) || !sip_values_next(&vias, &value))
            return false;
        sip_edits_remove_first_value(edits, SIP_VIA);
    }
    return add_content_length(w, server, msg, edits);
}

static bool write_for_upstream(struct worker *w, const struct sip_edits *edits, struct buffer *out)
{
    *out = worker_scratch(w);
    return sip_edits_apply(edits, out);
}

/* A call that is accepted, and whatever is refused; what else succeeds is told to who debugs. */
static void log_final(struct context *ctx, const struct sip_message *msg, int status)
{
    bool is_routine = status < 300 && !ctx->is_invite;
    char text[8];
    struct buffer code = buffer_over(text, sizeof(text));

    buffer_add_u64(&code, (uint64_t)status);
    LOG(&ctx->w->log, is_routine ? LOG_DEBUG : LOG_INFO, "forwarded",
        {"cseq", sip_message_value(msg, SIP_CSEQ)}, {"status", buffer_slice(&code)},
        {"from", sip_message_value(msg, SIP_FROM)}, {"to", sip_message_value(msg, SIP_TO)},
        {"call-id", sip_message_value(msg, SIP_CALL_ID)});
}

static void note_final(struct context *ctx, const struct sip_message *msg, int status)
{
    ctx->has_final = true;
    ctx->may_fork = false;
    ctx->w->waiting--;
    log_final(ctx, msg, status);
    if (ctx->is_invite && status < 300)
        worker_await_ack(ctx->w);
}

/* Step 9. Without its server transaction a response is discarded: RFC 6026 8.3, RFC 4320 4.2. */
static void send_upstream(struct context *ctx, int status, struct slice bytes)
{
    if (ctx->server != NULL)
        txn_respond(ctx->server, status, bytes);
}

/* --- the best ----------------------------------------------------------------------------------
 */

/* Step 6: the lower, the better. */
static int rank(const struct context *ctx, int status)
{
    if (status >= 600)
        return 0;
    if (status == SIP_487_REQUEST_TERMINATED && ctx->is_cancelled)
        return 1; /* what the caller asked for: he would not want to be sent elsewhere */
    if (status < 400)
        return 2;
    switch (status) {
    case 401:
    case 407: return 3;
    case 415:
    case 420:
    case 484: return 4;
    case 408:
    case 430:
    case 487: return 6; /* says least of why */
    case 503: return 8;
    default: return status < 500 ? 5 : 7;
    }
}

static bool is_challenge(int status)
{
    return status == SIP_401_UNAUTHORIZED || status == SIP_407_PROXY_AUTHENTICATION_REQUIRED;
}

/* Step 7: the challenges of all 401 and 407 responses go into the one that is chosen. */
static void collect_challenges(struct context *ctx, const struct sip_message *msg)
{
    struct buffer lines = worker_scratch(ctx->w);

    buffer_add(&lines, bytes_slice(&ctx->other_challenges));
    for (size_t i = 0; i < msg->header_count; i++) {
        const struct sip_header *header = &msg->headers[i];
        if (header->id != SIP_WWW_AUTHENTICATE && header->id != SIP_PROXY_AUTHENTICATE)
            continue;
        buffer_add(&lines, header->name);
        buffer_add(&lines, SLICE(": "));
        buffer_add(&lines, header->value);
        buffer_add(&lines, SLICE("\r\n"));
    }
    if (!lines.overflowed && !bytes_copy(&ctx->other_challenges, buffer_slice(&lines)))
        ctx->w->counters.no_memory++;
}

static bool is_better(const struct context *ctx, int status)
{
    return ctx->best_status == 0 || rank(ctx, status) < rank(ctx, ctx->best_status);
}

/* Step 4: kept as it will go upstream. */
static void keep_final(struct context *ctx, const struct sip_message *msg, struct sip_edits *edits)
{
    struct buffer out;

    if (!is_better(ctx, msg->status)) {
        if (is_challenge(msg->status))
            collect_challenges(ctx, msg);
        return;
    }
    if (!write_for_upstream(ctx->w, edits, &out))
        return;
    ctx->best_status = msg->status;
    if (!bytes_copy(&ctx->best, buffer_slice(&out)))
        bytes_free(&ctx->best);
}

void response_assume(struct context *ctx, enum sip_status status)
{
    if (!is_better(ctx, (int)status))
        return;
    ctx->best_status = (int)status;
    bytes_free(&ctx->best);
}

/*
 * One of our own, where no branch has answered. Step 6: a 503 upstream would mean that we are down,
 * so it becomes a 500, unless it is we who cannot take more.
 */
static void reply_ourselves(struct context *ctx, int status)
{
    struct sip_message msg;
    struct request rq;

    ctx->has_final = true;
    ctx->may_fork = false;
    ctx->w->waiting--;
    if (ctx->server == NULL)
        return;
    request_revive(&ctx->request, &rq, &msg);
    rq.txn = ctx->server;
    if (status == SIP_503_SERVICE_UNAVAILABLE && !ctx->is_at_ceiling) {
        rq.phrase = "Next Hop Unreachable";
        status = SIP_500_SERVER_INTERNAL_ERROR;
    }
    request_reply(&rq, (enum sip_status)status);
}

static bool add_challenges(struct context *ctx, const struct sip_message *best, struct buffer *out)
{
    struct sip_edits edits;

    sip_edits_init(&edits, best);
    sip_edits_append(&edits, bytes_slice(&ctx->other_challenges));
    *out = worker_scratch(ctx->w);
    return sip_edits_apply(&edits, out);
}

/* RFC 5626 7: flows are between us and the user; that none is left means that he is not there. */
static bool has_lost_user(const struct context *ctx, int status)
{
    return status == SIP_430_FLOW_FAILED && ctx->branches->target.is_ours;
}

/* RFC 4320 4.2: the client of a non-INVITE has given up by now, and a 408 would only be stray. */
static bool is_too_late(const struct context *ctx, int status)
{
    return !ctx->is_invite && status == SIP_408_REQUEST_TIMEOUT;
}

void response_send_best(struct context *ctx)
{
    int status = ctx->best_status != 0 ? ctx->best_status : SIP_408_REQUEST_TIMEOUT;
    struct sip_message best;
    struct sip_fault fault;
    struct buffer out;

    if (is_too_late(ctx, status)) {
        ctx->has_final = true;
        ctx->may_fork = false;
        ctx->w->waiting--;
        return; /* its server transaction ends by itself */
    }
    if (has_lost_user(ctx, status)) {
        reply_ourselves(ctx, SIP_480_TEMPORARILY_UNAVAILABLE);
        return;
    }
    if (ctx->best.len == 0 || status == SIP_503_SERVICE_UNAVAILABLE
        || !sip_message_parse(bytes_slice(&ctx->best), &best, &fault)) {
        reply_ourselves(ctx, status);
        return;
    }
    note_final(ctx, &best, status);
    if (is_challenge(status) && ctx->other_challenges.len > 0 && add_challenges(ctx, &best, &out))
        send_upstream(ctx, status, buffer_slice(&out));
    else
        send_upstream(ctx, status, bytes_slice(&ctx->best));
}

/* --- a response --------------------------------------------------------------------------------
 */

static void forward_now(struct context *ctx, const struct sip_message *msg)
{
    struct sip_edits edits;
    struct buffer out;

    if (!edit_for_upstream(ctx->w, ctx->server, msg, &edits)
        || !write_for_upstream(ctx->w, &edits, &out))
        return;
    if (msg->status >= 200 && !ctx->has_final)
        note_final(ctx, msg, msg->status);
    send_upstream(ctx, msg->status, buffer_slice(&out));
}

void response_repeated(struct worker *w, struct txn *client, const struct sip_message *msg)
{
    struct txn *server = txn_table_find(w->txns, txn_partner(client));
    struct sip_edits edits;
    struct buffer out;

    if (server != NULL && edit_for_upstream(w, server, msg, &edits)
        && write_for_upstream(w, &edits, &out))
        txn_respond(server, msg->status, buffer_slice(&out));
}

static void provisional(struct branch *b, const struct sip_message *msg)
{
    struct context *ctx = b->ctx;

    b->has_provisional = true;
    if (ctx->is_invite && msg->status > 100)
        branch_restart_timer_c(b); /* step 2 */
    if (b->wants_cancel)
        branch_cancel(b, bytes_slice(&ctx->reason));
    if (msg->status > 100 && !ctx->has_final)
        forward_now(ctx, msg);
}

/* Of who is behind a NAT; others can be reached. */
static void look_at_media(const struct branch *b, const struct sip_message *answer)
{
    const struct parked *parked = &b->ctx->request;
    struct sip_message invite;
    struct sip_fault fault;

    if (answer->body.len > 0 && b->target.is_bound
        && sip_message_parse((struct slice){parked->bytes, parked->len}, &invite, &fault)
        && sip_message_check(&invite, &fault))
        media_look(parked->w, &parked->from.remote, &invite, &b->target.flow.remote, answer);
}

static void success(struct branch *b, const struct sip_message *msg)
{
    struct context *ctx = b->ctx;
    bool is_first = !ctx->has_final;

    if (is_first && ctx->is_invite)
        look_at_media(b, msg);
    branch_close(b);
    if (is_first || ctx->is_invite)
        forward_now(ctx, msg);                         /* step 5 */
    branch_cancel_others(ctx, b, COMPLETED_ELSEWHERE); /* step 10 */
}

static void failure(struct branch *b, const struct sip_message *msg)
{
    struct context *ctx = b->ctx;
    struct sip_edits edits;

    if (msg->status == SIP_503_SERVICE_UNAVAILABLE && branch_turned_away(b, msg))
        return;
    if (branch_lost_flow(b, msg->status))
        return;
    if (edit_for_upstream(ctx->w, ctx->server, msg, &edits) && !redirect_follow(b, msg, &edits))
        keep_final(ctx, msg, &edits);
    branch_close(b);
    if (msg->status >= 600) {
        ctx->may_fork = false;
        branch_cancel_others(ctx, b, SLICE_NONE);
    }
}

void response_received(struct branch *b, const struct sip_message *msg)
{
    branch_heard(b);
    if (msg->status < 200) {
        provisional(b, msg);
        return;
    }
    if (msg->status < 300)
        success(b, msg);
    else
        failure(b, msg);
    context_branch_done(b->ctx);
}
