/*
 * The response context: its making, its groups of branches, its end. What a branch does is in
 * branch.c, what becomes of responses in response.c.
 */
#include "server/proxy.h"

#include <stdlib.h>

#include "server/context.h"
#include "server/forward.h"
#include "server/reply.h"
#include "server/route.h"
#include "server/token.h"

/* --- making ------------------------------------------------------------------------------------
 */

static size_t bytes_of_targets(const struct target_list *targets)
{
    size_t bytes = targets->count * sizeof(struct branch);

    for (size_t i = 0; i < targets->count; i++)
        bytes += targets->items[i].uri.len + targets->items[i].route.len;
    return bytes;
}

static struct slice copy_to(char **at, struct slice text)
{
    struct slice copy = {*at, text.len};

    if (text.len > 0)
        memcpy(*at, text.ptr, text.len);
    *at += text.len;
    return copy;
}

/* Alternatives are in no list but that of the branch they are alternatives to. */
static void copy_targets(struct context *ctx, const struct target_list *targets, char **at)
{
    struct branch *branches = (struct branch *)(void *)(ctx + 1);
    struct branch **link = &ctx->branches, **other_link = NULL;

    *at = (char *)(branches + targets->count);
    for (size_t i = 0; i < targets->count; i++) {
        struct branch *b = &branches[i];
        branch_init(b, ctx, &targets->items[i]);
        b->target.uri = copy_to(at, targets->items[i].uri);
        b->target.route = copy_to(at, targets->items[i].route);
        if (b->target.is_alternative) {
            *other_link = b;
        } else {
            *link = b;
            link = &b->next;
        }
        other_link = &b->other_flow;
    }
    ctx->waiting = &ctx->branches;
}

static struct context *context_new(struct request *rq, const struct target_list *targets)
{
    struct worker *w = rq->w;
    size_t bytes = sizeof(struct context) + bytes_of_targets(targets) + rq->msg->bytes.len;

    if (!request_may_park(rq, bytes))
        return NULL;
    struct context *ctx = cells_take(&w->cells, bytes);
    if (ctx == NULL)
        return NULL;
    *ctx = (struct context){
        .w = w,
        .bytes = bytes,
        .parked_bytes = bytes,
        .server = rq->txn,
        .is_invite = rq->msg->method_id == SIP_INVITE,
        .may_fork = true,
        .is_spiral = targets->count > 1 && token_finds_spiral(rq),
        .breadth_left = forward_breadth(rq->msg),
    };
    char *at;
    copy_targets(ctx, targets, &at);
    ctx->request = (struct parked){.w = w,
                                   .from = rq->from,
                                   .bytes = at,
                                   .len = rq->msg->bytes.len,
                                   .txn = txn_id_of(rq->txn),
                                   .is_authenticated = rq->is_authenticated};
    (void)copy_to(&at, rq->msg->bytes);
    list_add(&w->contexts, &ctx->node);
    w->parked_bytes += bytes;
    w->waiting++;
    return ctx;
}

struct branch *context_add_beside(struct context *ctx, struct branch *b)
{
    struct branch *added = malloc(sizeof(*added));

    if (added == NULL)
        return NULL;
    branch_init(added, ctx, &b->target);
    added->is_added = true;
    added->next = b->next;
    b->next = added;
    if (ctx->waiting == &b->next)
        ctx->waiting = &added->next;
    ctx->open++;
    return added;
}

bool context_add_target(struct context *ctx, struct slice uri, const struct net_addr *namer)
{
    struct branch *added = malloc(sizeof(*added) + uri.len);

    if (added == NULL)
        return false;
    char *text = (char *)(added + 1);
    memcpy(text, uri.ptr, uri.len);
    branch_init(added, ctx,
                &(struct target){
                    .uri = {text, uri.len},
                    .named_by = *namer,
                    .is_ours = true, /* a user of ours has named him */
                    .q_thousandths = ctx->group_q_thousandths
    });
    added->is_added = true;
    added->next = *ctx->waiting;
    *ctx->waiting = added;
    return true;
}

/* --- the groups --------------------------------------------------------------------------------
 */

/* Targets of equal q side by side; the next group when none of the present one is open. */
static bool may_start(const struct context *ctx)
{
    const struct branch *next = *ctx->waiting;

    return next != NULL && ctx->may_fork && !ctx->has_final && ctx->breadth_left > 0
           && (ctx->open == 0 || next->target.q_thousandths == ctx->group_q_thousandths);
}

/* With how many, itself among them, the first shares the breadth. */
static size_t count_sharers(const struct context *ctx, const struct branch *first)
{
    size_t count = 0;

    for (const struct branch *other = first;
         other != NULL
         && (ctx->is_spiral || other->target.q_thousandths == first->target.q_thousandths);
         other = other->next)
        count++;
    return count;
}

/*
 * A group shares the breadth, all of it; a target for which none is left waits until a branch has
 * ended: RFC 5393 5.3.3. That bounds how many branches there are at a time, not how many there
 * are: users whose contacts are each other would be tried in every order, one after the other. So a
 * request that comes back to us gets no breadth back.
 */
static void start_branches(struct context *ctx, struct request *rq)
{
    while (may_start(ctx)) {
        struct branch *next = *ctx->waiting;
        size_t sharers = count_sharers(ctx, next);
        size_t share = (ctx->breadth_left + sharers - 1) / sharers;

        ctx->waiting = &next->next;
        ctx->group_q_thousandths = next->target.q_thousandths;
        branch_start(next, (uint32_t)share, rq);
    }
}

static void start_waiting(struct context *ctx)
{
    struct sip_message msg;
    struct request rq;

    request_revive(&ctx->request, &rq, &msg);
    rq.txn = ctx->server;
    if (route_again(&rq))
        start_branches(ctx, &rq);
    else
        ctx->may_fork = false;
}

/* What the server is for now, to repeat its answer, and the clients, to absorb what is repeated. */
static void leave_transactions(struct context *ctx)
{
    txn_id server = ctx->server != NULL ? txn_id_of(ctx->server) : 0;

    if (ctx->server != NULL)
        txn_leave(ctx->server, 0);
    for (struct branch *b = ctx->branches; b != *ctx->waiting; b = b->next) {
        if (b->txn != NULL)
            txn_leave(b->txn, server);
    }
    ctx->has_ended = true;
    list_remove(&ctx->node);
    list_add(&ctx->w->ended_contexts, &ctx->node);
}

void context_branch_done(struct context *ctx)
{
    if (may_start(ctx))
        start_waiting(ctx);
    if (ctx->open == 0 && !ctx->has_final)
        response_send_best(ctx);
    if (ctx->open == 0 && !ctx->has_ended)
        leave_transactions(ctx);
}

void proxy_start(struct request *rq, const struct target_list *targets)
{
    struct worker *w = rq->w;

    if (forward_breadth(rq->msg) == 0) {
        request_reply(rq, SIP_440_MAX_BREADTH_EXCEEDED);
        return;
    }
    rq->txn = txn_server_start(w->txns, rq->msg, &rq->hashes, &rq->reply_hop,
                               hop_is_reliable(&rq->reply_hop), NULL);
    struct context *ctx = rq->txn != NULL ? context_new(rq, targets) : NULL;
    if (ctx == NULL) {
        request_reply(rq, SIP_503_SERVICE_UNAVAILABLE);
        return;
    }
    txn_set_user(rq->txn, ctx);
    start_branches(ctx, rq);
    context_branch_done(ctx);
}

/* --- what the transactions tell ----------------------------------------------------------------
 */

static void send_trying(struct context *ctx)
{
    struct sip_message msg;
    struct request rq;

    if (ctx->has_final)
        return;
    request_revive(&ctx->request, &rq, &msg);
    rq.txn = ctx->server;
    request_reply(&rq, SIP_100_TRYING);
}

/*
 * RFC 6026 8.8: an ACK for a 2xx that came with the branch of its INVITE goes its way, too. It came
 * from where the answers to the INVITE go.
 */
static void pass_ack_on(struct worker *w, const struct txn *invite, const struct sip_message *ack)
{
    struct request rq = {.w = w,
                         .settings = w->settings,
                         .msg = ack,
                         .from = *(const struct hop *)txn_route(invite)};

    reply_prepare(&rq);
    route_request(&rq);
}

static void server_told(struct context *ctx, enum txn_news news)
{
    switch (news) {
    case TXN_TRYING_DUE: send_trying(ctx); break;
    case TXN_ENDED:
        ctx->server = NULL;
        ctx->may_fork = false; /* nobody waits for an answer any more */
        break;
    default: break; /* RFC 3261 16.9: a response that cannot be delivered is dropped */
    }
}

static void client_failed(struct branch *b, struct txn *t, enum sip_status status)
{
    b->txn = NULL;
    txn_leave(t, 0);
    if (!b->has_final) /* else it was the ACK that nobody took */
        branch_failed(b, status);
}

static void client_told(struct branch *b, struct txn *t, enum txn_news news,
                        const struct sip_message *msg)
{
    switch (news) {
    case TXN_RESPONSE: response_received(b, msg); break;
    case TXN_TIMEOUT: client_failed(b, t, SIP_408_REQUEST_TIMEOUT); break;
    case TXN_UNREACHABLE: client_failed(b, t, SIP_503_SERVICE_UNAVAILABLE); break;
    case TXN_ENDED: b->txn = NULL; break;
    default: break;
    }
}

void proxy_told(struct worker *w, struct txn *t, enum txn_news news, const struct sip_message *msg)
{
    if (news == TXN_ACK)
        pass_ack_on(w, t, msg);
    else if (txn_partner(t) != 0 && news == TXN_RESPONSE)
        response_repeated(w, t, msg);
    else if (txn_user(t) == NULL)
        return; /* all has been said, or it is not the proxy's */
    else if (txn_is_server(t))
        server_told(txn_user(t), news);
    else
        client_told(txn_user(t), t, news, msg);
}

/* All values as one list; SLICE_NONE: there are none. */
static struct slice reason_of(struct worker *w, const struct sip_message *cancel)
{
    const struct sip_header *header = sip_message_header(cancel, SIP_REASON);
    char *memory = arena_alloc(w->arena, cancel->bytes.len);

    if (header == NULL || memory == NULL)
        return SLICE_NONE;
    struct buffer list = buffer_over(memory, cancel->bytes.len);
    for (; header != NULL; header = sip_message_next(cancel, header)) {
        buffer_add_text(&list, list.len > 0 && header->value.len > 0 ? ", " : "");
        buffer_add(&list, header->value);
    }
    return buffer_slice(&list);
}

/* RFC 3261 16.10; the Reason (RFC 3326) that the caller gave goes along. */
void proxy_cancel(struct txn *invite, const struct sip_message *cancel)
{
    struct context *ctx = txn_user(invite);

    if (ctx == NULL || ctx->has_final)
        return;
    ctx->is_cancelled = true;
    ctx->may_fork = false;
    branch_cancel_others(ctx, NULL, reason_of(ctx->w, cancel));
    context_branch_done(ctx);
}

/* --- the end -----------------------------------------------------------------------------------
 */

static void free_branches(struct context *ctx)
{
    struct branch *b = ctx->branches;

    while (b != NULL) {
        struct branch *next = b->next;
        branch_fini(b);
        if (b->is_added)
            free(b);
        b = next;
    }
}

static void context_free(struct context *ctx)
{
    free_branches(ctx);
    list_remove(&ctx->node);
    ctx->w->parked_bytes -= ctx->parked_bytes;
    bytes_free(&ctx->reason);
    bytes_free(&ctx->best);
    bytes_free(&ctx->other_challenges);
    cells_give_back(&ctx->w->cells, ctx, ctx->bytes);
}

void proxy_free_ended(struct worker *w)
{
    while (!list_is_empty(&w->ended_contexts))
        context_free(CONTAINER_OF(w->ended_contexts.next, struct context, node));
}

void proxy_free_all(struct worker *w)
{
    proxy_free_ended(w);
    while (!list_is_empty(&w->contexts))
        context_free(CONTAINER_OF(w->contexts.next, struct context, node));
}
