/*
 * The life of a connection. Nothing here frees it, and nothing but `received` and `broken` calls
 * the host: how it ended is told when the turn ends, for it may have ended while the host was
 * sending, and a slice of it may be in use further up.
 */
#include "transport/connection.h"

#include "transport/streams.h"
#include "transport/web.h"

enum { FAREWELL_MS = 5000 }; /* for the last bytes, when one side has said that it sends no more */

static void writable(void *owner);
static void received(void *owner, struct slice bytes);
static void ended(void *owner, int error);

static const struct tcp_host tcp_host = {writable, received, ended};

static uint64_t now_of(const struct connection *c)
{
    return net_loop_now_ms(c->streams->loop);
}

/* --- its states ------------------------------------------------------------------------------- */

static uint64_t earlier_ms(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When it has been open for long enough: idle, or with half a message. */
static uint64_t outlived_ms(const struct connection *c)
{
    const struct transport_settings *settings = c->streams->settings;
    uint64_t idle_ms = c->active_ms + settings->idle_ms;

    return c->is_inside ? earlier_ms(idle_ms, c->inside_since_ms + settings->message_ms) : idle_ms;
}

static uint64_t due_ms(const struct connection *c)
{
    const struct transport_settings *settings = c->streams->settings;

    switch (c->state) {
    case CONNECTION_OPENING:
        return c->since_ms
               + (wire_is_shaking(&c->wire) ? settings->handshake_ms : settings->connect_ms);
    case CONNECTION_OPEN: return earlier_ms(outlived_ms(c), web_ping_due_ms(c));
    case CONNECTION_ENDING:
    case CONNECTION_LEAVING: return c->since_ms + FAREWELL_MS;
    case CONNECTION_GONE: break;
    }
    return TIMER_NEVER;
}

/* A timer that is set too early asks again when it rings: so it is touched rarely. */
static void keep_time(struct connection *c)
{
    uint64_t due = due_ms(c);

    if (due < c->timer.due_ms)
        streams_set_timer(c->streams, c, due);
}

static void enter(struct connection *c, enum connection_state state)
{
    c->state = state;
    c->since_ms = now_of(c);
    c->active_ms = c->since_ms;
    keep_time(c);
}

static void end(struct connection *c, void (*close_wire)(struct wire *))
{
    if (c->state == CONNECTION_GONE)
        return;
    c->state = CONNECTION_GONE;
    close_wire(&c->wire);
    streams_forget(c->streams, c);
    streams_bring_news(c->streams, c);
}

void connection_drop(struct connection *c)
{
    end(c, wire_close);
}

void connection_overrun(struct connection *c)
{
    c->streams->counters->overrun++;
    end(c, wire_abort);
}

static void tell_unsecured(struct connection *c, const char *reason)
{
    struct streams *streams = c->streams;

    streams->counters->unsecured++;
    streams->host->unsecured(streams->host_arg, &c->flow, c->flow.is_ours, reason);
}

void connection_check_time(struct connection *c, uint64_t now_ms)
{
    bool is_to_ping =
        c->state == CONNECTION_OPEN && outlived_ms(c) > now_ms && web_ping_due_ms(c) <= now_ms;

    if (due_ms(c) > now_ms || (is_to_ping && web_ping(c, now_ms))) {
        keep_time(c);
        return;
    }
    if (c->state == CONNECTION_OPEN)
        c->streams->counters->timed_out++;
    else if (c->state == CONNECTION_OPENING && wire_is_shaking(&c->wire))
        tell_unsecured(c, "the peer fell silent in the middle of it");
    end(c, wire_close);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* Via and Record-Route name the port we listen on; the port of this connection means nothing. */
static void learn_local_ip(struct connection *c)
{
    struct net_addr local = wire_local(&c->wire);

    if (local.family == 0)
        return;
    local.port = c->flow.local.port;
    c->flow.local = local;
}

static void begin(struct connection *c)
{
    c->was_open = true;
    enter(c, CONNECTION_OPEN);
    if (!list_is_empty(&c->waiters))
        streams_bring_news(c->streams, c);
}

static void adopt_wire(struct connection *c, int fd, bool may_upgrade)
{
    struct streams *streams = c->streams;

    if (hop_is_web(&c->flow))
        c->wire.ws = ws_adopt(streams->web, fd,
                              (struct ws_kind){hop_is_secure(&c->flow), may_upgrade}, &web_host, c);
    else if (hop_is_secure(&c->flow))
        c->wire.tls = tls_adopt(streams->loop, fd, streams->settings->tls, &tcp_host, c);
    else
        c->wire.tcp = tcp_adopt(streams->loop, fd, &tcp_host, c);
}

void connection_adopt(struct connection *c, int fd, bool may_upgrade)
{
    struct streams *streams = c->streams;

    adopt_wire(c, fd, may_upgrade);
    if (!wire_is_up(&c->wire)) {
        connection_drop(c);
        return;
    }
    learn_local_ip(c);
    streams_list(streams, c);
    streams->counters->accepted++;
    if (hop_shakes_hands(&c->flow))
        enter(c, CONNECTION_OPENING);
    else
        begin(c);
}

static void dial(struct connection *c)
{
    struct streams *streams = c->streams;
    const struct net_addr *local = &c->flow.local, *remote = &c->flow.remote;

    if (hop_is_secure(&c->flow))
        c->wire.tls = tls_connect(streams->loop, local, remote, streams->settings->tls,
                                  bytes_slice(&c->domain), &tcp_host, c);
    else
        c->wire.tcp = tcp_connect(streams->loop, local, remote, &tcp_host, c);
}

bool connection_connect(struct connection *c)
{
    c->flow.is_ours = true;
    dial(c);
    if (!wire_is_up(&c->wire)) {
        connection_drop(c);
        return false;
    }
    learn_local_ip(c);
    streams_list(c->streams, c);
    enter(c, CONNECTION_OPENING);
    return true;
}

void connection_open(struct connection *c)
{
    if (c->flow.is_ours)
        c->streams->counters->connected++;
    if (hop_shakes_hands(&c->flow))
        streams_shook_hands(c->streams, c);
    begin(c);
}

static void writable(void *owner)
{
    struct connection *c = owner;

    if (c->state == CONNECTION_OPENING)
        connection_open(c);
    connection_flush(c);
}

/* --- out -------------------------------------------------------------------------------------- */

/* RFC 3261 7.2: nothing else begins so. */
static bool is_response(struct slice message)
{
    return slice_starts_with(message, SLICE("SIP/2.0 "));
}

bool connection_takes(const struct connection *c, struct slice message)
{
    switch (c->state) {
    case CONNECTION_OPENING:
    case CONNECTION_OPEN: return true;
    case CONNECTION_ENDING: return is_response(message);
    case CONNECTION_LEAVING: return !c->has_finished;
    case CONNECTION_GONE: break;
    }
    return false;
}

bool connection_send(struct connection *c, struct slice message)
{
    struct streams *streams = c->streams;
    const struct transport_settings *settings = streams->settings;

    if (outbox_unwritten(&c->outbox).len + message.len > settings->max_waiting_bytes) {
        connection_overrun(c);
        return false;
    }
    if (!streams_make_room(streams, message.len) || c->state == CONNECTION_GONE
        || !outbox_add(&c->outbox, message))
        return false;
    streams->waiting_bytes += message.len;
    if (!is_response(message) && message.ptr[0] != '\r')
        c->asks = true;
    list_remove(&c->unflushed);
    list_add(&streams->unflushed, &c->unflushed);
    return true;
}

/* RFC 3261 18.3 leaves nothing to read: but closing now would take back what we have answered. */
static void finish_leaving(struct connection *c)
{
    if (c->state != CONNECTION_LEAVING || c->has_finished || outbox_unwritten(&c->outbox).len > 0)
        return;
    c->has_finished = true;
    wire_finish(&c->wire);
}

/* Who reads a little goes to the end of the row. */
static void note_whether_blocked(struct connection *c, bool has_read)
{
    bool is_blocked = outbox_unwritten(&c->outbox).len > 0;

    if (is_blocked && !has_read && !list_is_empty(&c->blocked))
        return;
    list_remove(&c->blocked);
    if (is_blocked)
        list_add(&c->streams->blocked, &c->blocked);
}

/* By TLS one is dear enough without, and what it takes to have it again is little beside a cipher.
 */
static void drop_empty_box(struct connection *c)
{
    if (hop_is_secure(&c->flow) && outbox_unwritten(&c->outbox).len == 0)
        outbox_fini(&c->outbox);
}

void connection_flush(struct connection *c)
{
    size_t written;

    if (c->state == CONNECTION_OPENING || c->state == CONNECTION_GONE)
        return;
    if (!wire_write(&c->wire, &c->outbox, &written)) {
        end(c, wire_close);
        return;
    }
    if (written > 0) {
        c->active_ms = now_of(c);
        c->streams->waiting_bytes -= written;
        c->streams->counters->sent += outbox_wrote(&c->outbox, written);
        drop_empty_box(c);
    }
    if (outbox_unwritten(&c->outbox).len == 0)
        c->asks = false;
    note_whether_blocked(c, written > 0);
    finish_leaving(c);
}

/* --- in --------------------------------------------------------------------------------------- */

void connection_lose_framing(struct connection *c, struct slice head, int status)
{
    struct streams *streams = c->streams;

    streams->counters->broken++;
    streams_retire(streams, c);
    enter(c, CONNECTION_LEAVING);
    streams_bring_news(streams, c);
    if (head.len > 0)
        streams->host->broken(streams->host_arg, &c->flow, head, status);
    connection_flush(c);
}

void connection_answer_ping(struct connection *c)
{
    if (!connection_send(c, SLICE("\r\n")))
        c->streams->counters->dropped++;
}

void connection_deliver(struct connection *c, struct slice message)
{
    struct streams *streams = c->streams;

    if (c->state != CONNECTION_OPEN)
        return;
    c->active_ms = now_of(c);
    c->has_received = true;
    streams->counters->received++;
    streams->host->received(streams->host_arg, &c->flow, message);
}

/* False: there is no more to be had from what has come. */
static bool handle_next(struct connection *c)
{
    struct slice bytes;

    switch (sip_stream_next(&c->stream, &bytes)) {
    case SIP_STREAM_WANTS_MORE: return false;
    case SIP_STREAM_PING: connection_answer_ping(c); break;
    case SIP_STREAM_TOO_LARGE: connection_lose_framing(c, bytes, 513); break;
    case SIP_STREAM_LOST: connection_lose_framing(c, bytes, 400); break;
    case SIP_STREAM_MESSAGE:
        c->is_inside = false;
        list_remove(&c->half);
        connection_deliver(c, bytes);
        break;
    }
    return c->state == CONNECTION_OPEN;
}

void connection_note_half(struct connection *c, bool is_inside)
{
    if (is_inside && !c->is_inside) {
        c->inside_since_ms = now_of(c);
        list_add(&c->streams->halves, &c->half);
    }
    if (!is_inside)
        list_remove(&c->half);
    c->is_inside = is_inside;
    keep_time(c);
}

static void received(void *owner, struct slice bytes)
{
    struct connection *c = owner;

    if (c->state != CONNECTION_OPEN)
        return;
    c->active_ms = now_of(c);
    sip_stream_feed(&c->stream, bytes);
    while (handle_next(c))
        ;
    if (c->state != CONNECTION_OPEN)
        return;
    size_t held_below = wire_held_bytes(&c->wire);
    connection_note_half(c, held_below > 0 || sip_stream_is_inside(&c->stream));
    streams_count_half(c->streams, c, held_below + c->stream.held_size);
}

/* --- the end ---------------------------------------------------------------------------------- */

void connection_end(struct connection *c)
{
    if (c->state == CONNECTION_OPENING && wire_fault(&c->wire) != NULL)
        tell_unsecured(c, wire_fault(&c->wire));
    end(c, wire_close);
}

/* A request that has not left yet cannot be answered here any more: it is to be sent elsewhere. */
static void ended(void *owner, int error)
{
    struct connection *c = owner;

    if (error != 0 || c->state == CONNECTION_LEAVING || !c->has_received || c->asks) {
        connection_end(c);
        return;
    }
    streams_retire(c->streams, c);
    enter(c, CONNECTION_ENDING);
    streams_bring_news(c->streams, c);
}

static bool send_by_fallback(const struct connection *c, struct slice message)
{
    struct connection *other = c->fallback != 0 ? streams_find(c->streams, c->fallback) : NULL;

    return other != NULL && connection_takes(other, message) && connection_send(other, message);
}

/* A pong that never left is nobody's message. */
static void tell_undelivered(struct connection *c)
{
    struct streams *streams = c->streams;
    struct slice message;

    while (outbox_take(&c->outbox, &message)) {
        if (message.ptr[0] == '\r' || send_by_fallback(c, message))
            continue;
        streams->counters->undelivered++;
        streams->host->unreachable(streams->host_arg, &c->flow, message);
    }
}

/* Each may send by it at once, and stop the waiting of others. */
static void tell_waiters(struct connection *c)
{
    struct list_node *node;
    bool is_open = c->state == CONNECTION_OPEN;

    while ((node = list_take_first(&c->waiters)) != NULL) {
        struct transport_waiter *waiter = CONTAINER_OF(node, struct transport_waiter, node);
        waiter->told(waiter, is_open);
    }
}

void connection_tell_news(struct connection *c)
{
    struct streams *streams = c->streams;
    bool is_open = c->state == CONNECTION_OPEN;

    tell_waiters(c);
    if (is_open)
        return; /* that it ends later will be news of its own */
    if (c->state == CONNECTION_GONE)
        tell_undelivered(c);
    if (!c->was_open)
        return;
    c->was_open = false;
    streams->host->closed(streams->host_arg, &c->flow);
}
