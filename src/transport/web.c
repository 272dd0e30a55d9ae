/*
 * What a WebSocket brings needs no framing, so little is left: its messages, its pings, and the
 * other pings, of CRLFs, that RFC 7118 6 allows, too.
 */
#include "transport/web.h"

#include "transport/streams.h"

static void opened(void *owner)
{
    connection_open(owner);
}

static void writable(void *owner)
{
    connection_flush(owner);
}

static bool is_blank(struct slice message)
{
    return slice_trim(message).len == 0;
}

static void received(void *owner, struct slice message)
{
    struct connection *c = owner;

    c->awaits_pong = false;
    if (!is_blank(message))
        connection_deliver(c, message);
    else if (slice_starts_with(message, SLICE("\r\n\r\n")))
        connection_answer_ping(c);
}

static void holds(void *owner, size_t bytes)
{
    struct connection *c = owner;

    c->awaits_pong = false;
    connection_note_half(c, bytes > 0);
    streams_count_half(c->streams, c, bytes);
}

static void too_large(void *owner, struct slice head)
{
    connection_lose_framing(owner, head, 513);
}

static void pong(void *owner)
{
    struct connection *c = owner;

    c->awaits_pong = false;
}

static void ended(void *owner)
{
    connection_end(owner);
}

const struct ws_host web_host = {opened, writable, received, holds, too_large, pong, ended};

uint64_t web_ping_due_ms(const struct connection *c)
{
    uint32_t ping_ms = c->streams->settings->ping_ms;
    uint64_t since_ms = c->pinged_ms > c->active_ms ? c->pinged_ms : c->active_ms;

    return c->wire.ws != NULL && ping_ms > 0 ? since_ms + ping_ms : TIMER_NEVER;
}

bool web_ping(struct connection *c, uint64_t now_ms)
{
    if (c->awaits_pong)
        return false;
    c->awaits_pong = true;
    c->pinged_ms = now_ms;
    return ws_ping(c->wire.ws);
}
