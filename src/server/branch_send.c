/*
 * Where a branch sends its request, and what it sends: by a flow, to a literal, or from place to
 * place as DNS names them. RFC 3261 16.6 steps 7 to 10, 18.1.1; RFC 3263 4.3; RFC 8305.
 */
#include "server/branch_inside.h"
#include "server/forward.h"
#include "server/next_hop.h"
#include "server/race.h"

enum { MAX_DATAGRAM = 1300 /* RFC 3261 18.1.1, where the path MTU is not known */ };

static void race_is_due(void *owner);
static void race_is_won(void *owner, const struct sip_candidate *place, struct hop *hop);
static void race_has_failed(void *owner, size_t left);

static const struct race_host race_host = {race_is_due, race_is_won, race_has_failed};

uint32_t branch_kept_breadth(const struct branch *b)
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
                                          .max_breadth = b->max_breadth - branch_kept_breadth(b)};

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

void branch_stop_race(struct branch *b)
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

    enum sip_status status = next_hop_choose(b->ctx->w, place, &b->target.named_by, &hop);
    b->is_forbidden = status == SIP_403_FORBIDDEN;
    if (status != SIP_GO_ON)
        return false;
    switch (wait_for_connection(b, place, &hop)) {
    case TRANSPORT_OPENING: return true;
    case TRANSPORT_CANNOT: return false;
    case TRANSPORT_READY: break;
    }
    branch_stop_race(b);
    return send_by(b, rq, &hop);
}

/* RFC 3261 16.6 step 7, RFC 3263 4.3: through the places in their order, a new transaction each. */
bool branch_try_next_place(struct branch *b, struct request *rq)
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
    b->search = next_hop_search(rq, machine, &b->target.named_by, b, branch_search_goes_on);
    if (b->search == NULL)
        return false;
    ctx->parked_bytes += bytes;
    ctx->w->parked_bytes += bytes;
    b->is_searched = true;
    return branch_try_next_place(b, rq);
}

bool branch_try_target(struct branch *b, struct request *rq)
{
    struct hop flow = b->target.flow;
    struct sip_locate machine;

    b->is_forbidden = false;
    if (b->target.has_flow && !b->tried_flow && (!b->target.is_secure || hop_is_secure(&flow))) {
        b->tried_flow = true;
        b->is_by_flow = send_by(b, rq, &flow);
        return b->is_by_flow;
    }
    b->is_by_flow = false;
    if (b->target.is_bound)
        return false;
    switch (next_hop_find(rq, &b->target, &machine, &b->place)) {
    case SIP_LOCATED: return send_to(b, rq, &b->place);
    case SIP_LOCATE_WAIT: return search(b, rq, &machine);
    default: return false;
    }
}

bool branch_try_next_flow(struct branch *b, struct request *rq)
{
    while (b->other_flow != NULL) {
        b->target = b->other_flow->target;
        b->other_flow = b->other_flow->other_flow;
        b->tried_flow = false;
        b->refused_tcp = false;
        locator_let_go(b->search);
        b->search = NULL;
        b->is_searched = false;
        if (branch_try_target(b, rq))
            return true;
    }
    return false;
}

/* A stream that was taken for the size alone gives way to a datagram after all: 18.1.1. */
bool branch_retry_by_udp(struct branch *b, struct request *rq)
{
    b->refused_tcp = true;
    return send_to(b, rq, &b->place);
}

/* --- several addresses side by side: RFC 8305 5 -------------------------------------------------
 */

static void race_is_due(void *owner)
{
    struct branch *b = owner;
    struct sip_message msg;
    struct request rq;

    if (branch_may_go_on(b) && sip_locate_beside(&b->search->machine)
        && branch_revive(b, &rq, &msg))
        (void)branch_try_next_place(b, &rq); /* if not, there are still those that run */
}

static void race_is_won(void *owner, const struct sip_candidate *place, struct hop *hop)
{
    struct branch *b = owner;
    struct hop winner = *hop;
    struct sip_message msg;
    struct request rq;

    b->place = *place;
    branch_stop_race(b);
    if (!branch_may_go_on(b) || !branch_revive(b, &rq, &msg) || !send_by(b, &rq, &winner))
        branch_finish(b, SIP_503_SERVICE_UNAVAILABLE);
}

static void race_has_failed(void *owner, size_t left)
{
    struct branch *b = owner;

    if (left > 0) {
        race_is_due(b);
        return;
    }
    branch_stop_race(b);
    if (!branch_go_on(b))
        branch_finish(b, SIP_503_SERVICE_UNAVAILABLE);
}
