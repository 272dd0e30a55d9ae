/*
 * The world that the proxy is tested in: one worker without sockets, whose transport, resolver and
 * time are the test's. What leaves is written down in words: "INVITE 1" is a request to the target
 * sip:1@192.0.2.1, "180 up" a response to the caller.
 */
#ifndef TCHIN_TESTS_PROXY_WORLD_H
#define TCHIN_TESTS_PROXY_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "server/next_hop.h"
#include "server/parcel.h"
#include "server/proxy.h"
#include "server/reply.h"
#include "server/route.h"
#include "sip/build.h"

enum { WORLD_TARGETS = 8, WORLD_TEXT = 8192, WORLD_START_MS = 1000000, CALLER = 100 };

struct letter {
    char text[WORLD_TEXT];
    size_t len;
};

struct world {
    struct server server;
    struct settings settings;
    struct worker w;
    uint64_t now_ms;
    char story[2048];
    struct letter request;             /* of the caller */
    struct letter sent[WORLD_TARGETS]; /* the last request to each target, but no CANCEL or ACK */
    struct letter cancel;              /* the last CANCEL */
    struct letter up;                  /* the last response to the caller */
    struct dns_query *asked[WORLD_TARGETS]; /* the questions to the resolver */
    size_t asked_count;
    bool streams_take_time;                          /* else all connections are open */
    struct transport_waiter *waiters[WORLD_TARGETS]; /* for the connection to each target */
};

static struct world *the_world; /* for the functions below, which nobody hands one */

/* --- in place of worker.c, of the transport layer and of the resolver ------------------------- */

static inline void tell(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void tell(struct world *world, const char *format, ...)
{
    size_t len = strlen(world->story);
    va_list args;

    va_start(args, format);
    if (len > 0)
        len += (size_t)snprintf(world->story + len, sizeof(world->story) - len, ", ");
    vsnprintf(world->story + len, sizeof(world->story) - len, format, args);
    va_end(args);
}

static inline void keep(struct letter *letter, struct slice bytes)
{
    assert_true(bytes.len < sizeof(letter->text));
    memcpy(letter->text, bytes.ptr, bytes.len);
    letter->text[bytes.len] = '\0';
    letter->len = bytes.len;
}

void worker_send(struct worker *w, const struct hop *to, struct slice bytes)
{
    struct world *world = CONTAINER_OF(w, struct world, w);
    unsigned place = to->remote.ip[3];

    if (slice_starts_with(bytes, SLICE("SIP/2.0 "))) {
        keep(&world->up, bytes);
        tell(world, "%.3s up", bytes.ptr + strlen("SIP/2.0 "));
        return;
    }
    struct slice method = {bytes.ptr, slice_find(bytes, ' ')};
    tell(world, "%.*s %u", SLICE_ARGS(method), place);
    if (slice_equal(method, SLICE("CANCEL")))
        keep(&world->cancel, bytes);
    else if (!slice_equal(method, SLICE("ACK")) && place < WORLD_TARGETS)
        keep(&world->sent[place], bytes);
}

struct buffer worker_scratch(struct worker *w)
{
    return buffer_over(w->scratch, SIP_MAX_MESSAGE);
}

struct worker *worker_of_call(struct worker *w, struct slice call_id, bool is_invite)
{
    (void)call_id;
    (void)is_invite;
    return w;
}

void worker_await_ack(struct worker *w)
{
    (void)w;
}

void worker_saw_ack(struct worker *w)
{
    (void)w;
}

void worker_set_alarm(struct worker *w, struct alarm *alarm, uint64_t at_ms)
{
    timer_set(&w->alarms, &alarm->timer, at_ms);
}

/* All calls are this worker's. */
bool parcel_send_received(struct worker *from, struct worker *to, const struct hop *hop,
                          struct slice bytes)
{
    (void)from;
    (void)to;
    (void)hop;
    (void)bytes;
    fail();
    return false;
}

bool transport_choose(struct transport *transport, enum hop_protocol protocol,
                      const struct net_addr *remote, struct hop *out)
{
    (void)transport;
    *out = (struct hop){.protocol = protocol, .remote = *remote};
    return net_addr_parse(SLICE("192.0.2.200"), 5060, &out->local);
}

bool transport_choose_for(struct transport *transport, enum hop_protocol protocol,
                          const struct net_addr *remote, struct slice domain, struct hop *out)
{
    (void)domain;
    return transport_choose(transport, protocol, remote, out);
}

/* Connections are numbered by their targets. */
enum transport_opening transport_await(struct transport *transport, struct hop *hop,
                                       struct transport_waiter *waiter)
{
    unsigned place = hop->remote.ip[3];

    (void)transport;
    if (!the_world->streams_take_time || place >= WORLD_TARGETS)
        return TRANSPORT_READY;
    tell(the_world, "connect %u", place);
    hop->connection = place;
    the_world->waiters[place] = waiter;
    return TRANSPORT_OPENING;
}

void transport_give_up(struct transport *transport, const struct hop *hop)
{
    (void)transport;
    tell(the_world, "give up %u", (unsigned)hop->connection);
    the_world->waiters[hop->connection] = NULL;
}

/* The connection to a target is open, or has failed. */
static inline void connected(struct world *world, unsigned place, bool is_open)
{
    struct transport_waiter *waiter = world->waiters[place];

    assert_non_null(waiter);
    world->waiters[place] = NULL;
    waiter->told(waiter, is_open);
    proxy_free_ended(&world->w);
}

bool transport_is_ours(const struct transport *transport, const struct net_addr *addr)
{
    (void)transport;
    return addr->ip[3] == 200;
}

/* Ours is the host of 192.0.2.200 and 192.0.2.201. */
bool transport_is_on_host(const struct transport *transport, const struct net_addr *addr)
{
    (void)transport;
    return addr->ip[0] == 192 && addr->ip[3] >= 200;
}

void dns_ask(struct dns *dns, struct dns_query *query)
{
    (void)dns;
    assert_true(the_world->asked_count < WORLD_TARGETS);
    the_world->asked[the_world->asked_count++] = query;
}

/* The first of the questions. */
static inline struct dns_query *take_question(struct world *world)
{
    assert_true(world->asked_count > 0);
    struct dns_query *query = world->asked[0];
    world->asked_count--;
    memmove(&world->asked[0], &world->asked[1], world->asked_count * sizeof(world->asked[0]));
    query->count = 0;
    query->records_len = 0;
    return query;
}

static inline void answer_question(struct world *world, struct dns_query *query, enum err err)
{
    query->err = err;
    query->mail.deliver(&query->mail, &world->w);
}

struct mailbox *net_loop_mailbox(struct net_loop *loop)
{
    (void)loop;
    return NULL;
}

/*
 * The resolver says that there are neither NAPTR nor SRV records, and that the name has the
 * addresses 192.0.2.`first` to 192.0.2.`last`.
 */
static inline void resolve(struct world *world, unsigned first, unsigned last)
{
    struct dns_query *query = take_question(world);

    for (; query->kind != DNS_ADDRESSES; query = take_question(world))
        answer_question(world, query, ERR_ABSENT);
    for (unsigned place = first; place <= last; place++) {
        struct net_addr *addr = &query->addresses[query->count++];
        *addr = (struct net_addr){
            .family = 4, .ip = {192, 0, 2, (uint8_t)place}
        };
    }
    answer_question(world, query, query->count > 0 ? ERR_NONE : ERR_ABSENT);
}

/* --- time ------------------------------------------------------------------------------------- */

static inline void turn(struct world *world, uint64_t now_ms)
{
    struct worker *w = &world->w;
    struct timer *timer;

    world->now_ms = w->now_ms = now_ms;
    txn_table_turn(w->txns, now_ms);
    while ((timer = timer_wheel_take(&w->alarms, now_ms)) != NULL) {
        struct alarm *alarm = CONTAINER_OF(timer, struct alarm, timer);
        alarm->ring(alarm);
    }
    proxy_free_ended(w);
    arena_reset(w->arena);
}

static inline void let_pass(struct world *world, uint64_t wait_ms)
{
    uint64_t end_ms = world->now_ms + wait_ms;

    for (;;) {
        uint64_t next_ms = txn_table_next_ms(world->w.txns);
        uint64_t alarm_ms = timer_wheel_next_ms(&world->w.alarms);
        if (alarm_ms < next_ms)
            next_ms = alarm_ms;
        if (next_ms > end_ms)
            break;
        turn(world, next_ms);
    }
    turn(world, end_ms);
}

/* Nothing else must have happened since the last look. */
static inline void check_story(struct world *world, const char *expected)
{
    assert_string_equal(world->story, expected);
    world->story[0] = '\0';
}

/* Repeats are of no interest: what was sent since the last look, once each. */
static inline void forget_story(struct world *world)
{
    world->story[0] = '\0';
}

/* --- making it -------------------------------------------------------------------------------- */

static inline void txn_sends(void *host, struct txn *t, struct slice bytes)
{
    worker_send(host, txn_route(t), bytes);
}

static inline void txn_tells(void *host, struct txn *t, enum txn_news news,
                             const struct sip_message *msg)
{
    proxy_told(host, t, news, msg);
}

static inline void end_world(void *thing)
{
    struct world *world = thing;
    struct worker *w = &world->w;

    if (w->txns != NULL)
        proxy_free_all(w);
    while (world->asked_count > 0)
        answer_question(world, take_question(world), ERR_IO);
    txn_table_free(w->txns);
    cells_fini(&w->cells);
    arena_free(w->arena);
    free(w->scratch);
    free(world);
    the_world = NULL;
}

static inline struct txn_table *new_table(struct world *world)
{
    static const struct txn_host host = {txn_sends, txn_tells};
    struct txn_settings settings = txn_default_settings();

    settings.max_transactions = 100;
    settings.route_bytes = sizeof(struct hop);
    return txn_table_new(&settings, &host, &world->w, world->now_ms);
}

static inline struct world *new_world(void)
{
    struct world *world = calloc(1, sizeof(*world));

    CHECK_MADE(world);
    the_world = world;
    check_later(end_world, world);
    struct worker *w = &world->w;
    settings_init(&world->settings);
    CHECK_MADE(settings_add_domain(&world->settings, SLICE("example.org")));
    world->server.log = (struct log){.fd = -1, .level = LOG_ERROR};
    world->now_ms = w->now_ms = WORLD_START_MS;
    w->server = &world->server;
    w->settings = &world->settings;
    w->client = (struct sip_locate_client){
        {SIP_UDP, SIP_TCP},
        2, true, true
    };
    sip_dead_init(&w->dead_targets, 30000, 480000);
    cells_init(&w->cells);
    list_init(&w->contexts);
    list_init(&w->ended_contexts);
    log_batch_init(&w->log, &world->server.log);
    timer_wheel_init(&w->alarms, world->now_ms);
    w->arena = arena_new(64 * 1024, 1 << 20);
    w->scratch = malloc(SIP_MAX_MESSAGE);
    w->txns = new_table(world);
    CHECK_MADE(w->arena);
    CHECK_MADE(w->scratch);
    CHECK_MADE(w->txns);
    return world;
}

/* --- what happens in it ----------------------------------------------------------------------- */

static inline void read_letter(const struct letter *letter, struct sip_message *out)
{
    struct sip_fault fault;

    assert_true(sip_message_parse((struct slice){letter->text, letter->len}, out, &fault)
                && sip_message_check(out, &fault));
}

/* A request of the caller for these targets: {.uri, .q_thousandths}. */
static inline void ask(struct world *world, const char *method, const struct target *targets,
                       size_t count)
{
    static struct sip_message msg;
    struct hop from = {.protocol = HOP_UDP};
    char text[1024];
    int len =
        snprintf(text, sizeof(text),
                 "%s sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.%d;branch=z9hG4bK1\r\n"
                 "Max-Forwards: 70\r\nFrom: <sip:alice@elsewhere.example>;tag=a\r\n"
                 "To: <sip:bob@example.org>\r\nCall-ID: c\r\nCSeq: 1 %s\r\n\r\n",
                 method, CALLER, method);

    keep(&world->request, (struct slice){text, (size_t)len});
    read_letter(&world->request, &msg);
    assert_true(net_addr_parse(SLICE("192.0.2.100"), 5060, &from.remote));
    assert_true(net_addr_parse(SLICE("192.0.2.200"), 5060, &from.local));
    struct request rq = {.w = &world->w, .settings = &world->settings, .msg = &msg, .from = from};
    reply_prepare(&rq);
    assert_true(route_again(&rq));
    proxy_start(&rq, &(struct target_list){(struct target *)(uintptr_t)targets, count});
    arena_reset(world->w.arena);
}

#define ASK(world, method, ...)                                                                    \
    ask(world, method, (const struct target[]){__VA_ARGS__},                                       \
        ARRAY_LEN(((const struct target[]){__VA_ARGS__})))
#define AT(place, q)                                                                               \
    {                                                                                              \
        .uri = SLICE("sip:" #place "@192.0.2." #place), .q_thousandths = (q)                       \
    }
#define NAMED(name, q)                                                                             \
    {                                                                                              \
        .uri = SLICE("sip:" name), .q_thousandths = (q)                                            \
    }

/* A response to the last request that target `place` was sent; also to one answered before. */
static inline void respond(struct world *world, unsigned place, int status)
{
    static struct sip_message request, response;
    struct letter letter;
    struct buffer out = buffer_over(letter.text, sizeof(letter.text) - 1);
    struct sip_reply reply = {.status = (uint16_t)status,
                              .to_tag = status > 100 ? SLICE("b") : SLICE_NONE};

    read_letter(&world->sent[place], &request);
    sip_build_reply(&out, &request, &reply);
    sip_build_end(&out);
    letter.len = out.len;
    read_letter(&letter, &response);
    struct txn *t = txn_table_match(world->w.txns, &response, NULL);
    if (t != NULL)
        txn_receive(t, &response);
    proxy_free_ended(&world->w);
    arena_reset(world->w.arena);
}

/* An ICMP error for the last request that target `place` was sent. */
static inline void lose(struct world *world, unsigned place)
{
    const struct letter *letter = &world->sent[place];
    struct txn *t = txn_table_find_sent(world->w.txns, (struct slice){letter->text, letter->len});

    assert_non_null(t);
    txn_unreachable(t);
    proxy_free_ended(&world->w);
    arena_reset(world->w.arena);
}

/* The caller cancels; `reason` may be empty. */
static inline void cancel(struct world *world, const char *reason)
{
    static struct sip_message invite, msg;
    struct letter letter;
    struct buffer out = buffer_over(letter.text, sizeof(letter.text) - 1);

    read_letter(&world->request, &invite);
    sip_build_cancel(&out, &invite, slice_of(reason));
    letter.len = out.len;
    read_letter(&letter, &msg);
    struct txn *t = txn_table_find_cancelled(world->w.txns, &msg);
    assert_non_null(t);
    proxy_cancel(t, &msg);
    arena_reset(world->w.arena);
}

#endif
