/*
 * The way out: RFC 3261 18.1.1, 18.2.2. A request to an address that a connection is open to uses
 * it; a connection that is gone is opened anew, if its peer can be connected to. Of one whose peer
 * sends no more it cannot be told whether it is gone: the new one is tried first.
 */
#include "transport/inside.h"

static bool is_listener_of_kind(const struct listener *listener, enum hop_protocol protocol,
                                uint8_t family)
{
    return listener->protocol == protocol && listener->addr.family == family;
}

/*
 * Of several listeners that could reach `remote`: the one at the address that the route to it
 * begins at, else one that is at all addresses, else the first. NULL: there is none.
 */
static struct listener *choose_listener(struct transport *t, enum hop_protocol protocol,
                                        const struct net_addr *remote,
                                        const struct net_addr *source)
{
    struct listener *chosen = NULL;

    for (size_t i = 0; i < t->listener_count; i++) {
        struct listener *listener = &t->listeners[i];
        if (!is_listener_of_kind(listener, protocol, remote->family))
            continue;
        if (net_addr_same_host(&listener->addr, source))
            return listener;
        if (chosen == NULL
            || (net_addr_is_wildcard(&listener->addr) && !net_addr_is_wildcard(&chosen->addr)))
            chosen = listener;
    }
    return chosen;
}

/* To connect to the wildcard would be to connect to this host. */
static bool can_be_sent_to(const struct net_addr *remote)
{
    return remote->family != 0 && remote->port != 0 && !net_addr_is_wildcard(remote)
           && !net_addr_is_multicast(remote);
}

static bool choose_new(struct transport *t, enum hop_protocol protocol,
                       const struct net_addr *remote, struct hop *out)
{
    struct net_addr source = {0};
    bool is_routed = net_source_find(&t->sources, remote, net_loop_now_ms(t->loop), &source);
    const struct listener *listener = choose_listener(t, protocol, remote, &source);

    if (listener == NULL || hop_protocol_is_web(protocol) || !can_be_sent_to(remote))
        return false;
    *out = (struct hop){.protocol = protocol,
                        .worker = t->settings.worker,
                        .listener = listener->index,
                        .local = listener->addr,
                        .remote = *remote};
    if (is_routed && net_addr_is_wildcard(&listener->addr)) {
        out->local = source;
        out->local.port = listener->addr.port;
    }
    return true;
}

static bool find_elsewhere(struct transport *t, enum hop_protocol protocol,
                           const struct net_addr *remote, struct slice domain, struct hop *out)
{
    return t->settings.directory != NULL
           && directory_find(t->settings.directory, protocol, remote, domain, out);
}

static bool find_connection(struct transport *t, enum hop_protocol protocol,
                            const struct net_addr *remote, struct slice domain, struct hop *out)
{
    const struct connection *c = streams_find_to(&t->streams, protocol, remote, domain);

    if (c != NULL)
        *out = c->flow;
    return c != NULL || find_elsewhere(t, protocol, remote, domain, out);
}

bool transport_choose(struct transport *t, enum hop_protocol protocol,
                      const struct net_addr *remote, struct hop *out)
{
    if (protocol != HOP_UDP && find_connection(t, protocol, remote, SLICE_NONE, out))
        return true;
    return !sip_transports[protocol].is_secure && choose_new(t, protocol, remote, out);
}

bool transport_choose_for(struct transport *t, enum hop_protocol protocol,
                          const struct net_addr *remote, struct slice domain, struct hop *out)
{
    struct hop flow;

    if (!sip_transports[protocol].is_secure)
        return transport_choose(t, protocol, remote, out);
    if (find_connection(t, protocol, remote, domain, out))
        return true;
    if (!choose_new(t, protocol, remote, &flow))
        return false;
    flow.local = t->listeners[flow.listener].addr;
    const struct connection *c = streams_connect_to(&t->streams, &flow, domain);
    if (c == NULL)
        return false;
    *out = c->flow;
    return true;
}

static bool has_listener(const struct transport *t, const struct hop *hop)
{
    return hop->listener < t->listener_count
           && is_listener_of_kind(&t->listeners[hop->listener], hop->protocol, hop->remote.family);
}

/* A hop may come from a store, and our listeners have changed since. */
static bool complete(struct transport *t, struct hop *hop)
{
    return has_listener(t, hop) || choose_new(t, hop->protocol, &hop->remote, hop);
}

/* Nearly always the hop is complete, and not copied: that would wait for all stores before it. */
static bool send_datagram(struct transport *t, const struct hop *to, struct slice bytes)
{
    struct hop chosen;

    if (!has_listener(t, to)) {
        chosen = *to;
        if (!complete(t, &chosen))
            return false;
        to = &chosen;
    }
    udp_send(t->listeners[to->listener].udp, &to->local, &to->remote, bytes);
    return true;
}

/* The connection that the hop names, if it can still be written to. */
static struct connection *find_named(struct transport *t, const struct hop *to, struct slice bytes)
{
    struct connection *c = NULL;

    if (to->connection != 0 && to->worker == t->settings.worker)
        c = streams_find(&t->streams, to->connection);
    return c != NULL && connection_takes(c, bytes) ? c : NULL;
}

/*
 * Unless `named` is the one to use. By TLS or WebSocket there is no other: who is connected from
 * the same address now may be somebody else.
 */
static struct connection *find_open(struct transport *t, const struct hop *to,
                                    struct connection *named)
{
    struct net_addr remote;

    if (hop_shakes_hands(to)
        || (named != NULL && (named->state != CONNECTION_ENDING || to->reopen_port == 0)))
        return named;
    remote = hop_reopens_at(to);
    return streams_find_to(&t->streams, to->protocol, &remote, SLICE_NONE);
}

static struct connection *open_new(struct transport *t, const struct hop *to)
{
    struct hop flow = *to;

    if (hop_shakes_hands(to) || !complete(t, &flow))
        return NULL;
    flow.local = t->listeners[flow.listener].addr;
    flow.remote = hop_reopens_at(to);
    return streams_connect(&t->streams, &flow);
}

enum transport_opening transport_await(struct transport *t, struct hop *hop,
                                       struct transport_waiter *waiter)
{
    struct connection *c;

    if (!hop_is_reliable(hop) || (hop->connection != 0 && hop->worker != t->settings.worker))
        return TRANSPORT_READY;
    c = hop->connection != 0 ? streams_find(&t->streams, hop->connection) : open_new(t, hop);
    if (c == NULL)
        return TRANSPORT_CANNOT;
    *hop = c->flow;
    if (c->state != CONNECTION_OPENING)
        return TRANSPORT_READY;
    list_add(&c->waiters, &waiter->node);
    return TRANSPORT_OPENING;
}

void transport_give_up(struct transport *t, const struct hop *hop)
{
    struct connection *c = streams_find(&t->streams, hop->connection);

    if (c != NULL && c->state == CONNECTION_OPENING && list_is_empty(&c->waiters)
        && outbox_unwritten(&c->outbox).len == 0)
        connection_drop(c);
}

static bool send_on_stream(struct transport *t, const struct hop *to, struct slice bytes)
{
    struct connection *named = find_named(t, to, bytes);
    struct connection *c = find_open(t, to, named);

    if (c == NULL) {
        c = open_new(t, to);
        if (c != NULL && named != NULL)
            c->fallback = named->flow.connection;
    }
    if (c == NULL)
        c = named;
    return c != NULL && connection_send(c, bytes);
}

void transport_send(struct transport *t, const struct hop *to, struct slice bytes)
{
    bool is_sent = false;

    if (bytes.len == 0)
        return;
    if (can_be_sent_to(&to->remote))
        is_sent =
            to->protocol == HOP_UDP ? send_datagram(t, to, bytes) : send_on_stream(t, to, bytes);
    if (!is_sent)
        transport_fail(t, to, bytes);
}

void transport_flush(struct transport *t)
{
    for (size_t i = 0; i < t->listener_count; i++) {
        if (t->listeners[i].udp != NULL)
            udp_flush(t->listeners[i].udp);
    }
    streams_flush(&t->streams);
}

bool transport_is_ours(const struct transport *t, const struct net_addr *addr)
{
    for (size_t i = 0; i < t->listener_count; i++) {
        const struct net_addr *ours = &t->listeners[i].addr;
        if (ours->family != addr->family || ours->port != addr->port)
            continue;
        if (net_addr_equal(ours, addr)
            || (net_addr_is_wildcard(ours)
                && net_interfaces_have(t->interfaces, addr, net_loop_now_ms(t->loop))))
            return true;
    }
    return false;
}

bool transport_is_on_host(const struct transport *t, const struct net_addr *addr)
{
    return net_interfaces_have(t->interfaces, addr, net_loop_now_ms(t->loop));
}
