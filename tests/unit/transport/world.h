/*
 * A transport on a real loop, and a record of what it told its host. The peers are the plain
 * sockets of the net tests.
 */
#ifndef TCHIN_TESTS_TRANSPORT_WORLD_H
#define TCHIN_TESTS_TRANSPORT_WORLD_H

#include <stdlib.h>

#include "../net/driven_loop.h"
#include "../net/sockets.h"
#include "transport/transport.h"

enum { WORLD_KEPT = 256, WORLD_TEXT = 400 };

enum world_news {
    WORLD_RECEIVED,
    WORLD_BROKEN,
    WORLD_UNREACHABLE,
    WORLD_CLOSED,
    WORLD_UNSECURED,
    WORLD_NEWS_COUNT
};

struct world_event {
    enum world_news news;
    struct hop hop;
    int status;
    size_t len;
    char text[WORLD_TEXT];
};

struct world {
    struct driven driven;
    struct transport *transport;
    enum world_news wanted;
    size_t wanted_count;
    size_t counts[WORLD_NEWS_COUNT];
    size_t event_count;
    struct world_event events[WORLD_KEPT];
    const char *answer;            /* sent back for everything that is received */
    size_t answer_count;           /* so many times; 0: once */
    const char *answer_to_closing; /* sent twice to who closes */
    bool is_inside_a_call;         /* of ours to the transport */
    bool was_called_from_within;
};

static inline void world_record(struct world *world, enum world_news news, const struct hop *hop,
                                struct slice text, int status)
{
    struct world_event *event = &world->events[world->event_count++ % WORLD_KEPT];

    *event = (struct world_event){.news = news, .hop = *hop, .status = status, .len = text.len};
    if (text.len > 0)
        memcpy(event->text, text.ptr, text.len < WORLD_TEXT ? text.len : WORLD_TEXT);
    world->counts[news]++;
    world->was_called_from_within |= world->is_inside_a_call;
}

static inline void world_send(struct world *world, const struct hop *to, struct slice text)
{
    world->is_inside_a_call = true;
    transport_send(world->transport, to, text);
    world->is_inside_a_call = false;
}

static inline void world_answer(struct world *world, const struct hop *to)
{
    size_t count = world->answer_count > 0 ? world->answer_count : 1;

    for (size_t i = 0; world->answer != NULL && i < count; i++)
        world_send(world, to, slice_of(world->answer));
}

static inline void world_received(void *host, const struct hop *from, struct slice bytes)
{
    world_record(host, WORLD_RECEIVED, from, bytes, 0);
    world_answer(host, from);
}

static inline void world_broken(void *host, const struct hop *from, struct slice head, int status)
{
    world_record(host, WORLD_BROKEN, from, head, status);
    world_answer(host, from);
}

static inline void world_unreachable(void *host, const struct hop *to, struct slice head)
{
    world_record(host, WORLD_UNREACHABLE, to, head, 0);
}

static inline void world_closed(void *host, const struct hop *flow)
{
    struct world *world = host;

    world_record(world, WORLD_CLOSED, flow, SLICE_NONE, 0);
    for (int i = 0; world->answer_to_closing != NULL && i < 2; i++)
        world_send(world, flow, slice_of(world->answer_to_closing));
}

static inline void world_unsecured(void *host, const struct hop *flow, bool is_ours,
                                   const char *reason)
{
    world_record(host, WORLD_UNSECURED, flow, slice_of(reason), is_ours);
}

static inline void world_asked(void *host, struct slice path, struct http_page *out)
{
    (void)host;
    if (slice_equal(path, SLICE("/healthz")))
        *out = (struct http_page){200, SLICE("ok\n")};
}

static inline bool world_is_done(void *test)
{
    const struct world *world = test;

    return world->counts[world->wanted] >= world->wanted_count;
}

static inline void world_flush(void *test)
{
    struct world *world = test;

    world->is_inside_a_call = true;
    transport_flush(world->transport);
    world->is_inside_a_call = false;
}

static inline void world_stop(void *transport)
{
    transport_stop(transport);
}

static const struct transport_host world_host = {.received = world_received,
                                                 .broken = world_broken,
                                                 .unreachable = world_unreachable,
                                                 .closed = world_closed,
                                                 .unsecured = world_unsecured,
                                                 .asked = world_asked};

/* One listener for each of UDP and TCP on `host`, 0 and 1, and for TLS, 2, if there is a context.
 */
static inline struct world *world_start(const char *host, const struct transport_settings *wanted)
{
    struct transport_listener listeners[] = {
        {HOP_UDP, sockets_addr(host, 0), false},
        {HOP_TCP, sockets_addr(host, 0), false},
        {HOP_TLS, sockets_addr(host, 0), false},
    };
    struct transport_settings settings = *wanted;
    struct world *world = driven_memory(sizeof(*world));
    char text[200];
    struct buffer fault = buffer_over(text, sizeof(text));

    driven_start(&world->driven, world, world_is_done, world_flush);
    settings.listeners = listeners;
    settings.listener_count = wanted->tls != NULL ? 3 : 2;
    world->transport = transport_start(world->driven.loop, &settings, &world_host, world, &fault);
    CHECK_MADE(world->transport);
    check_later(world_stop, world->transport);
    return world;
}

static inline struct world *world_of(const char *host)
{
    struct transport_settings settings = transport_default_settings();

    return world_start(host, &settings);
}

/* Runs until it was told `count` such news, all in all. */
static inline bool world_run(struct world *world, enum world_news news, size_t count)
{
    world->wanted = news;
    world->wanted_count = count;
    return driven_run(&world->driven, 2000);
}

static inline void world_idle(struct world *world, uint32_t ms)
{
    world->wanted_count = SIZE_MAX;
    (void)driven_run(&world->driven, ms);
}

/* The `i`-th of its kind. */
static inline const struct world_event *world_event(const struct world *world, enum world_news news,
                                                    size_t i)
{
    for (size_t at = 0; at < world->event_count && at < WORLD_KEPT; at++) {
        if (world->events[at].news == news && i-- == 0)
            return &world->events[at];
    }
    fail_msg("there were not so many");
    return NULL;
}

static inline struct slice world_text(const struct world *world, enum world_news news, size_t i)
{
    const struct world_event *event = world_event(world, news, i);

    return (struct slice){event->text, event->len < WORLD_TEXT ? event->len : WORLD_TEXT};
}

static inline int world_connect(const struct world *world, const char *host)
{
    struct net_addr addr = transport_listener_addr(world->transport, 1);
    struct net_addr to = sockets_addr(host, addr.port);

    return sockets_connected(SOCK_STREAM, host, &to);
}

#endif
