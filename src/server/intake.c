/*
 * Everything received arrives here: datagrams and messages cut out of streams, from the network or
 * by mail from another worker, responses and requests alike. RFC 3261 18.1.2, 18.2.1.
 */
#include "server/intake.h"

#include "base/buffer.h"
#include "server/alias.h"
#include "server/auth.h"
#include "server/parcel.h"
#include "server/proxy.h"
#include "server/registrar.h"
#include "server/reply.h"
#include "server/request.h"
#include "server/route.h"
#include "server/trace.h"
#include "server/way_back.h"
#include "sip/peek.h"
#include "sip/stun.h"

static void count_unreadable(struct worker *w, const struct hop *from, const char *reason)
{
    char text[80];
    struct buffer source = buffer_over(text, sizeof(text));

    w->counters.unreadable++;
    if (!log_wants(&w->log, LOG_DEBUG))
        return;
    net_addr_write(&from->remote, &source);
    LOG(&w->log, LOG_DEBUG, "dropped", {"reason", slice_of(reason)},
        {"source", buffer_slice(&source)});
}

/* NULL: no memory. */
static struct request *new_request(struct worker *w, const struct hop *from,
                                   const struct sip_message *msg)
{
    struct request *rq = arena_alloc(w->arena, sizeof(*rq));

    if (rq == NULL) {
        w->counters.no_memory++;
        return NULL;
    }
    *rq = (struct request){
        .w = w, .settings = w->settings, .msg = msg, .from = *from, .is_unmatched = true};
    return rq;
}

/* Those that some of make no transaction: the others are matched in route.c or registrar.c. */
static bool is_matched_late(const struct sip_message *msg)
{
    return msg->method_id == SIP_OPTIONS || msg->method_id == SIP_REGISTER;
}

/* A REGISTER is nearly always for us: if not, nothing is lost. */
static void warm_transactions(struct request *rq)
{
    if (rq->msg->method_id != SIP_REGISTER || auth_lacks_credentials(rq)
        || registrar_matches_late(rq))
        return;
    rq->hashes.is_uas = true;
    txn_table_warm(rq->w->txns, rq->msg, &rq->hashes);
}

static void handle_request(struct worker *w, const struct hop *from, const struct sip_message *msg)
{
    struct request *rq = new_request(w, from, msg);

    if (rq == NULL)
        return;
    warm_transactions(rq);
    if (!is_matched_late(msg) && request_is_known(rq))
        return;
    reply_prepare(rq);
    route_request(rq);
}

static void handle_response(struct worker *w, const struct sip_message *msg)
{
    struct txn *t = txn_table_match(w->txns, msg, NULL);

    if (t != NULL)
        txn_receive(t, msg); /* an answer we wait for */
    else
        w->counters.stray_responses++; /* RFC 6026 7.3: never forwarded */
}

/* The straight path of every message. */
static void handle(struct worker *w, const struct hop *from, const struct sip_message *msg)
{
    if (msg->is_request)
        handle_request(w, from, msg);
    else
        handle_response(w, msg);
}

/* The version has no case (RFC 3261 7.1), and no method a "/". */
static bool is_response(struct slice head)
{
    return head.len > 4 && slice_equal_nocase((struct slice){head.ptr, 4}, SLICE("SIP/"));
}

static bool is_keep_alive(struct slice bytes)
{
    return slice_trim(bytes).len == 0;
}

static bool parse(struct worker *w, const struct hop *from, struct slice bytes,
                  struct sip_message *out)
{
    struct sip_fault fault;

    if (sip_message_parse(bytes, out, &fault) && sip_message_check(out, &fault))
        return true;
    if (out->is_request && sip_message_is_answerable(out))
        reply_to_malformed(w, from, out, &fault);
    else
        count_unreadable(w, from, fault.phrase);
    return false;
}

/* A datagram comes again, perhaps to a transaction that exists; what came by a stream does not. */
static void refuse_for_load(struct worker *w, const struct hop *from, struct slice bytes)
{
    const struct sip_fault overload = {SIP_503_SERVICE_UNAVAILABLE, "Overloaded"};
    struct sip_message msg;

    if (hop_is_reliable(from) && parse(w, from, bytes, &msg) && msg.is_request)
        reply_to_malformed(w, from, &msg, &overload);
}

static void mail(struct worker *w, struct worker *owner, const struct hop *from, struct slice bytes)
{
    if (!parcel_send_received(w, owner, from, bytes))
        refuse_for_load(w, from, bytes);
}

static void handle_own(struct worker *w, const struct hop *from, struct slice bytes)
{
    struct sip_message msg;

    if (parse(w, from, bytes, &msg))
        handle(w, from, &msg);
}

/* Who has sent the request, as its branch says; of what says nothing of ours, whoever got it. */
static struct worker *owner_of_response(struct worker *w, const struct sip_message *msg)
{
    int number = txn_branch_number(msg->basics.via.branch);

    return number >= 0 && (size_t)number < w->server->worker_count ? w->server->workers[number] : w;
}

/* An OPTIONS for us makes no transaction, and is answered where it arrived; others: see route.c. */
static struct worker *owner_of(struct worker *w, const struct sip_message *msg)
{
    if (!msg->is_request)
        return owner_of_response(w, msg);
    if (msg->method_id == SIP_OPTIONS)
        return w;
    return worker_of_call(w, msg->basics.call_id, msg->method_id == SIP_INVITE);
}

static void parse_and_find_owner(struct worker *w, const struct hop *from, struct slice bytes)
{
    struct sip_message msg;

    if (!parse(w, from, bytes, &msg))
        return;
    struct worker *owner = owner_of(w, &msg);
    if (owner == w)
        handle(w, from, &msg);
    else
        mail(w, owner, from, msg.bytes);
}

/*
 * Whose it is, if that takes no parser: the owner parses it, and nobody else. NULL: it does, or
 * the Call-ID does not tell.
 */
static struct worker *owner_in_sight(struct worker *w, struct slice bytes)
{
    struct slice call_id;

    if (w->server->worker_count == 1)
        return w;
    if (bytes.ptr[0] == '\r' || bytes.ptr[0] == '\n' || is_response(bytes)
        || slice_starts_with(bytes, SLICE("OPTIONS ")) || !sip_peek_call_id(bytes, &call_id))
        return NULL;
    return worker_of_call(w, call_id, slice_starts_with(bytes, SLICE("INVITE ")));
}

/* RFC 5626 5.4, 8: what keeps a NAT open is answered from the socket it came to, without state. */
static void answer_stun(struct worker *w, const struct hop *from, struct slice bytes)
{
    const struct stun_source source = {
        .ip = from->remote.ip, .is_ipv6 = from->remote.family == 6, .port = from->remote.port};
    struct buffer out = worker_scratch(w);

    if (stun_answer(bytes, &source, &out))
        transport_send(w->transport, from, buffer_slice(&out));
    else
        count_unreadable(w, from, "neither SIP nor a STUN binding request");
}

void intake_received(struct worker *w, const struct hop *from, struct slice bytes)
{
    if (stun_is_likely(bytes) && from->protocol == HOP_UDP) {
        answer_stun(w, from, bytes);
        return;
    }
    if (is_keep_alive(bytes))
        return;
    trace_received(w, from, bytes);
    alias_obey(w, from, bytes);
    struct worker *owner = owner_in_sight(w, bytes);
    if (owner == w)
        handle_own(w, from, bytes);
    else if (owner != NULL)
        mail(w, owner, from, bytes);
    else
        parse_and_find_owner(w, from, bytes);
    arena_reset(w->arena);
}

void intake_mailed(struct worker *w, const struct hop *from, struct slice bytes)
{
    handle_own(w, from, bytes);
    arena_reset(w->arena);
}

void intake_broken(struct worker *w, const struct hop *from, struct slice head, int status)
{
    struct sip_message msg;
    struct sip_fault fault;
    struct sip_fault broken = {(uint16_t)status, status == SIP_513_MESSAGE_TOO_LARGE
                                                     ? "Message Too Large"
                                                     : "Missing or Malformed Content-Length"};

    bool is_whole = sip_message_parse(head, &msg, &fault);
    if (msg.is_request && sip_message_is_answerable(&msg))
        reply_to_malformed(w, from, &msg, is_whole || status != 400 ? &broken : &fault);
    else
        count_unreadable(w, from, broken.phrase);
    arena_reset(w->arena);
}

static bool tell_transaction(struct worker *w, struct slice head)
{
    struct txn *t = txn_table_find_sent(w->txns, head);

    if (t != NULL)
        txn_unreachable(t);
    arena_reset(w->arena);
    return t != NULL;
}

/*
 * What a client transaction sent is told on; a response may have another way (RFC 3263 5), but who
 * sent it is not concerned (RFC 3261 16.9). The kernel hands an ICMP error to any of the sockets
 * that share a port: the others are asked.
 */
void intake_unreachable(struct worker *w, const struct hop *to, struct slice head)
{
    if (is_response(head)) {
        way_back_find(w, to, head);
        arena_reset(w->arena);
        return;
    }
    if (tell_transaction(w, head))
        return;
    for (size_t i = 0; i < w->server->worker_count; i++) {
        if (i != w->index)
            parcel_send_unreachable(w, w->server->workers[i], to, head);
    }
}

void intake_mailed_unreachable(struct worker *w, struct slice head)
{
    (void)tell_transaction(w, head);
}
