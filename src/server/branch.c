/*
 * A branch: one target, one client transaction at a time, the next attempt when one fails, another
 * beside it when one is silent. RFC 3261 16.6 steps 7 to 11, 16.9; RFC 3263 4.3.
 */
#include "server/branch_inside.h"
#include "server/next_hop.h"
#include "server/race.h"
#include "server/route.h"

static void alarm_rings(struct alarm *alarm);

void branch_init(struct branch *b, struct context *ctx, const struct target *target)
{
    *b = (struct branch){.ctx = ctx, .target = *target, .timer_c.ring = alarm_rings};
    timer_init(&b->timer_c.timer);
}

/*
 * Where there is nowhere to send it: RFC 3261 21.4.4 to who has asked for what he may not reach, as
 * asking again will not help; 21.4.18 where it was the user himself who has named that.
 */
static enum sip_status status_of_unsent(const struct branch *b)
{
    if (b->is_forbidden)
        return b->target.is_ours ? SIP_480_TEMPORARILY_UNAVAILABLE : SIP_403_FORBIDDEN;
    return b->target.is_bound ? SIP_430_FLOW_FAILED : SIP_503_SERVICE_UNAVAILABLE;
}

void branch_start(struct branch *b, uint32_t max_breadth, struct request *rq)
{
    struct context *ctx = b->ctx;

    b->max_breadth = max_breadth;
    ctx->open++;
    ctx->breadth_left -= max_breadth;
    if (branch_try_target(b, rq) || branch_try_next_flow(b, rq))
        return;
    response_assume(ctx, status_of_unsent(b));
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

bool branch_revive(struct branch *b, struct request *rq, struct sip_message *msg)
{
    request_revive(&b->ctx->request, rq, msg);
    rq->txn = b->ctx->server;
    return route_again(rq);
}

/* Who was to be cancelled and never said a word has stopped, too: RFC 3261 9.1. */
void branch_finish(struct branch *b, enum sip_status status)
{
    struct context *ctx = b->ctx;

    response_assume(ctx, b->wants_cancel ? SIP_487_REQUEST_TERMINATED : status);
    branch_close(b);
    context_branch_done(ctx);
}

bool branch_may_go_on(const struct branch *b)
{
    return b->ctx->may_fork && !b->ctx->has_final && !b->wants_cancel;
}

bool branch_go_on(struct branch *b)
{
    struct sip_message msg;
    struct request rq;

    timer_clear(&b->timer_c.timer);
    return branch_may_go_on(b) && branch_revive(b, &rq, &msg)
           && ((b->is_tcp_for_size && branch_retry_by_udp(b, &rq))
               || (b->is_by_flow && branch_try_target(b, &rq)) || branch_try_next_place(b, &rq)
               || branch_try_next_flow(b, &rq));
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
    if (is_there || !branch_go_on(b))
        branch_finish(b, b->target.is_bound && status == SIP_503_SERVICE_UNAVAILABLE
                             ? SIP_430_FLOW_FAILED
                             : status);
}

void branch_search_goes_on(struct locator *locator)
{
    struct branch *b = locator->owner;
    struct worker *w = b->ctx->w;

    if (!branch_go_on(b) && b->race == NULL)
        branch_finish(b, status_of_unsent(b));
    arena_reset(w->arena);
}

void branch_heard(struct branch *b)
{
    if (b->is_searched)
        sip_dead_remove(&b->ctx->w->dead_targets, &b->place);
}

/* RFC 3261 21.5.4: with Retry-After it does not want to be asked by others either. */
bool branch_turned_away(struct branch *b, const struct sip_message *response)
{
    if (b->search == NULL || !branch_may_go_on(b))
        return false;
    if (sip_message_header(response, SIP_RETRY_AFTER) != NULL)
        remember_as_dead(b);
    txn_leave(b->txn, 0);
    b->txn = NULL;
    b->other_flow = NULL; /* it is an answer for the whole instance: RFC 5626 7 */
    return branch_go_on(b);
}

bool branch_lost_flow(struct branch *b, int status)
{
    struct sip_message msg;
    struct request rq;
    bool is_lost =
        status == SIP_430_FLOW_FAILED || (status == SIP_408_REQUEST_TIMEOUT && !b->has_provisional);

    if (!is_lost || b->other_flow == NULL || !branch_may_go_on(b))
        return false;
    txn_leave(b->txn, 0);
    b->txn = NULL;
    timer_clear(&b->timer_c.timer);
    return branch_revive(b, &rq, &msg) && branch_try_next_flow(b, &rq);
}

/* --- silence -----------------------------------------------------------------------------------
 */

/* Who begins beside another has what breadth that one kept: RFC 5393 5.3.3. */
static struct branch *begin_beside(struct branch *b)
{
    uint32_t breadth = branch_kept_breadth(b);
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
    if (!branch_may_go_on(b))
        return;
    struct branch *added = begin_beside(b);
    if (added == NULL)
        return;
    if (!branch_revive(added, &rq, &msg) || !branch_try_next_place(added, &rq))
        branch_close(added);
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
        branch_timer_c_rings(b);
}

void branch_fini(struct branch *b)
{
    timer_clear(&b->timer_c.timer);
    race_stop(b->race);
    locator_let_go(b->search);
}
