/*
 * The loop, the transport and one transaction at a time. Its own clock is finer than the loop's:
 * a round trip on one machine takes a fraction of a millisecond.
 */
#include "tools/ping.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/timer_wheel.h"
#include "net/socket.h"
#include "sip/build.h"
#include "transport/transport.h"
#include "txn/table.h"

enum { MAX_REQUEST = 8192, ID_BYTES = 8, ID_LEN = 2 * ID_BYTES, MAX_FORWARDS = 70 };

struct pinger {
    const struct ping_plan *plan;
    ping_tell *tell;
    void *arg;
    struct net_loop *loop;
    struct transport *transport;
    struct txn_table *txns;
    struct txn *txn; /* NULL: none under way */
    struct hop hop;
    size_t target;
    uint32_t told;        /* how many have come to an end */
    uint64_t next_ms;     /* when the next begins */
    uint64_t deadline_ms; /* of the one under way */
    uint64_t sent_us;
    uint64_t received_us;
    char call_id[ID_LEN];
    char tag[ID_LEN];
    struct sip_message msg;
    char request[MAX_REQUEST];
};

static uint64_t turn_ends(void *host, uint64_t now_ms);
static void turn_begins(void *host, uint64_t now_ms);
static void received(void *host, const struct hop *from, struct slice bytes);
static void broken(void *host, const struct hop *from, struct slice head, int status);
static void unreachable(void *host, const struct hop *to, struct slice head);
static void closed(void *host, const struct hop *flow);
static void unsecured(void *host, const struct hop *flow, bool is_ours, const char *reason);
static void txn_sends(void *host, struct txn *t, struct slice bytes);
static void txn_tells(void *host, struct txn *t, enum txn_news news, const struct sip_message *msg);

static const struct net_loop_host loop_host = {turn_begins, turn_ends};
static const struct transport_host transport_host = {.received = received,
                                                     .broken = broken,
                                                     .unreachable = unreachable,
                                                     .closed = closed,
                                                     .unsecured = unsecured};
static const struct txn_host txn_host = {txn_sends, txn_tells};

/* --- making it ---------------------------------------------------------------------------------
 */

static bool fill_randomly(void *out, size_t count)
{
    return getrandom(out, count, 0) == (ssize_t)count;
}

static void make_id(char out[ID_LEN])
{
    unsigned char bytes[ID_BYTES];
    struct buffer text = buffer_over(out, ID_LEN);

    if (!fill_randomly(bytes, sizeof(bytes)))
        abort();
    buffer_add_hex(&text, bytes, sizeof(bytes));
}

static bool start_transactions(struct pinger *p)
{
    struct txn_settings settings = txn_default_settings();

    settings.max_transactions = 16;
    settings.route_bytes = sizeof(struct hop);
    if (!fill_randomly(&settings.key, sizeof(settings.key)))
        return false;
    p->txns = txn_table_new(&settings, &txn_host, p, net_loop_now_ms(p->loop));
    return p->txns != NULL;
}

static bool has_listener(const struct transport_settings *settings,
                         const struct ping_target *target)
{
    for (size_t i = 0; i < settings->listener_count; i++) {
        if (settings->listeners[i].protocol == target->protocol
            && settings->listeners[i].addr.family == target->addr.family)
            return true;
    }
    return false;
}

/* A socket of our own for each protocol and family of the targets: any port. */
static bool start_transport(struct pinger *p, struct buffer *fault)
{
    struct transport_settings settings = transport_default_settings();
    struct transport_listener listeners[PING_MAX_TARGETS];

    settings.listeners = listeners;
    for (size_t i = 0; i < p->plan->target_count; i++) {
        const struct ping_target *target = &p->plan->targets[i];
        if (!has_listener(&settings, target))
            listeners[settings.listener_count++] = (struct transport_listener){
                .protocol = target->protocol, .addr.family = target->addr.family};
    }
    settings.connect_ms = p->plan->timeout_ms;
    p->transport = transport_start(p->loop, &settings, &transport_host, p, fault);
    return p->transport != NULL;
}

static void stop(struct pinger *p)
{
    if (p->txns != NULL)
        txn_table_free(p->txns);
    if (p->transport != NULL)
        transport_stop(p->transport);
    if (p->loop != NULL)
        net_loop_free(p->loop);
    free(p);
}

bool ping_run(const struct ping_plan *plan, ping_tell *tell, void *arg, struct buffer *fault)
{
    struct pinger *p = calloc(1, sizeof(*p));
    bool ok = p != NULL;

    if (ok) {
        p->plan = plan;
        p->tell = tell;
        p->arg = arg;
        make_id(p->call_id);
        make_id(p->tag);
        p->loop = net_loop_new(&loop_host, p);
        ok = p->loop != NULL && start_transactions(p) && start_transport(p, fault);
    }
    if (ok)
        net_loop_run(p->loop);
    else if (fault->len == 0)
        buffer_add_text(fault, err_text(ERR_MEMORY));
    if (p != NULL)
        stop(p);
    return ok;
}

/* --- one ping ----------------------------------------------------------------------------------
 */

static uint64_t clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* RFC 3261 19.1.1: no headers part in a Request-URI. */
static struct slice request_uri(const struct sip_uri *uri)
{
    struct slice text = uri->text;

    if (uri->headers.len > 0)
        text.len = (size_t)(uri->headers.ptr - text.ptr) - 1;
    return text;
}

static void add_via(const struct pinger *p, struct slice branch, struct buffer *out)
{
    buffer_printf(out, "Via: SIP/2.0/%.*s ", SLICE_ARGS(hop_protocol_name(p->hop.protocol)));
    net_addr_write(&p->hop.local, out);
    buffer_printf(out, ";branch=%.*s;rport\r\n", SLICE_ARGS(branch));
}

static void add_from(const struct pinger *p, struct buffer *out)
{
    buffer_add_text(out, "From: <");
    if (p->plan->from.len > 0) {
        buffer_add(out, p->plan->from);
    } else {
        buffer_add_text(out, "sip:tchin@");
        net_addr_write(&p->hop.local, out);
    }
    buffer_printf(out, ">;tag=%.*s\r\n", ID_LEN, p->tag);
}

/* RFC 3261 11.1, and the fields of 8.1.1. */
static struct slice build_request(struct pinger *p, struct slice branch)
{
    struct buffer out = buffer_over(p->request, sizeof(p->request));
    struct slice uri = request_uri(&p->plan->uri);

    sip_build_request_line(&out, SLICE("OPTIONS"), uri);
    add_via(p, branch, &out);
    sip_build_number(&out, SLICE("Max-Forwards"), MAX_FORWARDS);
    add_from(p, &out);
    buffer_add_text(&out, "To: <");
    buffer_add(&out, uri);
    buffer_add_text(&out, ">\r\n");
    buffer_printf(&out, "Call-ID: %.*s\r\nCSeq: %u OPTIONS\r\n", ID_LEN, p->call_id,
                  (unsigned)p->told + 1);
    sip_build_header(&out, SLICE("Accept"), SLICE("application/sdp"));
    sip_build_header(&out, SLICE("User-Agent"), SLICE("tchin/" TCHIN_VERSION));
    sip_build_end(&out);
    return out.overflowed ? SLICE_NONE : buffer_slice(&out);
}

static void conclude(struct pinger *p, struct ping_result result)
{
    result.hop = &p->hop;
    p->txn = NULL;
    p->told++;
    p->tell(p->arg, &result);
}

/* False: this target cannot be tried at all. */
static bool try_target(struct pinger *p)
{
    const struct ping_target *target = &p->plan->targets[p->target];
    char branch[TXN_BRANCH_MAX];

    p->hop = (struct hop){.protocol = target->protocol, .remote = target->addr};
    if (!transport_choose(p->transport, target->protocol, &target->addr, &p->hop))
        return false;
    p->txn = txn_client_new(p->txns, SIP_OPTIONS, p);
    if (p->txn == NULL)
        return false;
    struct slice request = build_request(p, txn_branch(p->txn, branch));
    p->sent_us = clock_us();
    if (request.len > 0 && txn_client_start(p->txn, request, &p->hop, hop_is_reliable(&p->hop)))
        return true;
    if (request.len == 0)
        txn_abandon(p->txn);
    p->txn = NULL;
    return false;
}

/* The next target that can be tried; a target that was found to answer is kept for the next ping.
 */
static void try_targets(struct pinger *p)
{
    while (p->target < p->plan->target_count && !try_target(p))
        p->target++;
    if (p->target < p->plan->target_count)
        return;
    p->target = 0;
    conclude(p, (struct ping_result){.outcome = PING_UNREACHABLE});
}

static void begin(struct pinger *p, uint64_t now_ms)
{
    p->next_ms = now_ms + p->plan->interval_ms;
    p->deadline_ms = now_ms + p->plan->timeout_ms;
    try_targets(p);
}

/* --- what happens ------------------------------------------------------------------------------
 */

static void turn_begins(void *host, uint64_t now_ms)
{
    struct pinger *p = host;

    txn_table_turn(p->txns, now_ms);
}

static uint64_t turn_ends(void *host, uint64_t now_ms)
{
    struct pinger *p = host;
    bool has_more;

    if (p->txn != NULL && now_ms >= p->deadline_ms) {
        txn_abandon(p->txn);
        conclude(p, (struct ping_result){.outcome = PING_SILENCE});
    }
    has_more = p->told < p->plan->count;
    if (p->txn == NULL && has_more && now_ms >= p->next_ms)
        begin(p, now_ms);
    transport_flush(p->transport);
    if (p->txn == NULL && p->told == p->plan->count) {
        net_loop_stop(p->loop);
        return TIMER_NEVER;
    }
    uint64_t wake_ms = p->txn != NULL ? p->deadline_ms : p->next_ms;
    uint64_t txn_ms = txn_table_next_ms(p->txns);
    return txn_ms < wake_ms ? txn_ms : wake_ms;
}

static void received(void *host, const struct hop *from, struct slice bytes)
{
    struct pinger *p = host;
    struct sip_fault fault;

    (void)from;
    p->received_us = clock_us();
    if (!sip_message_parse(bytes, &p->msg, &fault) || p->msg.is_request
        || !sip_message_check(&p->msg, &fault))
        return;
    struct txn *t = txn_table_match(p->txns, &p->msg, NULL);
    if (t != NULL)
        txn_receive(t, &p->msg);
}

static void broken(void *host, const struct hop *from, struct slice head, int status)
{
    (void)host, (void)from, (void)head, (void)status;
}

static void unreachable(void *host, const struct hop *to, struct slice head)
{
    struct pinger *p = host;
    struct txn *t = txn_table_find_sent(p->txns, head);

    (void)to;
    if (t != NULL)
        txn_unreachable(t);
}

static void closed(void *host, const struct hop *flow)
{
    (void)host, (void)flow;
}

static void unsecured(void *host, const struct hop *flow, bool is_ours, const char *reason)
{
    (void)host, (void)flow, (void)is_ours, (void)reason;
}

static void txn_sends(void *host, struct txn *t, struct slice bytes)
{
    struct pinger *p = host;

    transport_send(p->transport, txn_route(t), bytes);
}

static struct slice server_of(const struct sip_message *msg)
{
    struct slice server = sip_message_value(msg, SIP_SERVER);

    return server.len > 0 ? server : sip_message_value(msg, SIP_USER_AGENT);
}

static void txn_tells(void *host, struct txn *t, enum txn_news news, const struct sip_message *msg)
{
    struct pinger *p = host;

    if (t != p->txn)
        return;
    if (news == TXN_RESPONSE && msg->status >= 200) {
        conclude(p, (struct ping_result){.outcome = PING_ANSWERED,
                                         .rtt_us = p->received_us - p->sent_us,
                                         .status = msg->status,
                                         .reason = msg->reason,
                                         .server = server_of(msg)});
    } else if (news == TXN_TIMEOUT) {
        conclude(p, (struct ping_result){.outcome = PING_SILENCE});
    } else if (news == TXN_UNREACHABLE) {
        p->txn = NULL;
        p->target++;
        try_targets(p);
    }
}
