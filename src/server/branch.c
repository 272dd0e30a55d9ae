/*
 * A branch: one target, one client transaction at a time, the next place when one fails, timer C
 * and CANCEL. RFC 3261 16.6 steps 7 to 11, 16.8, 16.9, 9.1, 18.1.1; RFC 3263 4.3.
 */
#include <stdlib.h>

#include "server/context.h"
#include "server/forward.h"
#include "server/next_hop.h"
#include "server/race.h"
#include "server/reply.h"
#include "server/route.h"
#include "sip/build.h"

enum {
    MAX_DATAGRAM = 1300,          /* RFC 3261 18.1.1, where the path MTU is not known */
    WAIT_AFTER_CANCEL_MS = 32000, /* 64*T1: RFC 3261 9.1 */
};

static void alarm_rings(struct alarm *alarm);
static void search_goes_on(struct locator *search);
static void race_is_due(void *owner);
static void race_is_won(void *owner, const struct sip_candidate *place, struct hop *hop);
static void race_has_failed(void *owner, size_t left);

static const struct race_host race_host = {race_is_due, race_is_won, race_has_failed};

/* --- sending -----------------------------------------------------------------------------------
 */

/* Half of the breadth is kept for a branch beside this one, as long as there may be one. */
static uint32_t kept_breadth(const struct branch *b)
{
    return b->search != NULL ? b->max_breadth / 2 : 0;
}

static bool build(struct branch *b, struct request *rq, const struct hop *hop,
                  const struct hop *recorded, struct txn *t, struct buffer *out)
{
    char branch[TXN_BRANCH_MAX];
    const struct forwarding forwarding = {.uri = b->target.uri,
                                          .route = b->target.route,
                                          .hop = *hop,
                                          .recorded = *recorded,
                                          .is_bound = b->target.is_bound,
                                          .is_ours = b->target.is_ours,
                                          .branch = txn_branch(t, branch),
                                          .max_breadth = b->max_breadth - kept_breadth(b)};

    *out = worker_scratch(b->ctx->w);
    return forward_build(rq, &forwarding, out);
}

/*
 * RFC 3261 18.1.1: what does not surely fit into a datagram goes by a stream, Via and all. But not
 * Record-Route: that is for the requests that follow, which may be small (RFC 5658 6.2). Who is
 * bound to his flow cannot be connected to.
 */
static void prefer_tcp(struct branch *b, struct request *rq, struct hop *hop, struct txn *t,
                       struct buffer *out)
{
    const struct hop udp = *hop;
    struct hop tcp;

    if (hop->protocol != HOP_UDP || out->len <= MAX_DATAGRAM || b->refused_tcp || b->target.is_bound
        || !transport_choose(b->ctx->w->transport, HOP_TCP, &hop->remote, &tcp))
        return;
    if (build(b, rq, &tcp, &udp, t, out)) {
        *hop = tcp;
        b->is_tcp_for_size = true;
    } else if (!build(b, rq, &udp, &udp, t, out)) {
        out->overflowed = true;
    }
}

/* For a first word, while there may be others to try; else timer C. */
static void set_alarm(struct branch *b)
{
    struct worker *w = b->ctx->w;

    if (b->search != NULL) {
        b->awaits_word = true;
        worker_set_alarm(w, &b->timer_c, w->now_ms + w->settings->failover_ms);
    } else if (b->ctx->is_invite) {
        branch_restart_timer_c(b);
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
    b->has_provisional = false;
    set_alarm(b);
    if (txn_client_start(t, buffer_slice(&out), hop, hop_is_reliable(hop)))
        return true;
    b->txn = NULL;
    b->ctx->is_at_ceiling = true;
    return false;
}

static void stop_race(struct branch *b)
{
    race_stop(b->race);
    b->race = NULL;
}

/* Where DNS may name others, a connection is waited for, so that another can overtake it. */
static enum transport_opening
wait_for_connection(struct branch *b, const struct sip_candidate *place, struct hop *hop)
{
    if (b->search == NULL || !hop_is_reliable(hop))
        return TRANSPORT_READY;
    if (b->race == NULL)
        b->race = race_start(b->ctx->w, &race_host, b);
    return b->race != NULL ? race_add(b->race, place, hop) : TRANSPORT_CANNOT;
}

static bool send_to(struct branch *b, struct request *rq, const struct sip_candidate *place)
{
    struct hop hop;

    if (!next_hop_choose(b->ctx->w, place, &hop))
        return false;
    switch (wait_for_connection(b, place, &hop)) {
    case TRANSPORT_OPENING: return true;
    case TRANSPORT_CANNOT: return false;
    case TRANSPORT_READY: break;
    }
    stop_race(b);
    return send_by(b, rq, &hop);
}

/* RFC 3261 16.6 step 7, RFC 3263 4.3: through the places in their order, a new transaction each. */
static bool try_next_place(struct branch *b, struct request *rq)
{
    struct worker *w = b->ctx->w;

    while (b->search != NULL) {
        switch (locator_next(b->search, &w->dead_targets, w->now_ms, &b->place)) {
        case SIP_LOCATED:
            if (send_to(b, rq, &b->place))
                return true;
            break;
        case SIP_LOCATE_WAIT: return true;
        default: return false;
        }
    }
    return false;
}

static bool search(struct branch *b, struct request *rq, const struct sip_locate *machine)
{
    struct context *ctx = b->ctx;
    size_t bytes = sizeof(*b->search) + race_bytes(); /* there may be one race at a time */

    if (!request_may_park(rq, bytes)) {
        ctx->is_at_ceiling = true;
        return false;
    }
    b->search = next_hop_search(rq, machine, b, search_goes_on);
    if (b->search == NULL)
        return false;
    ctx->parked_bytes += bytes;
    ctx->w->parked_bytes += bytes;
    b->is_searched = true;
    return try_next_place(b, rq);
}

/* False: this target cannot be tried. True: sent, or the resolver was asked. */
static bool try_target(struct branch *b, struct request *rq)
{
    struct hop flow = b->target.flow;
    struct sip_locate machine;
    struct sip_uri uri;

    if (b->target.has_flow && !b->tried_flow && (!b->target.is_secure || hop_is_secure(&flow))) {
        b->tried_flow = true;
        b->is_by_flow = send_by(b, rq, &flow);
        return b->is_by_flow;
    }
    b->is_by_flow = false;
    if (b->target.is_bound)
        return false;
    if (!forward_next_hop(rq, b->target.uri, b->target.route, &uri))
        return false;
    if (b->target.is_secure)
        uri.scheme = SIP_SCHEME_SIPS;
    switch (next_hop_find(rq, &uri, &machine, &b->place)) {
    case SIP_LOCATED: return send_to(b, rq, &b->place);
    case SIP_LOCATE_WAIT: return search(b, rq, &machine);
    default: return false;
    }
}

/* False: there is no other that could be tried. */
static bool try_next_flow(struct branch *b, struct request *rq)
{
    while (b->other_flow != NULL) {
        b->target = b->other_flow->target;
        b->other_flow = b->other_flow->other_flow;
        b->tried_flow = false;
        b->refused_tcp = false;
        locator_let_go(b->search);
        b->search = NULL;
        b->is_searched = false;
        if (try_target(b, rq))
            return true;
    }
    return false;
}

void branch_init(struct branch *b, struct context *ctx, const struct target *target)
{
    *b = (struct branch){.ctx = ctx, .target = *target, .timer_c.ring = alarm_rings};
    timer_init(&b->timer_c.timer);
}

void branch_start(struct branch *b, uint32_t max_breadth, struct request *rq)
{
    struct context *ctx = b->ctx;

    b->max_breadth = max_breadth;
    ctx->open++;
    ctx->breadth_left -= max_breadth;
    if (try_target(b, rq) || try_next_flow(b, rq))
        return;
    response_assume(ctx, b->target.is_bound ? SIP_430_FLOW_FAILED : SIP_503_SERVICE_UNAVAILABLE);
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
    b->refused_tcp = true;
    return send_to(b, rq, &b->place);
}

static bool may_go_on(const struct branch *b)
{
    return b->ctx->may_fork && !b->ctx->has_final && !b->wants_cancel;
}

static bool go_on(struct branch *b)
{
    struct sip_message msg;
    struct request rq;

    timer_clear(&b->timer_c.timer);
    return may_go_on(b) && revive(b, &rq, &msg)
           && ((b->is_tcp_for_size && retry_by_udp(b, &rq)) || (b->is_by_flow && try_target(b, &rq))
               || try_next_place(b, &rq) || try_next_flow(b, &rq));
}

static void remember_as_dead(struct branch *b)
{
    struct worker *w = b->ctx->w;

    if (b->is_searched && !b->is_tcp_for_size)
        sip_dead_add(&w->dead_targets, &b->place, w->now_ms);
}

/* RFC 3263 4.3: who has said a provisional word and then no more has not failed to be there. */
void branch_failed(struct branch *b, enum sip_status status)
{
    bool is_there = status == SIP_408_REQUEST_TIMEOUT && b->has_provisional;

    if (!is_there)
        remember_as_dead(b);
    if (is_there || !go_on(b))
        finish(b, b->target.is_bound && status == SIP_503_SERVICE_UNAVAILABLE ? SIP_430_FLOW_FAILED
                                                                              : status);
}

static void search_goes_on(struct locator *locator)
{
    struct branch *b = locator->owner;
    struct worker *w = b->ctx->w;

    if (!go_on(b) && b->race == NULL)
        finish(b, SIP_503_SERVICE_UNAVAILABLE);
    arena_reset(w->arena);
}

/* --- several addresses side by side: RFC 8305 5 -------------------------------------------------
 */

static void race_is_due(void *owner)
{
    struct branch *b = owner;
    struct sip_message msg;
    struct request rq;

    if (may_go_on(b) && sip_locate_beside(&b->search->machine) && revive(b, &rq, &msg))
        (void)try_next_place(b, &rq); /* if not, there are still those that run */
}

static void race_is_won(void *owner, const struct sip_candidate *place, struct hop *hop)
{
    struct branch *b = owner;
    struct hop winner = *hop;
    struct sip_message msg;
    struct request rq;

    b->place = *place;
    stop_race(b);
    if (!may_go_on(b) || !revive(b, &rq, &msg) || !send_by(b, &rq, &winner))
        finish(b, SIP_503_SERVICE_UNAVAILABLE);
}

static void race_has_failed(void *owner, size_t left)
{
    struct branch *b = owner;

    if (left > 0) {
        race_is_due(b);
        return;
    }
    stop_race(b);
    if (!go_on(b))
        finish(b, SIP_503_SERVICE_UNAVAILABLE);
}

void branch_heard(struct branch *b)
{
    if (b->is_searched)
        sip_dead_remove(&b->ctx->w->dead_targets, &b->place);
}

/* RFC 3261 21.5.4: with Retry-After it does not want to be asked by others either. */
bool branch_turned_away(struct branch *b, const struct sip_message *response)
{
    if (b->search == NULL || !may_go_on(b))
        return false;
    if (sip_message_header(response, SIP_RETRY_AFTER) != NULL)
        remember_as_dead(b);
    txn_leave(b->txn, 0);
    b->txn = NULL;
    return go_on(b);
}

bool branch_lost_flow(struct branch *b)
{
    struct sip_message msg;
    struct request rq;

    if (b->other_flow == NULL || !may_go_on(b))
        return false;
    txn_leave(b->txn, 0);
    b->txn = NULL;
    timer_clear(&b->timer_c.timer);
    return revive(b, &rq, &msg) && try_next_flow(b, &rq);
}

/* --- silence -----------------------------------------------------------------------------------
 */

/* Who begins beside another has what breadth that one kept: RFC 5393 5.3.3. */
static struct branch *begin_beside(struct branch *b)
{
    uint32_t breadth = kept_breadth(b);
    struct branch *added = breadth > 0 ? context_add_beside(b->ctx, b) : NULL;

    if (added == NULL)
        return NULL;
    added->max_breadth = breadth;
    b->max_breadth -= breadth;
    added->search = b->search;
    added->search->owner = added;
    added->is_searched = true;
    b->search = NULL;
    return added;
}

/*
 * Nobody has said a word so far, not even a 100: the next place is tried, too. What may still come
 * from the first is as good as any branch's answer.
 */
static void try_beside(struct branch *b)
{
    struct sip_message msg;
    struct request rq;

    remember_as_dead(b);
    if (!may_go_on(b))
        return;
    struct branch *added = begin_beside(b);
    if (added == NULL)
        return;
    if (!revive(added, &rq, &msg) || !try_next_place(added, &rq))
        branch_close(added);
}

/* --- timer C and CANCEL ------------------------------------------------------------------------
 */

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
    finish(b, status);
}

/* RFC 3261 16.8; and 9.1 for one that does not even answer a CANCEL. */
static void timer_c_rings(struct branch *b)
{
    if (b->is_cancelled)
        give_up(b, SIP_487_REQUEST_TERMINATED);
    else if (b->has_provisional)
        branch_cancel(b, SLICE_NONE);
    else
        give_up(b, SIP_408_REQUEST_TIMEOUT);
}

static void word_is_due(struct branch *b)
{
    b->awaits_word = false;
    if (b->ctx->is_invite)
        branch_restart_timer_c(b);
    if (!b->has_provisional)
        try_beside(b);
}

static void alarm_rings(struct alarm *alarm)
{
    struct branch *b = CONTAINER_OF(alarm, struct branch, timer_c);

    if (b->awaits_word && !b->is_cancelled)
        word_is_due(b);
    else
        timer_c_rings(b);
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
        stop_race(b);
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

void branch_fini(struct branch *b)
{
    timer_clear(&b->timer_c.timer);
    race_stop(b->race);
    locator_let_go(b->search);
}
