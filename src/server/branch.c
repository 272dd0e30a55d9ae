/*
 * A branch: one target, one client transaction at a time, the next address when one fails, timer C
 * and CANCEL. RFC 3261 16.6 steps 7 to 11, 16.8, 16.9, 9.1, 18.1.1.
 */
#include <stdlib.h>

#include "server/context.h"
#include "server/forward.h"
#include "server/lookup.h"
#include "server/next_hop.h"
#include "server/reply.h"
#include "server/route.h"
#include "sip/build.h"

enum {
    MAX_DATAGRAM = 1300,          /* RFC 3261 18.1.1, where the path MTU is not known */
    WAIT_AFTER_CANCEL_MS = 32000, /* 64*T1: RFC 3261 9.1 */
};

static void timer_c_rings(struct alarm *alarm);
static void addresses_found(struct lookup *lookup);

/* --- sending -----------------------------------------------------------------------------------
 */

static bool build(struct branch *b, struct request *rq, const struct hop *hop,
                  const struct hop *recorded, struct txn *t, struct buffer *out)
{
    char branch[TXN_BRANCH_MAX];
    const struct forwarding forwarding = {.uri = b->target.uri,
                                          .route = b->target.route,
                                          .hop = *hop,
                                          .recorded = *recorded,
                                          .branch = txn_branch(t, branch),
                                          .max_breadth = b->max_breadth};

    *out = worker_scratch(b->ctx->w);
    return forward_build(rq, &forwarding, out);
}

/*
 * RFC 3261 18.1.1: what does not surely fit into a datagram goes by a stream, Via and all. But not
 * Record-Route: that is for the requests that follow, which may be small (RFC 5658 6.2).
 */
static void prefer_tcp(struct branch *b, struct request *rq, struct hop *hop, struct txn *t,
                       struct buffer *out)
{
    const struct hop udp = *hop;
    struct hop tcp;

    if (hop->protocol != HOP_UDP || out->len <= MAX_DATAGRAM || b->refused_tcp
        || !transport_choose(b->ctx->w->transport, HOP_TCP, &hop->remote, &tcp))
        return;
    if (build(b, rq, &tcp, &udp, t, out)) {
        *hop = tcp;
        b->is_tcp_for_size = true;
    } else if (!build(b, rq, &udp, &udp, t, out)) {
        out->overflowed = true;
    }
}

static bool send_by(struct branch *b, struct request *rq, struct hop *hop)
{
    struct worker *w = b->ctx->w;
    struct txn *t = txn_client_new(w->txns, rq->msg->method_id, b);
    struct buffer out;

    if (t == NULL) {
        b->ctx->is_at_ceiling = true;
        return false;
    }
    b->is_tcp_for_size = false;
    if (!build(b, rq, hop, hop, t, &out)) {
        txn_abandon(t);
        return false;
    }
    prefer_tcp(b, rq, hop, t, &out);
    if (out.overflowed) {
        txn_abandon(t);
        return false;
    }
    b->txn = t;
    if (b->ctx->is_invite)
        branch_restart_timer_c(b);
    if (txn_client_start(t, buffer_slice(&out), hop, hop_is_reliable(hop)))
        return true;
    b->txn = NULL;
    b->ctx->is_at_ceiling = true;
    return false;
}

static bool send_to(struct branch *b, struct request *rq, enum hop_protocol protocol,
                    const struct net_addr *addr)
{
    struct hop hop;

    return transport_choose(b->ctx->w->transport, protocol, addr, &hop) && send_by(b, rq, &hop);
}

/* The connection that the phone registered by is the way to it, as long as no Route says more. */
static bool has_flow(const struct branch *b, const struct request *rq)
{
    return b->target.flow.connection != 0 && !b->tried_flow && b->target.route.len == 0
           && rq->next_route.len == 0;
}

/* False: this target cannot be tried. True: sent, or the resolver was asked. */
static bool try_target(struct branch *b, struct request *rq)
{
    struct hop flow = b->target.flow;
    struct sip_uri uri;
    struct next_hop next;

    if (has_flow(b, rq)) {
        b->tried_flow = true;
        b->is_by_flow = send_by(b, rq, &flow);
        return b->is_by_flow;
    }
    b->is_by_flow = false;
    if (!forward_next_hop(rq, b->target.uri, b->target.route, &uri)
        || !next_hop_of(b->ctx->w, &uri, &rq->from.local, &next))
        return false;
    if (next.is_literal)
        return send_to(b, rq, next.protocol, &next.addr);
    b->lookup = lookup_start(b->ctx->w, &next, b, addresses_found);
    return b->lookup != NULL;
}

void branch_init(struct branch *b, struct context *ctx, const struct target *target)
{
    *b = (struct branch){.ctx = ctx, .target = *target, .timer_c.ring = timer_c_rings};
    timer_init(&b->timer_c.timer);
}

void branch_start(struct branch *b, uint32_t max_breadth, struct request *rq)
{
    struct context *ctx = b->ctx;

    b->max_breadth = max_breadth;
    ctx->open++;
    ctx->breadth_left -= max_breadth;
    if (try_target(b, rq))
        return;
    response_assume(ctx, SIP_503_SERVICE_UNAVAILABLE);
    branch_close(b);
}

void branch_close(struct branch *b)
{
    if (b->has_final)
        return;
    b->has_final = true;
    b->ctx->open--;
    if (!b->ctx->is_spiral)
        b->ctx->breadth_left += b->max_breadth;
    timer_clear(&b->timer_c.timer);
}

/* --- the next attempt --------------------------------------------------------------------------
 */

static bool revive(struct branch *b, struct request *rq, struct sip_message *msg)
{
    request_revive(&b->ctx->request, rq, msg);
    rq->txn = b->ctx->server;
    return route_again(rq);
}

/* Who was to be cancelled and never said a word has stopped, too: RFC 3261 9.1. */
static void finish(struct branch *b, enum sip_status status)
{
    struct context *ctx = b->ctx;

    response_assume(ctx, b->wants_cancel ? SIP_487_REQUEST_TERMINATED : status);
    branch_close(b);
    context_branch_done(ctx);
}

/* A stream that was taken for the size alone gives way to a datagram after all: 18.1.1. */
static bool retry_by_udp(struct branch *b, struct request *rq)
{
    struct sip_uri uri;
    struct next_hop next;
    struct net_addr addr;

    b->refused_tcp = true;
    if (b->lookup != NULL) {
        addr = b->lookup->query.addresses[b->lookup->next - 1];
        addr.port = b->lookup->port;
        return send_to(b, rq, HOP_UDP, &addr);
    }
    return forward_next_hop(rq, b->target.uri, b->target.route, &uri)
           && next_hop_of(b->ctx->w, &uri, &rq->from.local, &next)
           && send_to(b, rq, HOP_UDP, &next.addr);
}

/* RFC 3261 16.6 step 7: through the addresses in their order, a new transaction for each. */
static bool try_next_address(struct branch *b, struct request *rq)
{
    struct net_addr addr;

    while (b->lookup != NULL && lookup_next(b->lookup, &addr)) {
        if (send_to(b, rq, b->lookup->protocol, &addr))
            return true;
    }
    return false;
}

void branch_failed(struct branch *b, enum sip_status status)
{
    struct sip_message msg;
    struct request rq;
    bool may_go_on = b->ctx->may_fork && !b->ctx->has_final && !b->wants_cancel;

    if (may_go_on && revive(b, &rq, &msg)
        && ((b->is_tcp_for_size && retry_by_udp(b, &rq)) || (b->is_by_flow && try_target(b, &rq))
            || try_next_address(b, &rq)))
        return;
    finish(b, status);
}

static void addresses_found(struct lookup *lookup)
{
    struct branch *b = lookup->owner;

    branch_failed(b, SIP_503_SERVICE_UNAVAILABLE); /* "the address before the first" */
}

/* --- timer C and CANCEL ------------------------------------------------------------------------
 */

void branch_restart_timer_c(struct branch *b)
{
    struct worker *w = b->ctx->w;

    if (!b->is_cancelled)
        worker_set_alarm(w, &b->timer_c, w->now_ms + w->settings->timer_c_s * 1000ULL);
}

static void give_up(struct branch *b, enum sip_status status)
{
    if (b->txn != NULL)
        txn_abandon(b->txn);
    b->txn = NULL;
    finish(b, status);
}

/* RFC 3261 16.8; and 9.1 for one that does not even answer a CANCEL. */
static void timer_c_rings(struct alarm *alarm)
{
    struct branch *b = CONTAINER_OF(alarm, struct branch, timer_c);

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
    if (b->txn == NULL) { /* it asks the resolver: there is nobody yet to cancel it at */
        lookup_let_go(b->lookup);
        b->lookup = NULL;
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

void branch_fini(struct branch *b)
{
    timer_clear(&b->timer_c.timer);
    lookup_let_go(b->lookup);
}
