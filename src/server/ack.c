/*
 * An ACK has no answer and no transaction, so its branch is a hash of where it came from: repeated,
 * it is the same (RFC 3261 16.11). One that has to wait for the resolver is parked meanwhile.
 */
#include "server/ack.h"

#include <stdlib.h>

#include "server/forward.h"
#include "server/next_hop.h"
#include "server/route.h"

enum {
    BRANCH_BYTES = 7 + 16,
    MAX_DATAGRAM = 1300, /* RFC 3261 18.1.1 */
};

struct waiting_ack {
    struct parked request;
};

/* False: its Via is too long. */
static bool stateless_branch(struct request *ack, struct buffer *branch)
{
    struct {
        struct hash_wide key;
        char loop_token[TOKEN_LEN];
    } way;

    if (!txn_key_of(ack->w->txns, ack->msg, &ack->hashes, &way.key))
        return false;
    memcpy(way.loop_token, ack->loop_token, TOKEN_LEN);
    uint64_t hash = hash_bytes(&ack->w->server->keys.ours_alone,
                               (struct slice){(const char *)&way, sizeof(way)});
    buffer_add(branch, SLICE("z9hG4bK"));
    buffer_add_hex(branch, &hash, sizeof(hash));
    return true;
}

static bool build(struct request *ack, const struct target *target, const struct hop *hop,
                  struct buffer *out)
{
    char text[BRANCH_BYTES];
    struct buffer branch = buffer_over(text, sizeof(text));
    if (!stateless_branch(ack, &branch))
        return false;
    const struct forwarding forwarding = {.uri = target->uri,
                                          .route = target->route,
                                          .hop = *hop,
                                          .recorded = *hop,
                                          .is_bound = target->is_bound,
                                          .is_ours = target->is_ours,
                                          .branch = buffer_slice(&branch),
                                          .max_breadth = forward_breadth(ack->msg)};

    *out = worker_scratch(ack->w);
    return forward_build(ack, &forwarding, out);
}

/*
 * RFC 3261 18.1.1 asks for a stream where it is large. Without state there is no falling back to a
 * datagram, so only a stream that is open is taken.
 */
static bool has_stream(struct request *ack, const struct hop *udp, struct hop *out)
{
    return udp->protocol == HOP_UDP
           && transport_choose(ack->w->transport, HOP_TCP, &udp->remote, out)
           && out->connection != 0;
}

static void send_by(struct request *ack, const struct target *target, const struct hop *hop)
{
    struct buffer out;
    struct hop tcp;

    if (!build(ack, target, hop, &out))
        return;
    if (out.len > MAX_DATAGRAM && !target->is_bound && has_stream(ack, hop, &tcp)) {
        if (build(ack, target, &tcp, &out))
            worker_send(ack->w, &tcp, buffer_slice(&out));
        return;
    }
    worker_send(ack->w, hop, buffer_slice(&out));
}

static void send_to(struct request *ack, const struct target *target,
                    const struct sip_candidate *place)
{
    struct hop hop;

    if (next_hop_choose(ack->w, place, &target->named_by, &hop) == SIP_GO_ON)
        send_by(ack, target, &hop);
}

static void go_on(const struct parked *parked, const struct sip_candidate *place)
{
    struct target_list targets;
    struct sip_message msg;
    struct request ack;

    request_revive(parked, &ack, &msg);
    if (route_again(&ack) && target_find(&ack, &targets) == SIP_GO_ON)
        send_to(&ack, &targets.items[0], place);
}

static void end(struct waiting_ack *waiting, struct locator *search)
{
    parked_fini(&waiting->request);
    locator_let_go(search);
    free(waiting);
}

/* Of the addresses of one name, that which the INVITE went to: a connection to it is open. */
static void prefer_open(struct worker *w, struct locator *search, struct sip_candidate *place)
{
    struct sip_candidate other = *place;

    while (!next_hop_is_open(w, &other)) {
        if (!sip_locate_beside(&search->machine)
            || locator_next(search, &w->dead_targets, w->now_ms, &other) != SIP_LOCATED)
            return;
    }
    *place = other;
}

static void try_place(struct locator *search)
{
    struct waiting_ack *waiting = search->owner;
    struct worker *w = waiting->request.w;
    struct sip_candidate place;
    enum sip_locate_result result = SIP_LOCATE_NO_MORE;

    if (!w->is_over)
        result = locator_next(search, &w->dead_targets, w->now_ms, &place);
    if (result == SIP_LOCATE_WAIT)
        return;
    if (result == SIP_LOCATED) {
        prefer_open(w, search, &place);
        go_on(&waiting->request, &place);
    }
    end(waiting, search);
}

static void search_goes_on(struct locator *search)
{
    const struct waiting_ack *waiting = search->owner;
    struct worker *w = waiting->request.w;

    try_place(search);
    arena_reset(w->arena);
}

static void wait_for_place(struct request *ack, const struct sip_locate *machine,
                           const struct net_addr *namer)
{
    struct waiting_ack *waiting = malloc(sizeof(*waiting));
    struct locator *search = next_hop_search(ack, machine, namer, waiting, search_goes_on);

    if (waiting != NULL && search != NULL && request_park(ack, &waiting->request)) {
        try_place(search);
        return;
    }
    locator_let_go(search);
    free(waiting);
}

void ack_forward(struct request *ack, const struct target_list *targets)
{
    const struct target *target = &targets->items[0];
    struct sip_locate machine;
    struct sip_candidate place;

    worker_saw_ack(ack->w);
    if (target->has_flow && (!target->is_secure || hop_is_secure(&target->flow))) {
        send_by(ack, target, &target->flow);
        return;
    }
    switch (next_hop_find(ack, target, &machine, &place)) {
    case SIP_LOCATED: send_to(ack, target, &place); break;
    case SIP_LOCATE_WAIT: wait_for_place(ack, &machine, &target->named_by); break;
    default: break;
    }
}
