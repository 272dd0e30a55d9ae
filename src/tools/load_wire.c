/*
 * Ends in an array: callers, callees, and the connections that callees have accepted. A caller
 * whose connection breaks connects anew when it has to send.
 */
#include "tools/load_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "net/socket.h"
#include "net/source.h"
#include "tools/load_datagrams.h"
#include "tools/load_stream.h"

enum {
    MAX_ACCEPTED = 1024,
    MAX_EVENTS = 64,
    BACKLOG = 512,
    INPUT_BYTES = 64 * 1024,
    /* prctl(2): sleep that is longer than asked by 50 us would show in the latencies. */
    TIMER_SLACK_NS = 1000,
};

enum end_kind { END_DATAGRAMS, END_LISTENER, END_STREAM };

struct end {
    enum end_kind kind;
    int fd; /* of a listener */
    struct net_addr local;
    struct load_datagrams *datagrams;
    struct load_stream stream;
};

struct load_wire {
    struct load_wire_settings settings;
    load_wire_received *received;
    void *owner;
    struct net_addr here; /* the address that leads to the server; port 0 */
    int epoll;
    struct load_wire_counts counts;
    uint32_t end_count;
    struct end ends[2 * LOAD_MAX_SOCKETS + MAX_ACCEPTED];
    struct load_inbox inbox;
    char input[INPUT_BYTES];
};

/* --- opening and closing --- */

static bool watch(struct load_wire *wire, uint32_t end, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = end};

    return epoll_ctl(wire->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool open_datagrams(struct load_wire *wire, struct end *end, const struct net_addr *local,
                           bool is_connected, struct buffer *fault)
{
    const struct net_addr *server = is_connected ? &wire->settings.server : NULL;

    end->kind = END_DATAGRAMS;
    end->datagrams = calloc(1, sizeof(*end->datagrams));
    if (end->datagrams == NULL || !load_datagrams_init(end->datagrams, local, server, fault))
        return false;
    end->local = net_socket_local(end->datagrams->fd);
    return watch(wire, (uint32_t)(end - wire->ends), end->datagrams->fd);
}

static bool open_listener(struct load_wire *wire, struct end *end, const struct net_addr *local,
                          struct buffer *fault)
{
    end->kind = END_LISTENER;
    end->fd = net_socket_bound(SOCK_STREAM, local, SOCKET_ALONE);
    if (end->fd < 0 || listen(end->fd, BACKLOG) != 0) {
        buffer_add_text(fault, "cannot listen on tcp:");
        net_addr_write(local, fault);
        buffer_printf(fault, ": %s; name another --port", strerror(end->fd < 0 ? -end->fd : errno));
        return false;
    }
    end->local = net_socket_local(end->fd);
    return watch(wire, (uint32_t)(end - wire->ends), end->fd);
}

static bool open_connection(struct load_wire *wire, struct end *end, struct buffer *fault)
{
    int fd = load_stream_connect(&wire->settings.server, fault);

    end->kind = END_STREAM;
    end->stream.fd = -1;
    if (fd < 0)
        return false;
    load_stream_init(&end->stream, fd);
    end->local = net_socket_local(fd);
    return watch(wire, (uint32_t)(end - wire->ends), fd);
}

static bool open_end(struct load_wire *wire, bool is_callee, struct buffer *fault)
{
    const struct load_wire_settings *settings = &wire->settings;
    struct end *end = &wire->ends[wire->end_count];
    struct net_addr local = wire->here;

    if (settings->port > 0)
        local.port = (uint16_t)(settings->port + wire->end_count);
    wire->end_count++;
    if (settings->protocol == HOP_UDP)
        return open_datagrams(wire, end, &local, !is_callee && settings->is_connected, fault);
    return is_callee ? open_listener(wire, end, &local, fault) : open_connection(wire, end, fault);
}

static bool open_ends(struct load_wire *wire, struct buffer *fault)
{
    const struct load_wire_settings *settings = &wire->settings;

    wire->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!net_source_ask(&settings->server, &wire->here)) {
        buffer_add_text(fault, "there is no route to ");
        net_addr_write_host(&settings->server, fault);
        return false;
    }
    for (uint32_t i = 0; i < settings->sockets; i++) {
        if (!open_end(wire, false, fault))
            return false;
    }
    for (uint32_t i = 0; settings->has_callees && i < settings->sockets; i++) {
        if (!open_end(wire, true, fault))
            return false;
    }
    return true;
}

struct load_wire *load_wire_open(const struct load_wire_settings *settings,
                                 load_wire_received *received, void *owner, struct buffer *fault)
{
    struct load_wire *wire = calloc(1, sizeof(*wire));

    if (wire == NULL)
        return NULL;
    prctl(PR_SET_TIMERSLACK, (unsigned long)TIMER_SLACK_NS);
    wire->settings = *settings;
    wire->received = received;
    wire->owner = owner;
    if (open_ends(wire, fault))
        return wire;
    load_wire_close(wire);
    return NULL;
}

static void close_end(struct end *end)
{
    if (end->kind == END_STREAM)
        load_stream_fini(&end->stream);
    else if (end->kind == END_LISTENER && end->fd >= 0)
        close(end->fd);
    else if (end->datagrams != NULL && end->datagrams->fd >= 0)
        close(end->datagrams->fd);
    free(end->datagrams);
}

void load_wire_close(struct load_wire *wire)
{
    for (uint32_t i = 0; i < wire->end_count; i++)
        close_end(&wire->ends[i]);
    if (wire->epoll >= 0)
        close(wire->epoll);
    free(wire);
}

struct net_addr load_wire_local(const struct load_wire *wire, uint32_t end)
{
    return wire->ends[end].local;
}

const struct load_wire_counts *load_wire_counts(const struct load_wire *wire)
{
    return &wire->counts;
}

/* --- out --- */

static void break_connection(struct load_wire *wire, struct end *end)
{
    wire->counts.broken++;
    load_stream_fini(&end->stream);
}

static bool is_caller(const struct load_wire *wire, uint32_t end)
{
    return end < wire->settings.sockets;
}

static void add_to_stream(struct load_wire *wire, uint32_t number, struct slice bytes)
{
    struct end *end = &wire->ends[number];
    char text[256];
    struct buffer fault = buffer_over(text, sizeof(text));

    if (end->stream.fd < 0 && is_caller(wire, number))
        (void)open_connection(wire, end, &fault);
    if (!load_stream_add(&end->stream, bytes))
        wire->counts.unsent++;
}

void load_wire_send(struct load_wire *wire, uint32_t number, const struct net_addr *to,
                    struct slice bytes)
{
    struct end *end = &wire->ends[number];

    if (end->kind == END_STREAM) {
        add_to_stream(wire, number, bytes);
        return;
    }
    if (to == NULL && !end->datagrams->is_connected)
        to = &wire->settings.server;
    load_datagrams_add(end->datagrams, to, bytes, &wire->counts);
}

static void flush(struct load_wire *wire)
{
    for (uint32_t i = 0; i < wire->end_count; i++) {
        struct end *end = &wire->ends[i];
        if (end->kind == END_DATAGRAMS && end->datagrams->count > 0)
            load_datagrams_flush(end->datagrams, &wire->counts);
        else if (end->kind == END_STREAM && !load_stream_flush(&end->stream))
            break_connection(wire, end);
    }
}

/* --- in --- */

static void receive_datagrams(struct load_wire *wire, uint32_t number)
{
    const struct end *end = &wire->ends[number];
    struct load_inbox *inbox = &wire->inbox;
    size_t count = load_datagrams_receive(end->datagrams, inbox, &wire->counts);
    struct net_addr from = wire->settings.server;

    for (size_t i = 0; i < count; i++) {
        const struct mmsghdr *header = &inbox->headers[i];
        if ((header->msg_hdr.msg_flags & MSG_TRUNC) != 0
            || (!end->datagrams->is_connected
                && !net_addr_from_sockaddr((struct sockaddr *)&inbox->names[i], &from)))
            wire->counts.strays++;
        else
            wire->received(wire->owner, number, &from,
                           (struct slice){inbox->slots[i], header->msg_len});
    }
}

/* The first that is closed, or a new one. */
static struct end *accepted_end(struct load_wire *wire)
{
    uint32_t first = 2 * wire->settings.sockets;

    for (uint32_t i = first; i < wire->end_count; i++) {
        if (wire->ends[i].stream.fd < 0)
            return &wire->ends[i];
    }
    return wire->end_count < ARRAY_LEN(wire->ends) ? &wire->ends[wire->end_count++] : NULL;
}

static void accept_connection(struct load_wire *wire, const struct end *listener)
{
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct end *end = fd >= 0 ? accepted_end(wire) : NULL;

    if (end == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    end->kind = END_STREAM;
    end->local = listener->local;
    load_stream_init(&end->stream, fd);
    if (!watch(wire, (uint32_t)(end - wire->ends), fd))
        break_connection(wire, end);
}

static void hand_over_messages(struct load_wire *wire, uint32_t number)
{
    struct end *end = &wire->ends[number];
    struct slice message;

    for (;;) {
        enum sip_stream_news news = sip_stream_next(&end->stream.in, &message);
        if (news == SIP_STREAM_WANTS_MORE)
            return;
        if (news == SIP_STREAM_MESSAGE)
            wire->received(wire->owner, number, &wire->settings.server, message);
        else if (news != SIP_STREAM_PING)
            wire->counts.strays++;
        if (news == SIP_STREAM_LOST)
            return;
    }
}

static void receive_stream(struct load_wire *wire, uint32_t number)
{
    struct end *end = &wire->ends[number];

    if (end->stream.fd < 0)
        return;
    int len = load_stream_receive(&end->stream, wire->input, sizeof(wire->input));
    if (len < 0)
        break_connection(wire, end);
    else if (len > 0)
        hand_over_messages(wire, number);
}

static void receive(struct load_wire *wire, uint32_t number)
{
    switch (wire->ends[number].kind) {
    case END_DATAGRAMS: receive_datagrams(wire, number); break;
    case END_LISTENER: accept_connection(wire, &wire->ends[number]); break;
    case END_STREAM: receive_stream(wire, number); break;
    }
}

/* epoll_pwait2 came with Linux 5.11, and to valgrind later still. */
static int wait_for_events(int epoll, struct epoll_event *events, uint64_t patience_ns)
{
    struct timespec patience = {.tv_sec = (time_t)(patience_ns / 1000000000),
                                .tv_nsec = (long)(patience_ns % 1000000000)};
    int count = epoll_pwait2(epoll, events, MAX_EVENTS, &patience, NULL);

    if (count < 0 && errno == ENOSYS)
        count = epoll_wait(epoll, events, MAX_EVENTS, (int)(patience_ns / 1000000));
    return count;
}

void load_wire_turn(struct load_wire *wire, uint64_t patience_ns)
{
    struct epoll_event events[MAX_EVENTS];

    flush(wire);
    if (wire->settings.spins && wire->settings.protocol == HOP_UDP) {
        for (uint32_t i = 0; i < wire->end_count; i++)
            receive_datagrams(wire, i);
        return;
    }
    int count = wait_for_events(wire->epoll, events, wire->settings.spins ? 0 : patience_ns);
    for (int i = 0; i < count; i++)
        receive(wire, events[i].data.u32);
}
