/* The life of a transport: its listeners, what they bring, and the end of a turn. */
#include "transport/transport.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "net/socket.h"
#include "net/steer.h"
#include "sip/message.h"
#include "transport/inside.h"

static bool open_listener(struct listener *listener, const struct transport_listener *wanted,
                          struct buffer *fault);
static void datagram_received(void *owner, const struct net_addr *local,
                              const struct net_addr *from, struct slice bytes);
static void datagram_undelivered(void *owner, const struct net_addr *to, int error,
                                 struct slice head);
static void connection_incoming(void *owner, int fd, const struct net_addr *remote);
static void end_turn(struct net_guest *guest, uint64_t now_ms);

static const struct udp_host udp_host = {datagram_received, datagram_undelivered};

struct transport_settings transport_default_settings(void)
{
    return (struct transport_settings){
        .max_connections = 8192,
        .max_connections_per_host = 512,
        .max_waiting_bytes = 512 * 1024,
        .max_waiting_bytes_in_all = 64 * 1024 * 1024,
        .max_half_bytes = 64 * 1024 * 1024,
        .idle_ms = 65 * 60 * 1000, /* most phones register for an hour, and some never ping */
        .message_ms = 32 * 1000,   /* 64 * T1 */
        .connect_ms = 5000,
        .handshake_ms = 5000,
        .max_handshakes = 2048,
        .max_handshakes_per_host = 256,
        .ping_ms = 45 * 1000,
        .max_message_bytes = SIP_MAX_MESSAGE,
    };
}

static struct hash_key random_key(void)
{
    struct hash_key key = {0};

    if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
        key.k0 = (uint64_t)getpid(); /* never, for so few bytes */
    return key;
}

static void find_page(void *owner, struct slice path, struct http_page *out)
{
    struct transport *t = owner;

    t->host.asked(t->host_arg, path, out);
}

static bool wants_web(const struct transport_settings *settings)
{
    for (size_t i = 0; i < settings->listener_count; i++) {
        if (hop_protocol_is_web(settings->listeners[i].protocol))
            return true;
    }
    return false;
}

static bool start_web(struct transport *t, struct buffer *fault)
{
    const struct ws_settings settings = {.protocol = "sip",
                                         .origins = t->settings.web_origins,
                                         .max_message_bytes = t->settings.max_message_bytes,
                                         .tls = t->settings.tls,
                                         .find_page = find_page,
                                         .pages = t};

    t->streams.web = ws_service_new(t->loop, &settings, fault);
    return t->streams.web != NULL;
}

static bool init(struct transport *t)
{
    struct hash_key key = random_key();

    list_init(&t->guest.node);
    failures_init(&t->failures);
    net_source_cache_init(&t->sources, &key);
    t->guest.turn = end_turn;
    t->streams = (struct streams){.loop = t->loop,
                                  .settings = &t->settings,
                                  .host = &t->host,
                                  .host_arg = t->host_arg,
                                  .counters = &t->counters,
                                  .key = key};
    bool made = streams_init(&t->streams);
    t->interfaces = calloc(1, sizeof(*t->interfaces));
    return made && t->interfaces != NULL;
}

static struct transport *new_transport(struct net_loop *loop,
                                       const struct transport_settings *settings,
                                       const struct transport_host *host, void *host_arg)
{
    struct transport *t =
        calloc(1, sizeof(*t) + settings->listener_count * sizeof(t->listeners[0]));

    assert(settings->listener_count <= UINT16_MAX);
    if (t == NULL)
        return NULL;
    t->loop = loop;
    t->settings = *settings;
    t->settings.listeners = NULL; /* the caller's */
    t->host = *host;
    t->host_arg = host_arg;
    if (init(t))
        return t;
    transport_stop(t);
    return NULL;
}

struct transport *transport_start(struct net_loop *loop, const struct transport_settings *settings,
                                  const struct transport_host *host, void *host_arg,
                                  struct buffer *fault)
{
    struct transport *t = new_transport(loop, settings, host, host_arg);

    if (t == NULL) {
        buffer_add_text(fault, "no memory for the transport");
        return NULL;
    }
    if (wants_web(settings) && !start_web(t, fault)) {
        transport_stop(t);
        return NULL;
    }
    for (size_t i = 0; i < settings->listener_count; i++) {
        struct listener *listener = &t->listeners[t->listener_count++];
        listener->transport = t;
        listener->index = (uint16_t)i;
        if (!open_listener(listener, &settings->listeners[i], fault)) {
            transport_stop(t);
            return NULL;
        }
    }
    net_loop_join(loop, &t->guest);
    return t;
}

void transport_refuse_new(struct transport *t)
{
    for (size_t i = 0; i < t->listener_count; i++) {
        struct listener *listener = &t->listeners[i];
        if (listener->tcp != NULL)
            tcp_listener_close(listener->tcp);
        listener->tcp = NULL;
    }
}

void transport_stop(struct transport *t)
{
    transport_refuse_new(t);
    for (size_t i = 0; i < t->listener_count; i++) {
        if (t->listeners[i].udp != NULL)
            udp_close(t->listeners[i].udp);
    }
    list_remove(&t->guest.node);
    streams_fini(&t->streams);
    if (t->streams.web != NULL)
        ws_service_stop(t->streams.web);
    failures_fini(&t->failures);
    free(t->interfaces);
    free(t);
}

struct net_addr transport_listener_addr(const struct transport *t, uint16_t listener)
{
    assert(listener < t->listener_count);
    return t->listeners[listener].addr;
}

struct transport_counters transport_counters(const struct transport *t)
{
    struct transport_counters counters = t->counters;

    for (size_t i = 0; i < t->listener_count; i++) {
        if (t->listeners[i].udp == NULL)
            continue;
        struct udp_counters udp = udp_counters(t->listeners[i].udp);
        counters.received += udp.received;
        counters.sent += udp.sent;
        counters.dropped += udp.lost;
    }
    return counters;
}

size_t transport_connection_count(const struct transport *t)
{
    return t->streams.by_id.count;
}

/* --- listeners -------------------------------------------------------------------------------- */

static bool refuse(const struct transport_listener *wanted, int error, struct buffer *fault)
{
    buffer_add_text(fault, "cannot listen on ");
    transport_listener_write(wanted, fault);
    buffer_add_text(fault, ": ");
    buffer_add_text(fault, strerrordesc_np(error));
    return false;
}

/*
 * Sockets that share an address share it with any program of this user: that another one has it
 * shows only to a socket that does not share.
 */
static int find_rival(int type, const struct net_addr *addr)
{
    int fd = addr->port == 0 ? 0 : net_socket_bound(type, addr, SOCKET_ALONE);

    if (fd > 0)
        close(fd);
    return fd < 0 ? -fd : 0;
}

/*
 * Responses come from anywhere: each names in our branch the worker whose transaction it is for
 * (txn/branch.c). One program serves all sockets of an address: the second worker sets it.
 */
static void steer_responses(const struct listener *listener, int fd)
{
    if (listener->transport->settings.worker == 1)
        net_steer(fd, SLICE("SIP/"), SLICE("z9hG4bK"));
}

static bool listen_to_datagrams(struct listener *listener, int fd)
{
    steer_responses(listener, fd);
    listener->udp = udp_open(listener->transport->loop, fd, &udp_host, listener);
    if (listener->udp == NULL)
        return false;
    listener->addr = *udp_local(listener->udp);
    return true;
}

static bool listen_to_streams(struct listener *listener, int fd)
{
    listener->tcp = tcp_listener_open(listener->transport->loop, fd, connection_incoming, listener);
    if (listener->tcp == NULL)
        return false;
    listener->addr = *tcp_listener_local(listener->tcp);
    return true;
}

static bool open_listener(struct listener *listener, const struct transport_listener *wanted,
                          struct buffer *fault)
{
    int type = wanted->protocol == HOP_UDP ? SOCK_DGRAM : SOCK_STREAM;
    int rival_error = 0;

    if (listener->transport->settings.must_be_first)
        rival_error = find_rival(type, &wanted->addr);
    if (rival_error != 0)
        return refuse(wanted, rival_error, fault);
    int fd = net_socket_bound(type, &wanted->addr, SOCKET_SHARED);
    if (fd < 0)
        return refuse(wanted, -fd, fault);
    listener->protocol = wanted->protocol;
    listener->has_only_pages = wanted->has_only_pages;
    bool opened = wanted->protocol == HOP_UDP ? listen_to_datagrams(listener, fd)
                                              : listen_to_streams(listener, fd);
    return opened || refuse(wanted, errno, fault);
}

/* --- what comes ------------------------------------------------------------------------------- */

static struct hop hop_of(const struct listener *listener, const struct net_addr *remote)
{
    return (struct hop){.protocol = listener->protocol,
                        .worker = listener->transport->settings.worker,
                        .listener = listener->index,
                        .local = listener->addr,
                        .remote = *remote};
}

static void datagram_received(void *owner, const struct net_addr *local,
                              const struct net_addr *from, struct slice bytes)
{
    const struct listener *listener = owner;
    struct transport *t = listener->transport;
    struct hop hop = hop_of(listener, from);

    hop.local = *local;
    t->host.received(t->host_arg, &hop, bytes);
}

static void datagram_undelivered(void *owner, const struct net_addr *to, int error,
                                 struct slice head)
{
    const struct listener *listener = owner;
    struct hop hop = hop_of(listener, to);

    (void)error;
    transport_fail(listener->transport, &hop, head);
}

static void connection_incoming(void *owner, int fd, const struct net_addr *remote)
{
    const struct listener *listener = owner;
    struct hop flow = hop_of(listener, remote);

    streams_accept(&listener->transport->streams, &flow, fd, !listener->has_only_pages);
}

/* --- the end of a turn ------------------------------------------------------------------------ */

void transport_fail(struct transport *t, const struct hop *to, struct slice message)
{
    if (!failures_add(&t->failures, to, message))
        t->counters.dropped++;
    net_loop_wake_at(t->loop, 0);
}

static void end_turn(struct net_guest *guest, uint64_t now_ms)
{
    struct transport *t = CONTAINER_OF(guest, struct transport, guest);

    streams_turn(&t->streams, now_ms);
    t->counters.undelivered += failures_tell(&t->failures, &t->host, t->host_arg);
    if (t->failures.count > 0)
        net_loop_wake_at(t->loop, 0);
}
