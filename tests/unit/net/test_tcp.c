#include <stdlib.h>
#include <sys/resource.h>

#include "driven_loop.h"
#include "net/tcp.h"
#include "net/tcp_listener.h"
#include "sockets.h"

enum { MAX_ACCEPTED = 256, KEPT_BYTES = 1 << 20 };

struct world {
    struct driven driven;
    struct tcp_listener *listener;
    struct tcp *tcp;
    bool (*is_done)(const struct world *world);
    int accepted[MAX_ACCEPTED];
    size_t accepted_count;
    size_t writable_count;
    size_t received_bytes;
    size_t end_count;
    int last_error;
    char bytes[KEPT_BYTES];
};

static void incoming(void *owner, int fd, const struct net_addr *remote)
{
    struct world *world = owner;

    (void)remote;
    world->accepted[world->accepted_count++ % MAX_ACCEPTED] = fd;
}

static void writable(void *owner)
{
    struct world *world = owner;

    world->writable_count++;
}

static void received(void *owner, struct slice bytes)
{
    struct world *world = owner;

    if (bytes.len <= sizeof(world->bytes) - world->received_bytes)
        memcpy(world->bytes + world->received_bytes, bytes.ptr, bytes.len);
    world->received_bytes += bytes.len;
}

static void ended(void *owner, int error)
{
    struct world *world = owner;

    world->end_count++;
    world->last_error = error;
}

static const struct tcp_host tcp_host = {writable, received, ended};

static bool is_done(void *test)
{
    const struct world *world = test;

    return world->is_done(world);
}

static void free_world(void *arg)
{
    struct world *world = arg;

    for (size_t i = 0; i < world->accepted_count && i < MAX_ACCEPTED; i++)
        close(world->accepted[i]);
    free(world);
}

static void close_listener(void *listener)
{
    tcp_listener_close(listener);
}

static void close_tcp(void *arg)
{
    struct world *world = arg;

    tcp_close(world->tcp);
}

static struct world *start_world(const char *host)
{
    struct world *world = calloc(1, sizeof(*world));
    struct net_addr addr = sockets_addr(host, 0);

    CHECK_MADE(world);
    check_later(free_world, world);
    driven_start(&world->driven, world, is_done, NULL);
    check_later(close_tcp, world);
    int fd = net_socket_bound(SOCK_STREAM, &addr, SOCKET_SHARED);
    assert_true(fd >= 0);
    world->listener = tcp_listener_open(world->driven.loop, fd, incoming, world);
    CHECK_MADE(world->listener);
    check_later(close_listener, world->listener);
    return world;
}

static bool has_accepted(const struct world *world)
{
    return world->accepted_count > 0;
}

static bool has_received(const struct world *world)
{
    return world->received_bytes > 0;
}

static bool has_ended(const struct world *world)
{
    return world->end_count > 0;
}

static bool is_writable(const struct world *world)
{
    return world->writable_count > 0;
}

static bool run_until(struct world *world, bool (*done)(const struct world *world))
{
    world->is_done = done;
    return driven_run(&world->driven, 3000);
}

/* A peer that has connected to us, and our end of it. */
static int adopt_one(struct world *world, const char *host)
{
    int peer = sockets_connected(SOCK_STREAM, host, tcp_listener_local(world->listener));

    assert_true(run_until(world, has_accepted));
    world->accepted_count = 0;
    world->tcp = tcp_adopt(world->driven.loop, world->accepted[0], &tcp_host, world);
    CHECK_MADE(world->tcp);
    return peer;
}

/* --- the tests -------------------------------------------------------------------------------- */

static void bytes_go_both_ways(const char *host)
{
    struct world *world = start_world(host);
    int peer = adopt_one(world, host);
    char input[64];
    size_t written;

    sockets_write(peer, "hello");
    assert_true(run_until(world, has_received));
    CHECK_SLICE(((struct slice){world->bytes, world->received_bytes}), "hello");
    assert_true(tcp_write(world->tcp, SLICE("welcome"), &written));
    assert_int_equal(written, 7);
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), "welcome");
}

static void an_accepted_connection_carries_bytes(void **state)
{
    (void)state;
    bytes_go_both_ways("127.0.0.1");
}

static void so_does_one_of_ipv6(void **state)
{
    (void)state;
    if (!sockets_have("::1"))
        skip();
    bytes_go_both_ways("::1");
}

static void a_connection_of_ours_leaves_from_the_ip_we_name(void **state)
{
    struct world *world = start_world("127.0.0.1");
    struct net_addr local = sockets_addr("127.0.0.3", 5060);

    (void)state;
    world->tcp = tcp_connect(world->driven.loop, &local, tcp_listener_local(world->listener),
                             &tcp_host, world);
    CHECK_MADE(world->tcp);
    assert_true(run_until(world, is_writable));
    struct net_addr found = tcp_local(world->tcp);
    assert_true(net_addr_same_host(&found, &local));
    assert_true(found.port != local.port);
}

static void a_refused_connection_ends_with_its_error(void **state)
{
    struct world *world = start_world("127.0.0.1");
    struct net_addr any = sockets_addr("0.0.0.0", 0);
    int bound = sockets_bound(SOCK_STREAM, "127.0.0.1"); /* and not listening */
    struct net_addr remote = net_socket_local(bound);

    (void)state;
    world->tcp = tcp_connect(world->driven.loop, &any, &remote, &tcp_host, world);
    CHECK_MADE(world->tcp);
    assert_true(run_until(world, has_ended));
    assert_int_equal(world->last_error, ECONNREFUSED);
    assert_int_equal(world->writable_count, 0);
}

static void a_peer_that_sends_no_more_still_reads(void **state)
{
    struct world *world = start_world("127.0.0.1");
    int peer = adopt_one(world, "127.0.0.1");
    char input[64];
    size_t written;

    (void)state;
    sockets_write(peer, "last words");
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    assert_true(run_until(world, has_ended));
    assert_int_equal(world->last_error, 0);
    CHECK_SLICE(((struct slice){world->bytes, world->received_bytes}), "last words");
    assert_true(tcp_write(world->tcp, SLICE("noted"), &written));
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), "noted");
}

/* A peer that can be reset: it is not handed to check_later. */
static int adopt_resettable(struct world *world)
{
    struct linger reset = {.l_onoff = 1};
    struct net_addr addr = sockets_addr("127.0.0.1", 0);
    int peer = net_socket_bound(SOCK_STREAM, &addr, SOCKET_ALONE);

    assert_true(peer >= 0);
    (void)setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    sockets_connect(peer, tcp_listener_local(world->listener));
    if (!run_until(world, has_accepted))
        close(peer);
    assert_true(has_accepted(world));
    world->accepted_count = 0;
    world->tcp = tcp_adopt(world->driven.loop, world->accepted[0], &tcp_host, world);
    if (world->tcp == NULL)
        close(peer);
    CHECK_MADE(world->tcp);
    return peer;
}

static void a_reset_ends_it_after_what_had_come(void **state)
{
    struct world *world = start_world("127.0.0.1");
    int peer = adopt_resettable(world);

    (void)state;
    sockets_write(peer, "last words");
    close(peer);
    assert_true(run_until(world, has_ended));
    CHECK_SLICE(((struct slice){world->bytes, world->received_bytes}), "last words");
    assert_int_equal(world->last_error, ECONNRESET);
    assert_int_equal(world->end_count, 1);
}

static void a_peer_that_does_not_read_takes_a_part_and_the_rest_later(void **state)
{
    static char much[8 << 20];
    struct world *world = start_world("127.0.0.1");
    int peer = adopt_one(world, "127.0.0.1");
    size_t written, read = 0;

    (void)state;
    assert_true(tcp_write(world->tcp, (struct slice){much, sizeof(much)}, &written));
    assert_true(written > 0 && written < sizeof(much));
    size_t again;
    assert_true(tcp_write(world->tcp, SLICE("more"), &again));
    assert_int_equal(again, 0);
    while (read < written) {
        struct slice part = sockets_read(peer, much, sizeof(much));
        assert_true(part.len > 0);
        read += part.len;
    }
    assert_true(run_until(world, is_writable));
    assert_true(tcp_write(world->tcp, SLICE("more"), &again));
    assert_int_equal(again, 4);
}

static void a_broken_connection_says_so_when_written_to(void **state)
{
    struct world *world = start_world("127.0.0.1");
    int peer = adopt_resettable(world);
    size_t written;

    (void)state;
    close(peer);
    assert_false(tcp_write(world->tcp, SLICE("into the void"), &written));
    assert_int_equal(written, 0);
    assert_int_equal(world->end_count, 0); /* nobody is called from within */
    assert_true(run_until(world, has_ended));
}

static bool accepted_all(const struct world *world)
{
    return world->accepted_count == 100;
}

static void a_flood_is_accepted_over_several_turns(void **state)
{
    struct world *world = start_world("127.0.0.1");

    (void)state;
    for (int i = 0; i < 100; i++)
        (void)sockets_connected(SOCK_STREAM, "127.0.0.1", tcp_listener_local(world->listener));
    assert_true(run_until(world, accepted_all));
}

static void restore_limit(void *limit)
{
    (void)setrlimit(RLIMIT_NOFILE, limit);
}

static void without_descriptors_it_rests_and_goes_on_when_there_are_some(void **state)
{
    struct world *world = start_world("127.0.0.1");
    struct rlimit *before = driven_memory(sizeof(*before));

    (void)state;
    (void)sockets_connected(SOCK_STREAM, "127.0.0.1", tcp_listener_local(world->listener));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
    check_later(restore_limit, before);
    struct rlimit none = {.rlim_cur = 3,
                          .rlim_max = before->rlim_max}; /* those that are open stay open */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    world->is_done = has_accepted;
    assert_false(driven_run(&world->driven, 150));
    size_t turns = world->driven.ended;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, before), 0);
    assert_true(turns < 10); /* it does not turn in a circle */
    assert_true(run_until(world, has_accepted));
}

CHECK_MAIN(CHECK_TEST(an_accepted_connection_carries_bytes), CHECK_TEST(so_does_one_of_ipv6),
           CHECK_TEST(a_connection_of_ours_leaves_from_the_ip_we_name),
           CHECK_TEST(a_refused_connection_ends_with_its_error),
           CHECK_TEST(a_peer_that_sends_no_more_still_reads),
           CHECK_TEST(a_reset_ends_it_after_what_had_come),
           CHECK_TEST(a_peer_that_does_not_read_takes_a_part_and_the_rest_later),
           CHECK_TEST(a_broken_connection_says_so_when_written_to),
           CHECK_TEST(a_flood_is_accepted_over_several_turns),
           CHECK_TEST(without_descriptors_it_rests_and_goes_on_when_there_are_some))
