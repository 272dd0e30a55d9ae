#include <stdio.h>

#include "world.h"

static const char options[] = "OPTIONS sip:a@example.org SIP/2.0\r\nContent-Length: 0\r\n\r\n";
static const char message[] = "MESSAGE sip:a@example.org SIP/2.0\r\nContent-Length: 5\r\n\r\nhello";
static const char ok[] = "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";

/* A listening socket that the transport connects to. */
static int listening(void)
{
    int fd = sockets_bound(SOCK_STREAM, "127.0.0.1");

    assert_int_equal(listen(fd, 10), 0);
    return fd;
}

static int accept_from(int fd)
{
    assert_true(sockets_wait(fd, POLLIN));
    int peer = accept(fd, NULL, NULL);
    assert_true(peer >= 0);
    check_later(sockets_close, (void *)(intptr_t)peer);
    return peer;
}

static struct hop hop_to(int fd)
{
    return (struct hop){.protocol = HOP_TCP, .listener = 1, .remote = net_socket_local(fd)};
}

static void reset(int fd)
{
    struct linger at_once = {.l_onoff = 1};
    int null = socket(AF_INET, SOCK_DGRAM, 0);

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    dup2(null, fd); /* closes it, and leaves something to be closed by check_later */
    close(null);
}

/* Whether the peer sees the end of the connection within a second. */
static bool is_at_end(int fd)
{
    char byte;
    ssize_t len = sockets_wait(fd, POLLIN) ? recv(fd, &byte, 1, MSG_DONTWAIT) : 1;

    return len == 0 || (len < 0 && errno != EAGAIN);
}

/* --- framing ---------------------------------------------------------------------------------- */

static void messages_come_whole_however_they_are_cut(void **state)
{
    static const size_t portions[] = {1, 7, 60, 1000};
    struct world *world = world_of("127.0.0.1");
    int peer = world_connect(world, "127.0.0.1");
    char all[400];

    (void)state;
    (void)snprintf(all, sizeof(all), "%s%s\r\n%s", options, message, options);
    for (size_t i = 0; i < ARRAY_LEN(portions); i++) {
        for (size_t at = 0; at < strlen(all); at += portions[i]) {
            size_t len = strlen(all) - at < portions[i] ? strlen(all) - at : portions[i];
            assert_int_equal(send(peer, all + at, len, 0), len);
            world_idle(world, 0);
        }
        assert_true(world_run(world, WORLD_RECEIVED, 3 * (i + 1)));
        CHECK_SLICE(world_text(world, WORLD_RECEIVED, 3 * i), options);
        CHECK_SLICE(world_text(world, WORLD_RECEIVED, 3 * i + 1), message);
        CHECK_SLICE(world_text(world, WORLD_RECEIVED, 3 * i + 2), options);
    }
}

static void a_flow_has_the_port_of_the_listener_and_the_ip_of_the_connection(void **state)
{
    struct world *world = world_of("0.0.0.0");
    int peer = world_connect(world, "127.0.0.6");
    struct net_addr from = net_socket_local(peer);

    (void)state;
    sockets_write(peer, options);
    assert_true(world_run(world, WORLD_RECEIVED, 1));
    const struct hop *flow = &world_event(world, WORLD_RECEIVED, 0)->hop;
    assert_int_equal(flow->protocol, HOP_TCP);
    assert_int_equal(flow->listener, 1);
    assert_true(flow->connection != 0);
    assert_int_equal(flow->local.ip[3], 6);
    assert_int_equal(flow->local.port, transport_listener_addr(world->transport, 1).port);
    assert_true(net_addr_equal(&flow->remote, &from));
}

static void streams_of_ipv6_carry_messages(void **state)
{
    (void)state;
    if (!sockets_have("::1"))
        skip();
    struct world *world = world_of("::");
    int peer = world_connect(world, "::1");
    char input[200];
    world->answer = ok;
    sockets_write(peer, options);
    assert_true(world_run(world, WORLD_RECEIVED, 1));
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), ok);
}

static void answers_of_one_turn_leave_together(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int peer = world_connect(world, "127.0.0.1");
    char input[400], three[400];

    (void)state;
    world->answer = ok;
    world->answer_count = 3;
    sockets_write(peer, options);
    assert_true(world_run(world, WORLD_RECEIVED, 1));
    (void)snprintf(three, sizeof(three), "%s%s%s", ok, ok, ok);
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), three);
    assert_true(transport_counters(world->transport).sent == 3);
}

static bool has_connection(void *test)
{
    const struct world *world = test;

    return transport_connection_count(world->transport) == world->wanted_count;
}

static void a_ping_is_answered_and_a_pong_is_not(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int peer = world_connect(world, "127.0.0.1");
    char input[200];

    (void)state;
    sockets_write(peer, "\r\n\r\n");
    world_idle(world, 50);
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), "\r\n");
    sockets_write(peer, "\r\n");
    world_idle(world, 50);
    assert_int_equal(recv(peer, input, sizeof(input), MSG_DONTWAIT), -1);
    assert_int_equal(world->event_count, 0);
}

static void lost_framing_is_answered_and_the_connection_closed(void **state)
{
    static const struct {
        const char *text;
        size_t max_bytes;
        int status;
    } cases[] = {
        {"OPTIONS sip:a@example.org SIP/2.0\r\nVia: x\r\n\r\n",               65535, 400},
        {"OPTIONS sip:a@example.org SIP/2.0\r\nContent-Length: 4000\r\n\r\n", 1000,  513},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct transport_settings settings = transport_default_settings();
        char input[200];
        settings.max_message_bytes = cases[i].max_bytes;
        struct world *world = world_start("127.0.0.1", &settings);
        int peer = world_connect(world, "127.0.0.1");
        world->answer = "SIP/2.0 4xx No\r\n\r\n";
        sockets_write(peer, cases[i].text);
        assert_true(world_run(world, WORLD_CLOSED, 1));
        assert_int_equal(world_event(world, WORLD_BROKEN, 0)->status, cases[i].status);
        CHECK_SLICE(world_text(world, WORLD_BROKEN, 0), cases[i].text);
        CHECK_SLICE(sockets_read(peer, input, sizeof(input)), world->answer);
        assert_true(is_at_end(peer));
        /* What it goes on to send is ignored, until it closes too. */
        sockets_write(peer, options);
        world_idle(world, 20);
        assert_int_equal(world->counts[WORLD_RECEIVED], 0);
        assert_int_equal(shutdown(peer, SHUT_WR), 0);
        world->driven.is_done = has_connection;
        world->wanted_count = 0;
        assert_true(driven_run(&world->driven, 2000));
    }
}

/* --- time ------------------------------------------------------------------------------------- */

static void an_idle_connection_is_closed(void **state)
{
    struct transport_settings settings = transport_default_settings();

    (void)state;
    settings.idle_ms = 60;
    struct world *world = world_start("127.0.0.1", &settings);
    int peer = world_connect(world, "127.0.0.1");
    for (int i = 0; i < 4; i++) { /* pings keep it alive */
        sockets_write(peer, "\r\n\r\n");
        world_idle(world, 30);
    }
    assert_int_equal(world->counts[WORLD_CLOSED], 0);
    assert_true(world_run(world, WORLD_CLOSED, 1));
    assert_true(transport_counters(world->transport).timed_out == 1);
    assert_int_equal(transport_connection_count(world->transport), 0);
}

static void half_a_message_that_comes_drop_by_drop_is_not_waited_for(void **state)
{
    struct transport_settings settings = transport_default_settings();

    (void)state;
    settings.message_ms = 100;
    struct world *world = world_start("127.0.0.1", &settings);
    int peer = world_connect(world, "127.0.0.1");
    sockets_write(peer, options); /* a whole one has no limit */
    assert_true(world_run(world, WORLD_RECEIVED, 1));
    for (size_t i = 0; i < strlen(options) && world->counts[WORLD_CLOSED] == 0; i++) {
        (void)send(peer, options + i, 1, MSG_NOSIGNAL);
        world_idle(world, 10);
    }
    assert_int_equal(world->counts[WORLD_CLOSED], 1);
    assert_int_equal(world->counts[WORLD_RECEIVED], 1);
    assert_true(is_at_end(peer));
}

static void a_connection_that_is_not_accepted_is_given_up(void **state)
{
    struct transport_settings settings = transport_default_settings();
    int fd = sockets_bound(SOCK_STREAM, "127.0.0.1");
    struct net_addr remote = net_socket_local(fd);
    struct hop hop = hop_to(fd);

    (void)state;
    assert_int_equal(listen(fd, 0), 0);
    for (int i = 0; i < 4; i++) /* what comes when the backlog is full is not answered */
        (void)sockets_connected(SOCK_STREAM, "127.0.0.1", &remote);
    settings.connect_ms = 60;
    struct world *world = world_start("127.0.0.1", &settings);
    world_send(world, &hop, slice_of(options));
    world_send(world, &hop, slice_of(message));
    assert_true(world_run(world, WORLD_UNREACHABLE, 2));
    CHECK_SLICE(world_text(world, WORLD_UNREACHABLE, 0), options);
    CHECK_SLICE(world_text(world, WORLD_UNREACHABLE, 1), message);
    assert_int_equal(world->counts[WORLD_CLOSED], 0); /* it never was open */
}

/* --- connections of ours ---------------------------------------------------------------------- */

static void a_message_opens_a_connection_and_the_next_uses_it(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int fd = listening();
    struct hop hop = hop_to(fd);
    char input[400];
    struct hop chosen;

    (void)state;
    world_send(world, &hop, slice_of(options));
    assert_true(transport_choose(world->transport, HOP_TCP, &hop.remote, &chosen));
    world_idle(world, 20);
    int peer = accept_from(fd);
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), options);
    world_send(world, &hop, slice_of(message));
    world_idle(world, 20);
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), message);
    assert_int_equal(transport_connection_count(world->transport), 1);

    sockets_write(peer, ok);
    assert_true(world_run(world, WORLD_RECEIVED, 1));
    const struct hop *flow = &world_event(world, WORLD_RECEIVED, 0)->hop;
    assert_true(flow->connection == chosen.connection && chosen.connection != 0);
    assert_int_equal(flow->local.port, transport_listener_addr(world->transport, 1).port);
    assert_true(net_addr_equal(&flow->remote, &hop.remote));
}

static void a_request_to_a_peer_that_has_connected_uses_its_connection(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int peer = world_connect(world, "127.0.0.1");
    struct net_addr remote = net_socket_local(peer);
    char input[400];
    struct hop hop;

    (void)state;
    sockets_write(peer, options);
    assert_true(world_run(world, WORLD_RECEIVED, 1));
    assert_true(transport_choose(world->transport, HOP_TCP, &remote, &hop));
    assert_true(hop.connection == world_event(world, WORLD_RECEIVED, 0)->hop.connection);
    hop.connection = 0;
    world_send(world, &hop, slice_of(message));
    world_flush(world);
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), message);
}

static void each_message_to_a_peer_that_refuses_is_named(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int bound = sockets_bound(SOCK_STREAM, "127.0.0.1"); /* not listening */
    struct hop hop = hop_to(bound);

    (void)state;
    world_send(world, &hop, slice_of(options));
    world_send(world, &hop, slice_of(message));
    assert_true(world_run(world, WORLD_UNREACHABLE, 2));
    CHECK_SLICE(world_text(world, WORLD_UNREACHABLE, 0), options);
    CHECK_SLICE(world_text(world, WORLD_UNREACHABLE, 1), message);
    assert_false(world->was_called_from_within);
    assert_int_equal(transport_connection_count(world->transport), 0);
}

static void what_is_sent_on_a_connection_that_is_gone_is_tried_anew(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int fd = listening();
    struct hop hop = hop_to(fd);
    char input[400];

    (void)state;
    hop.connection = 12345; /* of an earlier process, perhaps */
    world_send(world, &hop, slice_of(options));
    world_idle(world, 20);
    int peer = accept_from(fd);
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), options);
    reset(peer);
    assert_true(world_run(world, WORLD_CLOSED, 1));
    hop = world_event(world, WORLD_CLOSED, 0)->hop;
    world_send(world, &hop, slice_of(message));
    world_idle(world, 20);
    CHECK_SLICE(sockets_read(accept_from(fd), input, sizeof(input)), message);
}

/* --- peers that behave badly ------------------------------------------------------------------ */

static void above_the_ceilings_connections_are_closed_at_once(void **state)
{
    struct transport_settings settings = transport_default_settings();
    int peers[4];

    (void)state;
    settings.max_connections = 3;
    settings.max_connections_per_host = 2;
    struct world *world = world_start("127.0.0.1", &settings);
    for (size_t i = 0; i < 3; i++)
        peers[i] = world_connect(world, "127.0.0.1");
    world_idle(world, 20);
    assert_int_equal(transport_connection_count(world->transport), 2);
    assert_true(transport_counters(world->transport).refused == 1);
    assert_true(is_at_end(peers[2]));

    struct net_addr to = transport_listener_addr(world->transport, 1);
    (void)sockets_connected(SOCK_STREAM, "127.0.0.2", &to); /* another host */
    int fourth = sockets_connected(SOCK_STREAM, "127.0.0.3", &to);
    world_idle(world, 20);
    assert_int_equal(transport_connection_count(world->transport), 3);
    assert_true(is_at_end(fourth));

    reset(peers[0]); /* makes room */
    assert_true(world_run(world, WORLD_CLOSED, 1));
    peers[3] = world_connect(world, "127.0.0.1");
    sockets_write(peers[3], options);
    assert_true(world_run(world, WORLD_RECEIVED, 1));
}

static void when_full_nothing_is_opened_either(void **state)
{
    struct transport_settings settings = transport_default_settings();
    int fd = listening();
    struct hop hop = hop_to(fd);

    (void)state;
    settings.max_connections = 0;
    struct world *world = world_start("127.0.0.1", &settings);
    world_send(world, &hop, slice_of(options));
    assert_true(world_run(world, WORLD_UNREACHABLE, 1));
    CHECK_SLICE(world_text(world, WORLD_UNREACHABLE, 0), options);
    assert_true(transport_counters(world->transport).refused == 1);
}

static void a_peer_that_does_not_read_is_cut_off(void **state)
{
    static char large[60000];
    struct transport_settings settings = transport_default_settings();

    (void)state;
    settings.max_waiting_bytes = 200000;
    struct world *world = world_start("127.0.0.1", &settings);
    int peer = world_connect(world, "127.0.0.1");
    sockets_write(peer, options);
    assert_true(world_run(world, WORLD_RECEIVED, 1));
    struct hop flow = world_event(world, WORLD_RECEIVED, 0)->hop;
    memset(large, 'x', sizeof(large));
    for (int i = 0; i < 1000 && transport_connection_count(world->transport) > 0; i++) {
        world_send(world, &flow, (struct slice){large, sizeof(large)});
        world_flush(world);
    }
    assert_int_equal(transport_connection_count(world->transport), 0);
    assert_true(transport_counters(world->transport).overrun == 1);
    assert_true(world_run(world, WORLD_CLOSED, 1));
    /* Three that waited, perhaps one half written, and the one that was too much: all named whole.
     */
    assert_in_range(world->counts[WORLD_UNREACHABLE], 4, 5);
    for (size_t i = 0; i + 1 < world->counts[WORLD_UNREACHABLE]; i++)
        assert_int_equal(world_event(world, WORLD_UNREACHABLE, i)->len, sizeof(large));
    assert_false(world->was_called_from_within);
}

static void all_peers_together_have_a_ceiling_too(void **state)
{
    static char large[60000];
    struct transport_settings settings = transport_default_settings();
    int fd = listening();
    struct hop hop = hop_to(fd);

    (void)state;
    settings.max_waiting_bytes_in_all = 100000;
    struct world *world = world_start("127.0.0.1", &settings);
    world_send(world, &hop, (struct slice){large, sizeof(large)});
    hop.remote = net_socket_local(listening());
    world_send(world, &hop, (struct slice){large, sizeof(large)});
    world_send(world, &hop, slice_of(options));
    assert_true(world_run(world, WORLD_UNREACHABLE, 1));
    world_idle(world, 20);
    assert_int_equal(world->counts[WORLD_UNREACHABLE], 1);
    assert_int_equal(transport_connection_count(world->transport), 2);
    world_send(world, &hop,
               (struct slice){large, sizeof(large)}); /* what has left does not count */
    world_idle(world, 20);
    assert_int_equal(world->counts[WORLD_UNREACHABLE], 1);
}

static char megabyte[1 << 20];

/* Sends until the peer's window is shut and between two and three megabytes wait. */
static void fill(struct world *world, const struct hop *flow)
{
    uint64_t sent;

    do {
        sent = transport_counters(world->transport).sent;
        world_send(world, flow, (struct slice){megabyte, sizeof(megabyte)});
        world_flush(world);
    } while (transport_counters(world->transport).sent > sent);
    for (int i = 0; i < 2; i++)
        world_send(world, flow, (struct slice){megabyte, sizeof(megabyte)});
}

static void who_does_not_read_makes_room_for_who_does(void **state)
{
    struct transport_settings settings = transport_default_settings();
    char input[200];

    (void)state;
    settings.max_waiting_bytes = 4 * sizeof(megabyte);
    settings.max_waiting_bytes_in_all = 3 * sizeof(megabyte);
    struct world *world = world_start("127.0.0.1", &settings);
    int deaf = world_connect(world, "127.0.0.1");
    sockets_write(deaf, options);
    assert_true(world_run(world, WORLD_RECEIVED, 1));
    fill(world, &world_event(world, WORLD_RECEIVED, 0)->hop);
    int reader = world_connect(world, "127.0.0.1");
    sockets_write(reader, options);
    assert_true(world_run(world, WORLD_RECEIVED, 2));
    world_send(world, &world_event(world, WORLD_RECEIVED, 1)->hop,
               (struct slice){megabyte, sizeof(megabyte)});
    assert_true(world_run(world, WORLD_CLOSED, 1));
    assert_true(transport_counters(world->transport).overrun == 1);
    assert_int_equal(transport_connection_count(world->transport), 1);
    assert_true(sockets_read(reader, input, sizeof(input)).len > 0);
}

static void at_the_ceiling_of_half_messages_the_oldest_goes(void **state)
{
    struct transport_settings settings = transport_default_settings();
    int peers[3];

    (void)state;
    settings.max_half_bytes = 2500; /* each takes 1024 */
    struct world *world = world_start("127.0.0.1", &settings);
    for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
        peers[i] = world_connect(world, "127.0.0.1");
        sockets_write(peers[i], "OPTIONS sip:a@example.org SIP/2.0\r\n");
        world_idle(world, 5);
    }
    assert_true(world_run(world, WORLD_CLOSED, 1));
    assert_true(is_at_end(peers[0]));
    assert_true(transport_counters(world->transport).crowded_out == 1);
    for (size_t i = 1; i < ARRAY_LEN(peers); i++)
        sockets_write(peers[i], "Content-Length: 0\r\n\r\n");
    assert_true(world_run(world, WORLD_RECEIVED, 2));
    for (size_t i = 0; i < 5; i++) { /* what is whole counts no more */
        int peer = world_connect(world, "127.0.0.1");
        sockets_write(peer, "OPTIONS sip:a@example.org SIP/2.0\r\n");
        world_idle(world, 5);
        sockets_write(peer, "Content-Length: 0\r\n\r\n");
        assert_true(world_run(world, WORLD_RECEIVED, 3 + i));
    }
    assert_int_equal(world->counts[WORLD_CLOSED], 1);
}

static void a_reset_connection_is_told_once(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int peer = world_connect(world, "127.0.0.1");

    (void)state;
    sockets_write(peer, options);
    assert_true(world_run(world, WORLD_RECEIVED, 1));
    reset(peer);
    assert_true(world_run(world, WORLD_CLOSED, 1));
    world_idle(world, 20);
    assert_int_equal(world->counts[WORLD_CLOSED], 1);
    assert_true(world_event(world, WORLD_CLOSED, 0)->hop.connection
                == world_event(world, WORLD_RECEIVED, 0)->hop.connection);
    assert_int_equal(transport_connection_count(world->transport), 0);
}

static void who_sends_no_more_gets_answers_but_no_requests(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int peer = world_connect(world, "127.0.0.1");
    struct net_addr remote = net_socket_local(peer);
    char input[400];
    struct hop chosen;

    (void)state;
    sockets_write(peer, options);
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    assert_true(world_run(world, WORLD_CLOSED, 1));
    struct hop flow = world_event(world, WORLD_RECEIVED, 0)->hop;
    world_send(world, &flow, slice_of(ok));
    world_flush(world);
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), ok);
    assert_true(transport_choose(world->transport, HOP_TCP, &remote, &chosen));
    assert_true(chosen.connection == 0);
    world_send(world, &flow, slice_of(message)); /* nobody listens at the port it came from */
    assert_true(world_run(world, WORLD_UNREACHABLE, 1));
    CHECK_SLICE(world_text(world, WORLD_UNREACHABLE, 0), message);
}

static void a_request_that_has_not_left_when_the_peer_ends_is_unreachable(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int peer = world_connect(world, "127.0.0.1");

    (void)state;
    sockets_write(peer, options);
    assert_true(world_run(world, WORLD_RECEIVED, 1));
    struct hop flow = world_event(world, WORLD_RECEIVED, 0)->hop;
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    world_send(world, &flow, slice_of(message)); /* in the turn that learns of the end */
    assert_true(world_run(world, WORLD_CLOSED, 1));
    assert_int_equal(world->counts[WORLD_UNREACHABLE], 1);
    CHECK_SLICE(world_text(world, WORLD_UNREACHABLE, 0), message);
    assert_true(is_at_end(peer));
}

static void a_peer_that_has_closed_costs_no_turns(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int peer = world_connect(world, "127.0.0.1");
    struct hop nobody = {.protocol = HOP_UDP, .remote = sockets_addr("127.0.0.1", 1)};

    (void)state;
    sockets_write(peer, options);
    assert_int_equal(shutdown(peer, SHUT_RDWR), 0);
    assert_true(world_run(world, WORLD_CLOSED, 1));
    world_send(world, &nobody, slice_of(options));
    assert_true(world_run(world, WORLD_UNREACHABLE, 1));
    size_t turns = world->driven.ended;
    world_idle(world, 50);
    assert_in_range(world->driven.ended - turns, 1, 4);
}

static void who_is_answered_too_much_when_it_closes_is_told_of(void **state)
{
    struct transport_settings settings = transport_default_settings();

    (void)state;
    settings.max_waiting_bytes = 50;
    struct world *world = world_start("127.0.0.1", &settings);
    int peer = world_connect(world, "127.0.0.1");
    world->answer_to_closing = ok; /* the second one is too much */
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    assert_true(world_run(world, WORLD_UNREACHABLE, 2));
    assert_int_equal(world->counts[WORLD_CLOSED], 1);
}

static void a_connection_may_end_while_its_message_is_handled(void **state)
{
    struct transport_settings settings = transport_default_settings();
    char two[400];

    (void)state;
    settings.max_waiting_bytes = 10; /* the first answer is too much */
    struct world *world = world_start("127.0.0.1", &settings);
    int peer = world_connect(world, "127.0.0.1");
    world->answer = ok;
    (void)snprintf(two, sizeof(two), "%s%s", message, message);
    sockets_write(peer, "MESSAGE sip:a@example.org SIP/2.0\r\n");
    world_idle(world, 10); /* so that what follows is held, not read in place */
    sockets_write(peer, strchr(two, '\n') + 1);
    assert_true(world_run(world, WORLD_CLOSED, 1));
    assert_int_equal(world->counts[WORLD_RECEIVED], 1);
    assert_int_equal(world->counts[WORLD_UNREACHABLE], 1);
    assert_false(world->was_called_from_within);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void who_refuses_new_ones_serves_the_old_ones(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int peer = world_connect(world, "127.0.0.1");
    struct net_addr to = transport_listener_addr(world->transport, 1);
    char input[400];

    (void)state;
    sockets_write(peer, options);
    assert_true(world_run(world, WORLD_RECEIVED, 1));
    transport_refuse_new(world->transport);
    world->answer = ok;
    sockets_write(peer, options);
    assert_true(world_run(world, WORLD_RECEIVED, 2));
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), ok);
    struct sockaddr_storage sa;
    socklen_t len = net_addr_to_sockaddr(&to, &sa);
    int late = socket(AF_INET, SOCK_STREAM, 0);
    int refused = connect(late, (struct sockaddr *)&sa, len);
    close(late);
    assert_int_equal(refused, -1);
}

static void it_may_stop_with_everything_open(void **state)
{
    static char large[60000];
    struct world *world = world_of("127.0.0.1");
    int fd = listening();
    struct hop hop = hop_to(fd);
    struct hop nowhere = {.protocol = HOP_UDP};

    (void)state;
    for (int i = 0; i < 10; i++)
        (void)world_connect(world, "127.0.0.1");
    world_idle(world, 20);
    world_send(world, &hop, (struct slice){large, sizeof(large)});
    world_send(world, &nowhere, slice_of(options));
    assert_int_equal(transport_connection_count(world->transport), 11);
}

CHECK_MAIN(CHECK_TEST(messages_come_whole_however_they_are_cut),
           CHECK_TEST(a_flow_has_the_port_of_the_listener_and_the_ip_of_the_connection),
           CHECK_TEST(streams_of_ipv6_carry_messages),
           CHECK_TEST(answers_of_one_turn_leave_together),
           CHECK_TEST(a_ping_is_answered_and_a_pong_is_not),
           CHECK_TEST(lost_framing_is_answered_and_the_connection_closed),
           CHECK_TEST(an_idle_connection_is_closed),
           CHECK_TEST(half_a_message_that_comes_drop_by_drop_is_not_waited_for),
           CHECK_TEST(a_connection_that_is_not_accepted_is_given_up),
           CHECK_TEST(a_message_opens_a_connection_and_the_next_uses_it),
           CHECK_TEST(a_request_to_a_peer_that_has_connected_uses_its_connection),
           CHECK_TEST(each_message_to_a_peer_that_refuses_is_named),
           CHECK_TEST(what_is_sent_on_a_connection_that_is_gone_is_tried_anew),
           CHECK_TEST(above_the_ceilings_connections_are_closed_at_once),
           CHECK_TEST(when_full_nothing_is_opened_either),
           CHECK_TEST(a_peer_that_does_not_read_is_cut_off),
           CHECK_TEST(all_peers_together_have_a_ceiling_too),
           CHECK_TEST(who_does_not_read_makes_room_for_who_does),
           CHECK_TEST(at_the_ceiling_of_half_messages_the_oldest_goes),
           CHECK_TEST(a_reset_connection_is_told_once),
           CHECK_TEST(who_sends_no_more_gets_answers_but_no_requests),
           CHECK_TEST(a_request_that_has_not_left_when_the_peer_ends_is_unreachable),
           CHECK_TEST(a_peer_that_has_closed_costs_no_turns),
           CHECK_TEST(who_is_answered_too_much_when_it_closes_is_told_of),
           CHECK_TEST(a_connection_may_end_while_its_message_is_handled),
           CHECK_TEST(who_refuses_new_ones_serves_the_old_ones),
           CHECK_TEST(it_may_stop_with_everything_open))
