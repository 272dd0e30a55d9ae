/*
 * The life of a worker, and its turn: timers that are due, what the sockets and the mailbox have,
 * then everything that came of it leaves at once.
 */
#include "server/worker.h"

#include <stdlib.h>
#include <time.h>

#include "server/certificates.h"
#include "server/handshakes.h"
#include "server/intake.h"
#include "server/owners.h"
#include "server/pages.h"
#include "server/parcel.h"
#include "server/probe.h"
#include "server/proxy.h"
#include "server/trace.h"
#include "sip/message.h"
#include "store/location.h"

enum {
    ARENA_CHUNK = 256 * 1024,
    ARENA_MAX = 8 * 1024 * 1024,
    LOOK_ROUND_MS = 20,        /* while stopping: whether the others have finished */
    LOG_MS = 100,              /* until a log that takes no lines is tried again */
    ACK_MS = 500,              /* for the ACK of a 2xx to come: it is one round trip away */
    DEAD_FIRST_MS = 30 * 1000, /* until a server that was silent is tried again */
    DEAD_MAX_MS = 8 * 60 * 1000,
    MAX_RINGS = 1024, /* of alarms in a turn; the others ring in the next */
};

static void turn_begins(void *host, uint64_t now_ms);
static void stop_if_all_have_finished(struct worker *w);
static uint64_t turn_ends(void *host, uint64_t now_ms);
static void received(void *host, const struct hop *from, struct slice bytes);
static void broken(void *host, const struct hop *from, struct slice head, int status);
static void unreachable(void *host, const struct hop *to, struct slice head);
static void closed(void *host, const struct hop *flow);
static void unsecured(void *host, const struct hop *flow, bool is_ours, const char *reason);
static void asked(void *host, struct slice path, struct http_page *out);
static void txn_sends(void *host, struct txn *t, struct slice bytes);
static void txn_tells(void *host, struct txn *t, enum txn_news news, const struct sip_message *msg);

static const struct net_loop_host loop_host = {turn_begins, turn_ends};
static const struct transport_host transport_host = {received, broken,    unreachable,
                                                     closed,   unsecured, asked};
static const struct txn_host txn_host = {txn_sends, txn_tells};

static struct txn_table *new_transactions(struct worker *w, const struct settings *settings)
{
    struct txn_settings txn = txn_default_settings();

    txn.max_transactions = settings_of_each(settings, settings->max_transactions);
    txn.max_message_bytes = settings_of_each(settings, settings->max_parked_bytes);
    txn.route_bytes = sizeof(struct hop);
    txn.key = w->server->keys.ours_alone;
    txn.number = w->index;
    return txn_table_new(&txn, &txn_host, w, net_loop_now_ms(w->loop));
}

static struct transport *new_transport(struct worker *w, const struct settings *settings,
                                       struct buffer *fault)
{
    struct transport_settings transport = transport_default_settings();

    transport.worker = w->index;
    transport.must_be_first = w->index == 0;
    transport.directory = w->server->connections;
    transport.listeners = settings->listeners;
    transport.listener_count = settings->listener_count;
    transport.max_connections = settings->max_connections;
    transport.max_connections_per_host = settings->max_connections_per_host;
    transport.idle_ms = settings->idle_s * 1000;
    transport.message_ms = settings->message_timeout_s * 1000;
    transport.connect_ms = settings->connect_timeout_ms;
    transport.handshake_ms = settings->handshake_timeout_ms;
    transport.max_handshakes = settings->max_handshakes;
    transport.max_handshakes_per_host = settings->max_handshakes_per_host;
    transport.tls = w->tls;
    transport.ping_ms = settings->web_ping_s * 1000;
    transport.web_origins = slice_of(settings->web_origins);
    return transport_start(w->loop, &transport, &transport_host, w, fault);
}

struct worker *worker_new(struct server *server, uint16_t index, struct buffer *fault)
{
    const struct settings *settings = server_settings(server);
    struct worker *w = calloc(1, sizeof(*w));

    if (w == NULL)
        goto fail;
    w->server = server;
    w->settings = settings;
    w->index = index;
    w->stops_at_ms = TIMER_NEVER;
    parcel_init(w);
    cells_init(&w->cells);
    list_init(&w->contexts);
    list_init(&w->ended_contexts);
    w->loop = net_loop_new(&loop_host, w);
    w->arena = arena_new(ARENA_CHUNK, ARENA_MAX);
    w->hasher = sip_hasher_new();
    w->scratch = malloc(SIP_MAX_MESSAGE);
    log_batch_init(&w->log, &server->log);
    trace_init(w);
    if (w->loop == NULL || w->arena == NULL || w->hasher == NULL || w->scratch == NULL)
        goto fail;
    net_loop_set_siblings(w->loop, settings->workers > 1);
    w->now_ms = net_loop_now_ms(w->loop);
    w->wall_ms = server_wall_ms();
    timer_wheel_init(&w->alarms, w->now_ms);
    w->client = locator_client(settings->listeners, settings->listener_count);
    sip_dead_init(&w->dead_targets, DEAD_FIRST_MS, DEAD_MAX_MS);
    w->txns = new_transactions(w, settings);
    if (w->txns == NULL)
        goto fail;
    if (settings_listens_by(settings, HOP_TLS) || settings_listens_by(settings, HOP_WSS)) {
        w->tls = certificates_context(server->certificates);
        if (w->tls == NULL)
            goto fail;
    }
    w->transport = new_transport(w, settings, fault);
    if (w->transport == NULL)
        goto fail;
    probe_start(w);
    return w;

fail:
    if (fault->len == 0)
        buffer_add_text(fault, "out of memory");
    worker_free(w);
    return NULL;
}

void worker_close(struct worker *w)
{
    w->is_over = true;
    proxy_free_all(w);
    while (mailbox_deliver(net_loop_mailbox(w->loop)))
        ;
    parcel_leave(w);
}

void worker_free(struct worker *w)
{
    if (w == NULL)
        return;
    if (w->txns != NULL)
        txn_table_free(w->txns);
    if (w->transport != NULL)
        transport_stop(w->transport);
    tls_context_free(w->tls);
    if (w->loop != NULL)
        net_loop_free(w->loop);
    parcel_free_all(w);
    cells_fini(&w->cells);
    arena_free(w->arena);
    sip_hasher_free(w->hasher);
    free(w->scratch);
    free(w);
}

void worker_run(struct worker *w)
{
    net_loop_run(w->loop);
}

struct worker *worker_of_call(struct worker *w, struct slice call_id, bool is_invite)
{
    struct server *server = w->server;

    if (server->worker_count == 1)
        return w;
    size_t owner = owners_find(server->owners, call_id, is_invite, w->index, w->now_ms);
    return server->workers[owner];
}

struct buffer worker_scratch(struct worker *w)
{
    return buffer_over(w->scratch, SIP_MAX_MESSAGE);
}

void worker_send(struct worker *w, const struct hop *to, struct slice bytes)
{
    trace_sent(w, to, bytes);
    if (to->connection != 0 && to->worker != w->index && to->worker < w->server->worker_count)
        parcel_send_outgoing(w, w->server->workers[to->worker], to, bytes);
    else
        transport_send(w->transport, to, bytes);
}

void worker_await_ack(struct worker *w)
{
    if (w->now_ms >= w->acks_until_ms)
        w->acks_due = 0;
    w->acks_due++;
    w->acks_until_ms = w->now_ms + ACK_MS;
}

void worker_saw_ack(struct worker *w)
{
    if (w->acks_due > 0)
        w->acks_due--;
}

void worker_set_alarm(struct worker *w, struct alarm *alarm, uint64_t at_ms)
{
    timer_set(&w->alarms, &alarm->timer, at_ms);
}

/* --- a turn ----------------------------------------------------------------------------------- */

static void turn_begins(void *host, uint64_t now_ms)
{
    struct worker *w = host;
    struct timer *timer;

    w->settings = server_settings(w->server);
    w->now_ms = now_ms;
    w->wall_ms = server_wall_ms();
    txn_table_turn(w->txns, now_ms);
    for (int i = 0; i < MAX_RINGS && (timer = timer_wheel_take(&w->alarms, now_ms)) != NULL; i++) {
        struct alarm *alarm = CONTAINER_OF(timer, struct alarm, timer);
        alarm->ring(alarm);
    }
    arena_reset(w->arena);
}

static uint64_t earlier_ms(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When to try again what nobody has read so far, or to tell what was left out. */
static uint64_t write_lines(struct worker *w)
{
    uint64_t report_ms = log_limit_report(&w->log_limit, &w->log, w->now_ms);

    log_flush(&w->log);
    trace_flush(w);
    return log_is_waiting(&w->log) || trace_is_waiting(w) ? w->now_ms + LOG_MS : report_ms;
}

static uint64_t turn_ends(void *host, uint64_t now_ms)
{
    struct worker *w = host;
    uint64_t wake_ms = earlier_ms(timer_wheel_next_ms(&w->alarms), txn_table_next_ms(w->txns));

    if (location_send(w->server->store, &w->updates))
        net_loop_expect_mail(w->loop);
    proxy_free_ended(w);
    parcel_leave(w); /* before all that we send: the others are at work meanwhile */
    parcel_collect(w);
    transport_flush(w->transport);
    wake_ms = earlier_ms(wake_ms, write_lines(w));
    if (w->stops_at_ms == TIMER_NEVER)
        return wake_ms;
    stop_if_all_have_finished(w);
    return earlier_ms(wake_ms, now_ms + LOOK_ROUND_MS);
}

static void received(void *host, const struct hop *from, struct slice bytes)
{
    intake_received(host, from, bytes);
}

static void broken(void *host, const struct hop *from, struct slice head, int status)
{
    intake_broken(host, from, head, status);
}

static void unreachable(void *host, const struct hop *to, struct slice head)
{
    intake_unreachable(host, to, head);
}

static void closed(void *host, const struct hop *flow)
{
    struct worker *w = host;
    char text[80];
    struct buffer peer = buffer_over(text, sizeof(text));

    if (!log_wants(&w->log, LOG_DEBUG))
        return;
    net_addr_write(&flow->remote, &peer);
    LOG(&w->log, LOG_DEBUG, "connection closed", {"peer", buffer_slice(&peer)});
}

static void unsecured(void *host, const struct hop *flow, bool is_ours, const char *reason)
{
    handshakes_failed(host, flow, is_ours, reason);
}

static void asked(void *host, struct slice path, struct http_page *out)
{
    pages_find(host, path, out);
}

static void txn_sends(void *host, struct txn *t, struct slice bytes)
{
    worker_send(host, txn_route(t), bytes);
}

static void txn_tells(void *host, struct txn *t, enum txn_news news, const struct sip_message *msg)
{
    proxy_told(host, t, news, msg);
}

/* --- the end ---------------------------------------------------------------------------------- */

struct stop_mail {
    struct mail mail;
    uint64_t grace_ms;
};

/* New requests of dialogs may still come. */
static void note_whether_finished(struct worker *w)
{
    bool has_finished = w->waiting == 0 && (w->acks_due == 0 || w->now_ms >= w->acks_until_ms);

    if (has_finished && !w->has_finished)
        atomic_fetch_add(&w->server->finished, 1);
    else if (!has_finished && w->has_finished)
        atomic_fetch_sub(&w->server->finished, 1);
    w->has_finished = has_finished;
}

/*
 * The last one may have mailed us something to send before it was done: that has been delivered
 * when the same is seen in the next turn.
 */
static void stop_if_all_have_finished(struct worker *w)
{
    note_whether_finished(w);
    bool all = atomic_load(&w->server->finished) == w->server->worker_count;
    bool has_mail = !mailbox_is_empty(net_loop_mailbox(w->loop));
    if ((all && w->others_have_finished && !has_mail) || w->now_ms >= w->stops_at_ms)
        net_loop_stop(w->loop);
    w->others_have_finished = all;
}

/* Connections stay open until the answers to what is under way have left by them. */
static void deliver_stop(struct mail *mail, void *owner)
{
    struct stop_mail *stop = CONTAINER_OF(mail, struct stop_mail, mail);
    struct worker *w = owner;

    w->stops_at_ms = w->now_ms + stop->grace_ms;
    free(stop);
}

void worker_stop(struct worker *w, uint64_t grace_ms)
{
    struct stop_mail *stop = malloc(sizeof(*stop));

    if (stop == NULL)
        abort(); /* the process is to end anyway */
    *stop = (struct stop_mail){.mail.deliver = deliver_stop, .grace_ms = grace_ms};
    mailbox_send(net_loop_mailbox(w->loop), &stop->mail);
}
