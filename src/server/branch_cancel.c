/* The end of a branch that has not answered: timer C and CANCEL. RFC 3261 16.6 step 11, 16.8, 9.1.
 */
#include "server/branch_inside.h"
#include "sip/build.h"

enum { WAIT_AFTER_CANCEL_MS = 32000 /* 64*T1: RFC 3261 9.1 */ };

void branch_restart_timer_c(struct branch *b)
{
    struct worker *w = b->ctx->w;

    b->awaits_word = false;
    if (!b->is_cancelled)
        worker_set_alarm(w, &b->timer_c, w->now_ms + w->settings->timer_c_s * 1000ULL);
}

static void give_up(struct branch *b, enum sip_status status)
{
    if (b->txn != NULL)
        txn_abandon(b->txn);
    b->txn = NULL;
    branch_finish(b, status);
}

void branch_timer_c_rings(struct branch *b)
{
    if (b->is_cancelled)
        give_up(b, SIP_487_REQUEST_TERMINATED);
    else if (b->has_provisional)
        branch_cancel(b, SLICE_NONE);
    else
        give_up(b, SIP_408_REQUEST_TIMEOUT);
}

/* RFC 3261 9.1: the CANCEL takes the same way as the INVITE, in a transaction of its own. */
static bool send_cancel(struct branch *b, struct slice reason)
{
    struct buffer out = worker_scratch(b->ctx->w);
    struct sip_message invite;
    struct sip_fault fault;
    struct hop hop = *(const struct hop *)txn_route(b->txn);

    if (!sip_message_parse(txn_request(b->txn), &invite, &fault))
        return false;
    sip_build_cancel(&out, &invite, reason);
    if (out.overflowed)
        return false;
    struct txn *t = txn_client_new_cancel(b->txn, NULL);
    return t != NULL && txn_client_start(t, buffer_slice(&out), &hop, hop_is_reliable(&hop));
}

static void wait_for_provisional(struct branch *b, struct slice reason)
{
    struct context *ctx = b->ctx;

    b->wants_cancel = true;
    if (b->txn == NULL) { /* it asks the resolver, or connects: nobody yet to cancel it at */
        branch_stop_race(b);
        locator_let_go(b->search);
        b->search = NULL;
        response_assume(ctx, SIP_487_REQUEST_TERMINATED);
        branch_close(b);
    } else if (reason.len > 0 && !slice_equal(reason, bytes_slice(&ctx->reason))
               && !bytes_copy(&ctx->reason, reason)) {
        ctx->w->counters.no_memory++;
    }
}

void branch_cancel(struct branch *b, struct slice reason)
{
    struct worker *w = b->ctx->w;

    if (b->has_final || b->is_cancelled)
        return;
    if (!b->has_provisional) {
        wait_for_provisional(b, reason);
        return;
    }
    b->is_cancelled = send_cancel(b, reason);
    worker_set_alarm(w, &b->timer_c, w->now_ms + WAIT_AFTER_CANCEL_MS);
}

void branch_cancel_others(struct context *ctx, const struct branch *except, struct slice reason)
{
    if (!ctx->is_invite)
        return; /* RFC 3261 9.1: only INVITE is cancelled */
    for (struct branch *b = ctx->branches; b != *ctx->waiting; b = b->next) {
        if (b != except)
            branch_cancel(b, reason);
    }
}
