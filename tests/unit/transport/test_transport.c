#include "world.h"

static const char options[] = "OPTIONS sip:a@example.org SIP/2.0\r\nContent-Length: 0\r\n\r\n";

static void a_datagram_and_its_answer_take_the_same_way(const char *wildcard, const char *host)
{
    struct world *world = world_of(wildcard);
    struct net_addr ours = transport_listener_addr(world->transport, 0);
    struct net_addr to = sockets_addr(host, ours.port);
    int peer = sockets_connected(SOCK_DGRAM, host, &to);
    struct net_addr from = net_socket_local(peer);
    char input[200];

    world->answer = "SIP/2.0 200 OK\r\n\r\n";
    sockets_write(peer, options);
    assert_true(world_run(world, WORLD_RECEIVED, 1));
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), world->answer);
    CHECK_SLICE(world_text(world, WORLD_RECEIVED, 0), options);
    const struct hop *hop = &world_event(world, WORLD_RECEIVED, 0)->hop;
    assert_int_equal(hop->protocol, HOP_UDP);
    assert_int_equal(hop->listener, 0);
    assert_true(hop->connection == 0);
    assert_true(net_addr_equal(&hop->local, &to));
    assert_true(net_addr_equal(&hop->remote, &from));
}

static void datagrams_are_answered_from_where_they_came_to(void **state)
{
    (void)state;
    a_datagram_and_its_answer_take_the_same_way("127.0.0.1", "127.0.0.1");
    a_datagram_and_its_answer_take_the_same_way("0.0.0.0", "127.0.0.5");
}

static void so_are_those_of_ipv6(void **state)
{
    (void)state;
    if (!sockets_have("::1"))
        skip();
    a_datagram_and_its_answer_take_the_same_way("::1", "::1");
    a_datagram_and_its_answer_take_the_same_way("::", "::1");
}

static void a_choice_names_a_concrete_address_and_the_port_of_the_listener(void **state)
{
    static const enum hop_protocol protocols[] = {HOP_UDP, HOP_TCP};
    struct world *world = world_of("0.0.0.0");
    struct net_addr remote = sockets_addr("127.0.0.9", 5060);
    struct net_addr remote6 = sockets_addr("::1", 5060);

    (void)state;
    for (uint16_t i = 0; i < ARRAY_LEN(protocols); i++) {
        struct hop hop;
        assert_true(transport_choose(world->transport, protocols[i], &remote, &hop));
        assert_int_equal(hop.protocol, protocols[i]);
        assert_int_equal(hop.listener, i);
        assert_true(hop.connection == 0);
        assert_int_equal(hop.local.ip[0], 127);
        assert_int_equal(hop.local.port, transport_listener_addr(world->transport, i).port);
        assert_true(net_addr_equal(&hop.remote, &remote));
        assert_false(transport_choose(world->transport, protocols[i], &remote6, &hop));
    }
}

static void of_several_listeners_the_one_on_the_route_is_chosen(void **state)
{
    struct transport_listener listeners[] = {
        {HOP_UDP, sockets_addr("127.0.0.2", 0), false},
        {HOP_UDP, sockets_addr("0.0.0.0",   0), false},
        {HOP_UDP, sockets_addr("127.0.0.1", 0), false}
    };
    struct transport_settings settings = transport_default_settings();
    struct world *world = driven_memory(sizeof(*world));
    struct net_addr remote = sockets_addr("127.0.0.1", 5060);
    struct buffer fault = buffer_over((char[100]){0}, 100);
    struct hop hop;

    (void)state;
    driven_start(&world->driven, world, world_is_done, world_flush);
    settings.listeners = listeners;
    for (uint16_t count = 1; count <= 3; count++) {
        settings.listener_count = count;
        world->transport =
            transport_start(world->driven.loop, &settings, &world_host, world, &fault);
        CHECK_MADE(world->transport);
        check_later(world_stop, world->transport);
        assert_true(transport_choose(world->transport, HOP_UDP, &remote, &hop));
        assert_int_equal(hop.listener, count - 1);
    }
}

static void what_nobody_listens_for_is_unreachable(void **state)
{
    struct world *world = world_of("127.0.0.1");
    struct net_addr remote = sockets_addr("127.0.0.1", 1); /* tcpmux: nobody has it */
    struct hop hop;

    (void)state;
    assert_true(transport_choose(world->transport, HOP_UDP, &remote, &hop));
    world_send(world, &hop, slice_of(options));
    assert_true(world_run(world, WORLD_UNREACHABLE, 1));
    CHECK_SLICE(world_text(world, WORLD_UNREACHABLE, 0), options);
    assert_true(net_addr_equal(&world_event(world, WORLD_UNREACHABLE, 0)->hop.remote, &remote));
    assert_false(world->was_called_from_within);
}

static void where_nothing_can_be_sent_is_told_later(void **state)
{
    static const struct {
        const char *host;
        uint16_t port;
        uint16_t listener;
        const char *label;
    } cases[] = {
        {"0.0.0.0",         5060, 0, "the wildcard"             },
        {"224.0.1.75",      5060, 0, "all SIP servers"          },
        {"255.255.255.255", 5060, 0, "broadcast"                },
        {"127.0.0.1",       0,    0, "no port"                  },
        {"2001:db8::9",     5060, 0, "no listener of the family"},
    };
    struct world *world = world_of("127.0.0.1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int protocol = HOP_UDP; protocol <= HOP_TCP; protocol++) {
            struct hop hop = {.protocol = (enum hop_protocol)protocol,
                              .listener = cases[i].listener,
                              .remote = sockets_addr(cases[i].host, cases[i].port)};
            world_send(world, &hop, slice_of(options));
        }
    }
    assert_int_equal(world->event_count, 0);
    assert_true(world_run(world, WORLD_UNREACHABLE, 2 * ARRAY_LEN(cases)));
    assert_false(world->was_called_from_within);
    assert_true(transport_counters(world->transport).undelivered == 2 * ARRAY_LEN(cases));
}

static void no_way_is_chosen_to_where_nothing_can_be_sent(void **state)
{
    const struct net_addr nowhere[] = {sockets_addr("0.0.0.0", 5060),
                                       sockets_addr("224.0.1.75", 5060),
                                       sockets_addr("127.0.0.1", 0)};
    struct world *world = world_of("127.0.0.1");
    struct hop hop;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(nowhere); i++) {
        assert_false(transport_choose(world->transport, HOP_UDP, &nowhere[i], &hop));
        assert_false(transport_choose(world->transport, HOP_TCP, &nowhere[i], &hop));
    }
}

static void a_hop_of_other_days_finds_a_listener_of_today(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int peer = sockets_bound(SOCK_DGRAM, "127.0.0.1");
    struct hop hop = {.protocol = HOP_UDP, .listener = 77, .remote = net_socket_local(peer)};
    char input[200];

    (void)state;
    world_send(world, &hop, slice_of(options));
    world_flush(world);
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), options);
    hop.listener = 1; /* TCP */
    world_send(world, &hop, slice_of(options));
    world_flush(world);
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), options);
}

static void our_addresses_are_ours_with_their_ports(void **state)
{
    static const struct {
        const char *listener;
        const char *host;
        int port_off;
        bool ours;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1",   0, true },
        {"127.0.0.1", "127.0.0.1",   1, false},
        {"127.0.0.1", "127.0.0.2",   0, false},
        {"0.0.0.0",   "127.0.0.2",   0, true },
        {"0.0.0.0",   "203.0.113.9", 0, false},
        {"0.0.0.0",   "::1",         0, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world *world = world_of(cases[i].listener);
        uint16_t port = transport_listener_addr(world->transport, 0).port;
        struct net_addr addr = sockets_addr(cases[i].host, (uint16_t)(port + cases[i].port_off));
        if (transport_listener_addr(world->transport, 1).port == addr.port)
            continue; /* by chance */
        CHECK_CASE(transport_is_ours(world->transport, &addr) == cases[i].ours, cases[i].host);
    }
}

static void a_listener_that_cannot_be_had_is_named(void **state)
{
    static const enum hop_protocol protocols[] = {HOP_UDP, HOP_TCP};
    static const char *const names[] = {"udp:127.0.0.1:", "tcp:127.0.0.1:"};
    struct world *world = world_of("127.0.0.1");
    struct transport_settings settings = transport_default_settings();

    (void)state;
    settings.must_be_first = true;
    for (uint16_t i = 0; i < ARRAY_LEN(protocols); i++) {
        struct transport_listener taken = {protocols[i],
                                           transport_listener_addr(world->transport, i), false};
        char text[200];
        struct buffer fault = buffer_over(text, sizeof(text));
        settings.listeners = &taken;
        settings.listener_count = 1;
        assert_null(transport_start(world->driven.loop, &settings, &world_host, world, &fault));
        CHECK_CASE(memmem(text, fault.len, names[i], strlen(names[i])) != NULL, names[i]);
        CHECK_CASE(memmem(text, fault.len, "in use", 6) != NULL, names[i]);
    }
}

static void several_workers_have_the_same_listeners(void **state)
{
    struct world *world = world_of("127.0.0.1");
    struct transport_settings settings = transport_default_settings();
    struct transport_listener listeners[] = {
        {HOP_UDP, transport_listener_addr(world->transport, 0), false},
        {HOP_TCP, transport_listener_addr(world->transport, 1), false}
    };
    struct buffer fault = buffer_over((char[100]){0}, 100);

    (void)state;
    settings.listeners = listeners;
    settings.listener_count = 2;
    struct transport *second =
        transport_start(world->driven.loop, &settings, &world_host, world, &fault);
    CHECK_MADE(second);
    check_later(world_stop, second);
}

static void what_was_counted_can_be_read(void **state)
{
    struct world *world = world_of("127.0.0.1");
    struct net_addr to = transport_listener_addr(world->transport, 0);
    int peer = sockets_connected(SOCK_DGRAM, "127.0.0.1", &to);

    (void)state;
    world->answer = "SIP/2.0 200 OK\r\n\r\n";
    sockets_write(peer, options);
    sockets_write(peer, options);
    assert_true(world_run(world, WORLD_RECEIVED, 2));
    struct transport_counters counters = transport_counters(world->transport);
    assert_true(counters.received == 2);
    assert_true(counters.sent == 2);
    assert_true(counters.dropped == 0);
}

CHECK_MAIN(CHECK_TEST(datagrams_are_answered_from_where_they_came_to),
           CHECK_TEST(so_are_those_of_ipv6),
           CHECK_TEST(a_choice_names_a_concrete_address_and_the_port_of_the_listener),
           CHECK_TEST(of_several_listeners_the_one_on_the_route_is_chosen),
           CHECK_TEST(what_nobody_listens_for_is_unreachable),
           CHECK_TEST(where_nothing_can_be_sent_is_told_later),
           CHECK_TEST(no_way_is_chosen_to_where_nothing_can_be_sent),
           CHECK_TEST(a_hop_of_other_days_finds_a_listener_of_today),
           CHECK_TEST(our_addresses_are_ours_with_their_ports),
           CHECK_TEST(a_listener_that_cannot_be_had_is_named),
           CHECK_TEST(several_workers_have_the_same_listeners),
           CHECK_TEST(what_was_counted_can_be_read))
