/* The turn is that of src/net/loop.c; the rest is as little as the server can do with. */
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timer_wheel.h"
#include "meter.h"
#include "net/loop.h"
#include "virtual.h"

struct net_loop {
    struct mailbox mailbox;
    struct net_loop_host host;
    void *host_arg;
};

struct transport {
    struct transport_settings settings;
    struct transport_host host;
    void *host_arg;
    struct net_addr addr;
};

struct datagrams stand_in_sent;

static struct net_loop the_loop;
static struct transport the_transport;

struct datagram *datagram_add(struct datagrams *list)
{
    if (list->count == MAX_DATAGRAMS) {
        fprintf(stderr, "counts: more than %d datagrams\n", MAX_DATAGRAMS);
        exit(1);
    }
    struct datagram *added = &list->items[list->count++];
    added->hop = (struct hop){.protocol = HOP_UDP, .local = the_transport.addr};
    added->len = 0;
    return added;
}

struct slice datagram_text(const struct datagram *datagram)
{
    return (struct slice){datagram->bytes, datagram->len};
}

__attribute__((noinline)) static void turn(const struct datagrams *received)
{
    the_loop.host.turn_begins(the_loop.host_arg, virtual_now_ms);
    for (size_t i = 0; i < received->count; i++)
        the_transport.host.received(the_transport.host_arg, &received->items[i].hop,
                                    datagram_text(&received->items[i]));
    (void)mailbox_deliver(&the_loop.mailbox);
    (void)the_loop.host.turn_ends(the_loop.host_arg, virtual_now_ms);
    (void)mailbox_may_sleep(&the_loop.mailbox);
}

void stand_in_turn(const struct datagrams *received)
{
    meter_on();
    turn(received);
    meter_off();
}

/* --- the loop --------------------------------------------------------------------------------- */

static void wake(void *waker)
{
    (void)waker;
}

struct net_loop *net_loop_new(const struct net_loop_host *host, void *host_arg)
{
    the_loop.host = *host;
    the_loop.host_arg = host_arg;
    mailbox_init(&the_loop.mailbox, host_arg, wake, NULL);
    return &the_loop;
}

void net_loop_free(struct net_loop *loop)
{
    (void)loop;
}

void net_loop_run(struct net_loop *loop)
{
    (void)loop;
    abort();
}

void net_loop_stop(struct net_loop *loop)
{
    (void)loop;
}

struct mailbox *net_loop_mailbox(struct net_loop *loop)
{
    return &loop->mailbox;
}

void net_loop_set_siblings(struct net_loop *loop, bool has_siblings)
{
    (void)loop;
    (void)has_siblings;
}

void net_loop_expect_mail(struct net_loop *loop)
{
    (void)loop;
}

uint64_t net_loop_now_ms(const struct net_loop *loop)
{
    (void)loop;
    return virtual_now_ms;
}

/* --- the transport ---------------------------------------------------------------------------- */

struct transport_settings transport_default_settings(void)
{
    return (struct transport_settings){0};
}

struct transport *transport_start(struct net_loop *loop, const struct transport_settings *settings,
                                  const struct transport_host *host, void *host_arg,
                                  struct buffer *fault)
{
    (void)loop;
    (void)fault;
    the_transport.settings = *settings;
    the_transport.host = *host;
    the_transport.host_arg = host_arg;
    if (!net_addr_parse(SLICE(OUR_ADDRESS), OUR_PORT, &the_transport.addr))
        return NULL;
    return &the_transport;
}

void transport_refuse_new(struct transport *transport)
{
    (void)transport;
}

void transport_stop(struct transport *transport)
{
    (void)transport;
}

struct net_addr transport_listener_addr(const struct transport *transport, uint16_t listener)
{
    (void)listener;
    return transport->addr;
}

bool transport_choose(struct transport *transport, enum hop_protocol protocol,
                      const struct net_addr *remote, struct hop *out)
{
    meter_off();
    *out = (struct hop){.protocol = protocol, .local = transport->addr, .remote = *remote};
    meter_on();
    return true;
}

bool transport_choose_for(struct transport *transport, enum hop_protocol protocol,
                          const struct net_addr *remote, struct slice domain, struct hop *out)
{
    (void)domain;
    return transport_choose(transport, protocol, remote, out);
}

enum transport_opening transport_await(struct transport *transport, struct hop *hop,
                                       struct transport_waiter *waiter)
{
    (void)transport;
    (void)hop;
    (void)waiter;
    return TRANSPORT_READY;
}

void transport_give_up(struct transport *transport, const struct hop *hop)
{
    (void)transport;
    (void)hop;
}

void transport_send(struct transport *transport, const struct hop *to, struct slice bytes)
{
    (void)transport;
    meter_off();
    struct datagram *sent = datagram_add(&stand_in_sent);
    if (bytes.len > sizeof(sent->bytes))
        abort();
    sent->hop = *to;
    sent->len = bytes.len;
    memcpy(sent->bytes, bytes.ptr, bytes.len);
    meter_on();
}

bool transport_may_alias(const struct transport *transport, const struct hop *flow)
{
    (void)transport;
    (void)flow;
    return false;
}

void transport_alias(struct transport *transport, const struct hop *flow, uint16_t port)
{
    (void)transport;
    (void)flow;
    (void)port;
}

void transport_flush(struct transport *transport)
{
    (void)transport;
}

bool transport_is_ours(const struct transport *transport, const struct net_addr *addr)
{
    return net_addr_equal(&transport->addr, addr);
}

bool transport_is_on_host(const struct transport *transport, const struct net_addr *addr)
{
    return net_addr_same_host(&transport->addr, addr);
}

struct transport_counters transport_counters(const struct transport *transport)
{
    (void)transport;
    return (struct transport_counters){0};
}

size_t transport_connection_count(const struct transport *transport)
{
    (void)transport;
    return 0;
}
