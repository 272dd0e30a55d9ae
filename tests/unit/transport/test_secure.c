/* Connections by TLS: whose handshakes are waited for, and whom a connection may be used for. */
#include "../net/certified.h"
#include "world.h"

static const char hello[] = "OPTIONS sip:example.org SIP/2.0\r\nContent-Length: 0\r\n\r\n";

static void free_context(void *context)
{
    tls_context_free(context);
}

static struct transport_settings secure_settings(void)
{
    struct transport_settings settings = transport_default_settings();

    settings.tls = certified_context();
    check_later(free_context, settings.tls);
    return settings;
}

static struct world *start_secure(void)
{
    struct transport_settings settings = secure_settings();

    return world_start("127.0.0.1", &settings);
}

static struct net_addr secure_addr(const struct world *world)
{
    return transport_listener_addr(world->transport, 2);
}

static int connect_plain(const struct world *world)
{
    struct net_addr to = secure_addr(world);

    return sockets_connected(SOCK_STREAM, "127.0.0.1", &to);
}

/* To the same transport, which is its own peer. */
static struct hop choose(struct world *world, const char *domain)
{
    struct net_addr to = secure_addr(world);
    struct hop hop = {0};

    CHECK_MADE(transport_choose_for(world->transport, HOP_TLS, &to, slice_of(domain), &hop) ? world
                                                                                            : NULL);
    return hop;
}

static void a_message_goes_by_tls_to_who_proves_to_be_the_domain(void **state)
{
    struct world *world = start_secure();
    struct hop hop = choose(world, "example.org");

    (void)state;
    world_send(world, &hop, slice_of(hello));
    CHECK_MADE(world_run(world, WORLD_RECEIVED, 1) ? world : NULL);
    CHECK_SLICE(world_text(world, WORLD_RECEIVED, 0), hello);
    assert_int_equal(world_event(world, WORLD_RECEIVED, 0)->hop.protocol, HOP_TLS);
    assert_int_equal(world->counts[WORLD_UNSECURED], 0);
    assert_false(world->was_called_from_within);
}

static void a_connection_serves_the_domain_that_it_was_opened_for(void **state)
{
    struct world *world = start_secure();
    struct hop first = choose(world, "example.org");
    struct net_addr to = secure_addr(world);
    struct hop found;

    (void)state;
    assert_int_equal(choose(world, "Example.org").connection, first.connection);
    assert_int_not_equal(choose(world, "example.net").connection, first.connection);
    assert_int_not_equal(choose(world, "127.0.0.1").connection, first.connection);
    assert_true(transport_choose(world->transport, HOP_TLS, &to, &found));
}

static void who_came_from_an_address_is_at_that_address_and_nobody_else(void **state)
{
    struct world *world = start_secure();
    struct hop ours = choose(world, "example.org"), back;

    (void)state;
    world_send(world, &ours, slice_of(hello));
    CHECK_MADE(world_run(world, WORLD_RECEIVED, 1) ? world : NULL);
    const struct hop *accepted = &world_event(world, WORLD_RECEIVED, 0)->hop;
    assert_true(transport_choose_for(world->transport, HOP_TLS, &accepted->remote,
                                     SLICE("127.0.0.1"), &back));
    assert_int_equal(back.connection, accepted->connection);
    assert_false(transport_choose_for(world->transport, HOP_TLS, &accepted->remote,
                                      SLICE("example.org"), &back)
                 && back.connection == accepted->connection);
}

/* With a connection from itself, whose far end is `accepted`, and a directory. */
static struct world *start_accepted(enum tls_client_certificates clients, struct hop *accepted)
{
    static const struct hash_key key = {1, 2};
    struct transport_settings settings = transport_default_settings();

    settings.directory = directory_new(&key);
    CHECK_MADE(settings.directory);
    check_later((void (*)(void *))directory_free, settings.directory);
    settings.tls = certified_asking(clients);
    check_later(free_context, settings.tls);
    struct world *world = world_start("127.0.0.1", &settings);
    struct hop ours = choose(world, "example.org");
    world_send(world, &ours, slice_of(hello));
    CHECK_MADE(world_run(world, WORLD_RECEIVED, 1) ? world : NULL);
    assert_true(ours.is_ours);
    assert_false(transport_may_alias(world->transport, &ours)); /* it stands where it leads to */
    *accepted = world_event(world, WORLD_RECEIVED, 0)->hop;
    assert_false(accepted->is_ours);
    return world;
}

static void an_alias_leads_to_whom_its_peer_has_proved_to_be(void **state)
{
    struct hop accepted, found;
    struct world *world = start_accepted(TLS_CLIENTS_ASKED, &accepted);
    struct net_addr place = accepted.remote;

    (void)state;
    place.port = 7;
    assert_true(transport_may_alias(world->transport, &accepted));
    transport_alias(world->transport, &accepted, place.port);
    assert_false(transport_may_alias(world->transport, &accepted)); /* one is enough */
    transport_alias(world->transport, &accepted, 8);
    assert_true(
        transport_choose_for(world->transport, HOP_TLS, &place, SLICE("Example.org"), &found));
    assert_int_equal(found.connection, accepted.connection);
    assert_false(transport_choose(world->transport, HOP_TLS, &place, &found));
    assert_false(
        transport_choose_for(world->transport, HOP_TLS, &place, SLICE("example.net"), &found)
        && found.connection == accepted.connection);
    assert_false(transport_choose_for(world->transport, HOP_TLS, &place, SLICE("127.0.0.1"), &found)
                 && found.connection == accepted.connection);
    place.port = 8;
    assert_false(
        transport_choose_for(world->transport, HOP_TLS, &place, SLICE("example.org"), &found)
        && found.connection == accepted.connection);
}

static void who_has_proved_nothing_has_none(void **state)
{
    struct hop accepted, found;
    struct world *world = start_accepted(TLS_CLIENTS_NOT_ASKED, &accepted);
    struct net_addr place = accepted.remote;

    (void)state;
    place.port = 7;
    assert_false(transport_may_alias(world->transport, &accepted));
    transport_alias(world->transport, &accepted, place.port);
    assert_false(
        transport_choose_for(world->transport, HOP_TLS, &place, SLICE("example.org"), &found)
        && found.connection == accepted.connection);
}

static void without_a_domain_none_is_opened(void **state)
{
    struct world *world = start_secure();
    struct net_addr to = secure_addr(world);
    struct hop found;

    (void)state;
    assert_false(transport_choose(world->transport, HOP_TLS, &to, &found));
    assert_int_equal(transport_connection_count(world->transport), 0);
}

static void what_waited_for_a_handshake_that_failed_is_unreachable(void **state)
{
    struct world *world = start_secure();
    struct hop hop = choose(world, "example.net");

    (void)state;
    world_send(world, &hop, slice_of(hello));
    CHECK_MADE(world_run(world, WORLD_UNREACHABLE, 1) ? world : NULL);
    CHECK_SLICE(world_text(world, WORLD_UNREACHABLE, 0), hello);
    CHECK_SLICE(world_text(world, WORLD_UNSECURED, 0), "hostname mismatch");
    assert_true(world_event(world, WORLD_UNSECURED, 0)->status); /* it was ours */
    assert_int_equal(world->counts[WORLD_RECEIVED], 0);
    assert_int_equal(world->counts[WORLD_CLOSED], 0);
}

static void nothing_is_sent_again_by_a_connection_that_is_gone(void **state)
{
    struct world *world = start_secure();
    struct hop gone = choose(world, "example.org");

    (void)state;
    gone.connection += 1000;
    world_send(world, &gone, slice_of(hello));
    assert_true(world_run(world, WORLD_UNREACHABLE, 1));
    assert_int_equal(world->counts[WORLD_RECEIVED], 0);
}

static void a_stalled_handshake_ends_in_its_time(void **state)
{
    struct transport_settings settings = secure_settings();

    (void)state;
    settings.handshake_ms = 60;
    struct world *world = world_start("127.0.0.1", &settings);
    int peer = connect_plain(world);
    CHECK_MADE(world_run(world, WORLD_UNSECURED, 1) ? world : NULL);
    CHECK_SLICE(world_text(world, WORLD_UNSECURED, 0), "the peer fell silent in the middle of it");
    assert_int_equal(sockets_read(peer, (char[8]){0}, 8).len, 0);
    assert_int_equal(transport_connection_count(world->transport), 0);
    assert_int_equal(transport_counters(world->transport).unsecured, 1);
}

static void handshakes_under_way_have_ceilings(void **state)
{
    static const struct {
        size_t max, max_per_host;
        const char *label;
    } cases[] = {
        {2,   100, "for all"      },
        {100, 2,   "for each host"}
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct transport_settings settings = secure_settings();
        settings.max_handshakes = cases[i].max;
        settings.max_handshakes_per_host = cases[i].max_per_host;
        struct world *world = world_start("127.0.0.1", &settings);
        for (int n = 0; n < 5; n++)
            (void)connect_plain(world);
        world_idle(world, 50);
        struct transport_counters counters = transport_counters(world->transport);
        CHECK_CASE(transport_connection_count(world->transport) == 2, cases[i].label);
        CHECK_CASE(counters.refused == 3, cases[i].label);
    }
}

CHECK_MAIN(CHECK_TEST(a_message_goes_by_tls_to_who_proves_to_be_the_domain),
           CHECK_TEST(a_connection_serves_the_domain_that_it_was_opened_for),
           CHECK_TEST(who_came_from_an_address_is_at_that_address_and_nobody_else),
           CHECK_TEST(an_alias_leads_to_whom_its_peer_has_proved_to_be),
           CHECK_TEST(who_has_proved_nothing_has_none), CHECK_TEST(without_a_domain_none_is_opened),
           CHECK_TEST(what_waited_for_a_handshake_that_failed_is_unreachable),
           CHECK_TEST(nothing_is_sent_again_by_a_connection_that_is_gone),
           CHECK_TEST(a_stalled_handshake_ends_in_its_time),
           CHECK_TEST(handshakes_under_way_have_ceilings))
