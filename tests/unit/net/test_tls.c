/* Two ends on one loop, or one end and a plain socket that does not play by the rules. */
#include "net/tls.h"

#include "certified.h"
#include "driven_loop.h"
#include "net/tcp_listener.h"
#include "sockets.h"

enum { LARGE_BYTES = 8 << 20, KEPT_BYTES = 64 };

struct end {
    struct tls *tls;
    size_t writable_count;
    size_t received_bytes;
    size_t end_count;
    int last_error;
    const char *fault;
    bool closes_on_receipt;
    bool answers_in_full; /* goes on with `left` when it is writable */
    size_t left;
    char bytes[KEPT_BYTES];
};

struct world {
    struct driven driven;
    struct tls_context *context;
    struct tcp_listener *listener;
    struct end server, client;
    bool (*is_done)(const struct world *world);
};

static char large[LARGE_BYTES];

/* --- the world -------------------------------------------------------------------------------- */

static void write_left(struct end *end)
{
    size_t written;

    while (end->left > 0) {
        struct slice rest = {large + LARGE_BYTES - end->left, end->left};
        if (!tls_write(end->tls, rest, &written) || written == 0)
            return;
        end->left -= written;
    }
}

static void writable(void *owner)
{
    struct end *end = owner;

    end->writable_count++;
    if (end->answers_in_full)
        write_left(end);
}

static void close_end(struct end *end)
{
    tls_close(end->tls);
    end->tls = NULL;
}

static void received(void *owner, struct slice bytes)
{
    struct end *end = owner;

    if (bytes.len <= sizeof(end->bytes) - end->received_bytes % sizeof(end->bytes))
        memcpy(end->bytes + end->received_bytes % sizeof(end->bytes), bytes.ptr, bytes.len);
    end->received_bytes += bytes.len;
    if (end->closes_on_receipt)
        close_end(end);
}

static void ended(void *owner, int error)
{
    struct end *end = owner;

    end->end_count++;
    end->last_error = error;
    end->fault = tls_fault(end->tls);
    if (error != 0)
        close_end(end);
}

static const struct tcp_host host = {writable, received, ended};

static void incoming(void *owner, int fd, const struct net_addr *remote)
{
    struct world *world = owner;

    (void)remote;
    world->server.tls = tls_adopt(world->driven.loop, fd, world->context, &host, &world->server);
}

static bool is_done(void *test)
{
    const struct world *world = test;

    return world->is_done(world);
}

static bool are_open(const struct world *world)
{
    return world->server.writable_count > 0 && world->client.writable_count > 0;
}

static bool has_adopted(const struct world *world)
{
    return world->server.tls != NULL;
}

static bool server_received(const struct world *world)
{
    return world->server.received_bytes > 0;
}

static bool client_received(const struct world *world)
{
    return world->client.received_bytes > 0;
}

static bool client_received_all(const struct world *world)
{
    return world->client.received_bytes == LARGE_BYTES;
}

static bool server_ended(const struct world *world)
{
    return world->server.end_count > 0;
}

static bool client_ended(const struct world *world)
{
    return world->client.end_count > 0;
}

static bool both_ended(const struct world *world)
{
    return server_ended(world) && client_ended(world);
}

static bool run_until(struct world *world, bool (*done)(const struct world *world))
{
    world->is_done = done;
    return driven_run(&world->driven, 3000);
}

static void stop_world(void *arg)
{
    struct world *world = arg;

    tls_close(world->server.tls);
    tls_close(world->client.tls);
    tls_context_free(world->context);
    if (world->listener != NULL)
        tcp_listener_close(world->listener);
}

static struct world *start_world(void)
{
    struct world *world = driven_memory(sizeof(*world));
    struct net_addr addr = sockets_addr("127.0.0.1", 0);

    driven_start(&world->driven, world, is_done, NULL);
    check_later(stop_world, world);
    world->context = certified_context();
    int fd = net_socket_bound(SOCK_STREAM, &addr, SOCKET_SHARED);
    assert_true(fd >= 0);
    world->listener = tcp_listener_open(world->driven.loop, fd, incoming, world);
    CHECK_MADE(world->listener);
    return world;
}

static void connect_as_to(struct world *world, const char *domain)
{
    struct net_addr any = sockets_addr("0.0.0.0", 0);

    world->client.tls = tls_connect(world->driven.loop, &any, tcp_listener_local(world->listener),
                                    world->context, slice_of(domain), &host, &world->client);
    CHECK_MADE(world->client.tls);
}

static struct world *start_connected(void)
{
    struct world *world = start_world();

    connect_as_to(world, "example.org");
    CHECK_MADE(run_until(world, are_open) ? world : NULL);
    return world;
}

static void write_text(struct end *end, const char *text)
{
    size_t written;

    assert_true(tls_write(end->tls, slice_of(text), &written));
    assert_int_equal(written, strlen(text));
}

/* --- the tests -------------------------------------------------------------------------------- */

static void bytes_go_both_ways_when_hands_have_been_shaken(void **state)
{
    struct world *world = start_connected();

    (void)state;
    write_text(&world->client, "from the client");
    assert_true(run_until(world, server_received));
    assert_memory_equal(world->server.bytes, "from the client", 15);
    write_text(&world->server, "from the server");
    assert_true(run_until(world, client_received));
    assert_memory_equal(world->client.bytes, "from the server", 15);
    assert_true(tls_peer_is(world->client.tls, SLICE("example.org")));
    assert_false(tls_peer_is(world->client.tls, SLICE("example.net")));
    assert_false(tls_peer_is(world->server.tls, SLICE("example.org")));
}

static void nothing_is_written_before_that(void **state)
{
    struct world *world = start_world();
    size_t written = 1;

    (void)state;
    connect_as_to(world, "example.org");
    assert_true(tls_write(world->client.tls, SLICE("too early"), &written));
    assert_int_equal(written, 0);
}

static void who_is_not_who_was_asked_for_is_refused(void **state)
{
    struct world *world = start_world();

    (void)state;
    connect_as_to(world, "example.net");
    CHECK_MADE(run_until(world, both_ended) ? world : NULL);
    assert_int_equal(world->client.writable_count, 0);
    assert_string_equal(world->client.fault, "hostname mismatch");
    assert_non_null(strstr(world->server.fault, "alert"));
}

static void who_says_goodbye_may_still_be_written_to(void **state)
{
    struct world *world = start_connected();

    (void)state;
    write_text(&world->client, "the last");
    tls_finish(world->client.tls);
    assert_true(run_until(world, server_ended));
    assert_int_equal(world->server.last_error, 0);
    assert_int_equal(world->server.received_bytes, 8);
    write_text(&world->server, "the answer");
    assert_true(run_until(world, client_received));
    close_end(&world->server);
    assert_true(run_until(world, client_ended));
    assert_int_equal(world->client.last_error, 0);
}

static void a_large_write_takes_a_part_and_the_rest_later(void **state)
{
    struct world *world = start_connected();

    (void)state;
    world->server.answers_in_full = true;
    world->server.left = LARGE_BYTES;
    write_left(&world->server);
    assert_in_range(world->server.left, 1, LARGE_BYTES - 1);
    assert_true(run_until(world, client_received_all));
    assert_int_equal(world->server.left, 0);
    assert_in_range(world->server.writable_count, 2, SIZE_MAX);
}

static void it_may_be_closed_by_what_it_brought(void **state)
{
    struct world *world = start_connected();

    (void)state;
    world->server.closes_on_receipt = true;
    write_text(&world->client, "close");
    write_text(&world->client, "and this is read by nobody");
    assert_true(run_until(world, client_ended));
    assert_int_equal(world->server.received_bytes, 5);
}

static void a_new_certificate_is_for_who_comes_later_and_disturbs_nobody(void **state)
{
    struct world *world = start_connected();
    struct tls_settings fresh = certified_settings("example.net");

    (void)state;
    tls_context_renew(world->context, fresh.identities, fresh.trusted);
    X509_STORE_free(fresh.trusted);
    write_text(&world->client, "as before");
    assert_true(run_until(world, server_received));
    assert_true(tls_peer_is(world->client.tls, SLICE("example.org")));
    close_end(&world->client);
    close_end(&world->server);
    world->client = world->server = (struct end){0};
    connect_as_to(world, "example.net");
    CHECK_MADE(run_until(world, are_open) ? world : NULL);
    assert_true(tls_peer_is(world->client.tls, SLICE("example.net")));
}

/* A ClientHello that promises more than comes. */
static void half_a_handshake_ends_when_the_peer_does(void **state)
{
    struct world *world = start_world();
    int peer = sockets_connected(SOCK_STREAM, "127.0.0.1", tcp_listener_local(world->listener));
    static const char half[] = "\x16\x03\x01\x02\x00\x01";

    (void)state;
    CHECK_MADE(run_until(world, has_adopted) ? world : NULL);
    assert_int_equal(send(peer, half, sizeof(half) - 1, 0), sizeof(half) - 1);
    world->is_done = server_ended;
    assert_false(driven_run(&world->driven, 50));
    shutdown(peer, SHUT_WR);
    assert_true(run_until(world, server_ended));
    assert_string_equal(world->server.fault, "the peer closed the connection");
    assert_int_not_equal(world->server.last_error, 0);
}

static void who_goes_without_a_word_has_not_failed(void **state)
{
    struct world *world = start_world();
    int peer = sockets_connected(SOCK_STREAM, "127.0.0.1", tcp_listener_local(world->listener));

    (void)state;
    CHECK_MADE(run_until(world, has_adopted) ? world : NULL);
    shutdown(peer, SHUT_WR);
    assert_true(run_until(world, server_ended));
    assert_null(world->server.fault);
}

static void what_is_no_tls_fails_with_a_reason_and_is_closed(void **state)
{
    struct world *world = start_world();
    int peer = sockets_connected(SOCK_STREAM, "127.0.0.1", tcp_listener_local(world->listener));
    char memory[64];

    (void)state;
    CHECK_MADE(run_until(world, has_adopted) ? world : NULL);
    sockets_write(peer, "OPTIONS sip:example.org SIP/2.0\r\n\r\n");
    assert_true(run_until(world, server_ended));
    assert_string_equal(world->server.fault, "wrong version number");
    assert_int_equal(sockets_read(peer, memory, sizeof(memory)).len, 0);
}

CHECK_MAIN(CHECK_TEST(bytes_go_both_ways_when_hands_have_been_shaken),
           CHECK_TEST(nothing_is_written_before_that),
           CHECK_TEST(who_is_not_who_was_asked_for_is_refused),
           CHECK_TEST(who_says_goodbye_may_still_be_written_to),
           CHECK_TEST(a_large_write_takes_a_part_and_the_rest_later),
           CHECK_TEST(it_may_be_closed_by_what_it_brought),
           CHECK_TEST(a_new_certificate_is_for_who_comes_later_and_disturbs_nobody),
           CHECK_TEST(half_a_handshake_ends_when_the_peer_does),
           CHECK_TEST(who_goes_without_a_word_has_not_failed),
           CHECK_TEST(what_is_no_tls_fails_with_a_reason_and_is_closed))
