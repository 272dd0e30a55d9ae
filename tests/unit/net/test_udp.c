#include <stdlib.h>

#include "driven_loop.h"
#include "net/udp.h"
#include "net/udp_outbox.h"
#include "sockets.h"

enum { KEPT = 512, HEAD_MAX = 64 };

struct seen {
    struct net_addr local;
    struct net_addr peer;
    size_t len;
    char head[HEAD_MAX];
    int error; /* 0: it was received */
};

struct end {
    struct driven driven;
    struct udp *udp;
    size_t received;
    size_t undelivered;
    size_t wanted;
    struct seen seen[KEPT];
};

static struct seen *next_seen(struct end *end)
{
    return &end->seen[(end->received + end->undelivered) % KEPT];
}

static void keep(struct seen *seen, const struct net_addr *peer, struct slice bytes)
{
    *seen = (struct seen){.peer = *peer, .len = bytes.len};
    memcpy(seen->head, bytes.ptr, bytes.len < HEAD_MAX ? bytes.len : HEAD_MAX);
}

static void received(void *owner, const struct net_addr *local, const struct net_addr *from,
                     struct slice bytes)
{
    struct end *end = owner;
    struct seen *seen = next_seen(end);

    keep(seen, from, bytes);
    seen->local = *local;
    end->received++;
}

static void undelivered(void *owner, const struct net_addr *to, int error, struct slice head)
{
    struct end *end = owner;
    struct seen *seen = next_seen(end);

    keep(seen, to, head);
    seen->error = error;
    end->undelivered++;
}

static bool has_seen_enough(void *test)
{
    const struct end *end = test;

    return end->received + end->undelivered >= end->wanted;
}

static void flush(void *test)
{
    struct end *end = test;

    udp_flush(end->udp);
}

static void close_udp(void *udp)
{
    udp_close(udp);
}

static struct end *open_end(const char *host, size_t wanted)
{
    static const struct udp_host udp_host = {received, undelivered};
    struct net_addr addr = sockets_addr(host, 0);
    struct end *end = driven_memory(sizeof(*end));

    driven_start(&end->driven, end, has_seen_enough, flush);
    int fd = net_socket_bound(SOCK_DGRAM, &addr, SOCKET_SHARED);
    assert_true(fd >= 0);
    end->udp = udp_open(end->driven.loop, fd, &udp_host, end);
    CHECK_MADE(end->udp);
    check_later(close_udp, end->udp);
    end->wanted = wanted;
    return end;
}

static struct slice seen_text(const struct end *end, size_t i)
{
    return (struct slice){end->seen[i].head, end->seen[i].len};
}

/* --- the tests -------------------------------------------------------------------------------- */

static void datagrams_come_whole_and_in_their_order(void **state)
{
    enum { COUNT = 300 }; /* more than a batch, more than all batches of a turn */
    struct end *end = open_end("127.0.0.1", COUNT);
    int peer = sockets_connected(SOCK_DGRAM, "127.0.0.1", udp_local(end->udp));
    struct net_addr peer_addr = net_socket_local(peer);

    (void)state;
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(send(peer, &i, sizeof(i), 0), sizeof(i));
    assert_true(driven_run(&end->driven, 5000));
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(end->seen[i].len, sizeof(i));
        assert_memory_equal(end->seen[i].head, &i, sizeof(i));
        assert_true(net_addr_equal(&end->seen[i].peer, &peer_addr));
        assert_true(net_addr_equal(&end->seen[i].local, udp_local(end->udp)));
    }
    assert_int_equal(udp_counters(end->udp).received, COUNT);
}

static void the_largest_and_the_smallest_datagram_pass(void **state)
{
    static char large[UDP_MAX_DATAGRAM];
    static char input[UDP_MAX_DATAGRAM + 1];
    struct end *end = open_end("127.0.0.1", 2);
    int peer = sockets_connected(SOCK_DGRAM, "127.0.0.1", udp_local(end->udp));
    struct net_addr peer_addr = net_socket_local(peer);

    (void)state;
    memset(large, 'x', sizeof(large));
    assert_int_equal(send(peer, large, sizeof(large), 0), sizeof(large));
    assert_int_equal(send(peer, "", 0, 0), 0);
    assert_true(driven_run(&end->driven, 5000));
    assert_int_equal(end->seen[0].len, sizeof(large));
    assert_int_equal(end->seen[1].len, 0);
    udp_send(end->udp, udp_local(end->udp), &peer_addr, (struct slice){large, sizeof(large)});
    udp_flush(end->udp);
    assert_int_equal(sockets_read(peer, input, sizeof(input)).len, sizeof(large));
}

static void what_is_sent_leaves_in_batches_and_in_order(void **state)
{
    enum { COUNT = 200 };
    struct end *end = open_end("127.0.0.1", 1);
    int peer = sockets_bound(SOCK_DGRAM, "127.0.0.1");
    struct net_addr peer_addr = net_socket_local(peer);
    char input[64];

    (void)state;
    for (unsigned i = 0; i < COUNT; i++)
        udp_send(end->udp, udp_local(end->udp), &peer_addr,
                 (struct slice){(const char *)&i, sizeof(i)});
    assert_int_equal(udp_counters(end->udp).sent, 192); /* three batches of 64 were full */
    udp_flush(end->udp);
    assert_int_equal(udp_counters(end->udp).sent, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(sockets_read(peer, input, sizeof(input)).len, sizeof(i));
        assert_memory_equal(input, &i, sizeof(i));
    }
}

static void ignore_undelivered(void *owner, const struct net_addr *to, int error, struct slice head)
{
    (void)owner, (void)to, (void)error, (void)head;
}

static void fini_outbox(void *box)
{
    udp_outbox_fini(box);
}

/* Runs of sizes and of peers, of every length up to more than can leave as one. */
enum { MIXED = 1000, SIZES = 3, PEERS = 2 };

static size_t size_of_mixed(unsigned i)
{
    static const size_t sizes[SIZES] = {400, 397, 1300};

    return sizes[i / 70 % SIZES];
}

static size_t peer_of_mixed(unsigned i)
{
    return i / 33 % PEERS;
}

static void send_mixed(struct udp_outbox *box, unsigned i, const int peers[PEERS])
{
    struct net_addr to = net_socket_local(peers[peer_of_mixed(i)]);
    struct net_addr any = {0};
    char bytes[1300];

    memset(bytes, (int)(i % 251), sizeof(bytes));
    memcpy(bytes, &i, sizeof(i));
    assert_true(udp_outbox_add(box, &any, &to, (struct slice){bytes, size_of_mixed(i)}));
}

static void expect_mixed(unsigned i, const int peers[PEERS])
{
    char input[2000];
    struct slice got = sockets_read(peers[peer_of_mixed(i)], input, sizeof(input));

    assert_int_equal(got.len, size_of_mixed(i));
    assert_memory_equal(got.ptr, &i, sizeof(i));
    assert_int_equal((unsigned char)got.ptr[got.len - 1], i % 251);
}

/* The same comes of them whether the system cuts runs or not; and when it refuses to. */
static void a_run_arrives_as_its_datagrams(void **state)
{
    enum { CUT, SINGLE, REFUSED, WAYS };

    (void)state;
    for (int way = CUT; way < WAYS; way++) {
        struct udp_outbox box;
        const int fd = sockets_bound(SOCK_DGRAM, "127.0.0.1");
        const int peers[PEERS] = {sockets_bound(SOCK_DGRAM, "127.0.0.1"),
                                  sockets_bound(SOCK_DGRAM, "127.0.0.1")};
        CHECK_MADE(udp_outbox_init(&box, fd, ignore_undelivered, NULL) ? &box : NULL);
        check_later(fini_outbox, &box);
        if (way == SINGLE)
            box.segments = false;
        if (way == REFUSED)
            net_socket_set(fd, SOL_SOCKET, SO_NO_CHECK, 1);
        for (unsigned i = 0; i < MIXED; i++) {
            send_mixed(&box, i, peers);
            if (i % 100 != 99)
                continue;
            udp_outbox_leave(&box);
            for (unsigned n = i - 99; n <= i; n++)
                expect_mixed(n, peers);
        }
        assert_int_equal(box.sent, MIXED);
        assert_int_equal(box.lost, 0);
        assert_true(way == CUT || !box.segments);
        udp_outbox_fini(&box);
    }
}

static void a_wildcard_socket_knows_where_each_datagram_came_to(const char *wildcard,
                                                                const char *const *hosts,
                                                                size_t count)
{
    struct end *end = open_end(wildcard, count);
    char input[64];

    for (size_t i = 0; i < count; i++) {
        struct net_addr to = sockets_addr(hosts[i], udp_local(end->udp)->port);
        int peer = sockets_connected(SOCK_DGRAM, hosts[i], &to);
        sockets_write(peer, "ping");
        end->wanted = i + 1;
        assert_true(driven_run(&end->driven, 2000));
        CHECK_CASE(net_addr_equal(&end->seen[i].local, &to), hosts[i]);
        /* The connected peer hears only an answer that leaves from where it sent to. */
        udp_send(end->udp, &end->seen[i].local, &end->seen[i].peer, SLICE("pong"));
        udp_flush(end->udp);
        CHECK_SLICE(sockets_read(peer, input, sizeof(input)), "pong");
    }
}

static void a_wildcard_socket_answers_from_where_it_was_asked(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "127.0.0.2", "127.1.2.3"};

    (void)state;
    a_wildcard_socket_knows_where_each_datagram_came_to("0.0.0.0", hosts, ARRAY_LEN(hosts));
}

static void so_does_one_of_ipv6(void **state)
{
    static const char *const hosts[] = {"::1"};

    (void)state;
    if (!sockets_have("::1"))
        skip();
    a_wildcard_socket_knows_where_each_datagram_came_to("::", hosts, ARRAY_LEN(hosts));
}

static void an_address_that_is_not_ours_is_left_to_the_system(void **state)
{
    struct end *end = open_end("0.0.0.0", 1);
    int peer = sockets_bound(SOCK_DGRAM, "127.0.0.1");
    struct net_addr peer_addr = net_socket_local(peer);
    struct net_addr gone = sockets_addr("192.0.2.77", 5060);
    char input[64];

    (void)state;
    udp_send(end->udp, &gone, &peer_addr, SLICE("hello"));
    udp_flush(end->udp);
    CHECK_SLICE(sockets_read(peer, input, sizeof(input)), "hello");
}

/* An address where nobody listens. */
static struct net_addr deserted(const char *host)
{
    struct net_addr addr = sockets_addr(host, 0);
    int fd = net_socket_bound(SOCK_DGRAM, &addr, SOCKET_ALONE);

    assert_true(fd >= 0);
    addr = net_socket_local(fd);
    close(fd);
    return addr;
}

static void a_refusal_names_the_peer_and_the_datagram(const char *host)
{
    struct end *end = open_end(host, 1);
    struct net_addr to = deserted(host);

    udp_send(end->udp, udp_local(end->udp), &to, SLICE("OPTIONS sip:nobody@example.org SIP/2.0"));
    udp_flush(end->udp);
    assert_true(driven_run(&end->driven, 2000));
    assert_int_equal(end->undelivered, 1);
    assert_int_equal(end->seen[0].error, ECONNREFUSED);
    assert_true(net_addr_equal(&end->seen[0].peer, &to));
    CHECK_SLICE(seen_text(end, 0), "OPTIONS sip:nobody@example.org SIP/2.0");
}

static void icmp_errors_are_heard(void **state)
{
    (void)state;
    a_refusal_names_the_peer_and_the_datagram("127.0.0.1");
}

static void icmpv6_errors_are_heard(void **state)
{
    (void)state;
    if (!sockets_have("::1"))
        skip();
    a_refusal_names_the_peer_and_the_datagram("::1");
}

static void errors_about_one_peer_cost_another_no_datagram(void **state)
{
    enum { ROUNDS = 100 };
    struct end *end = open_end("127.0.0.1", SIZE_MAX);
    int peer = sockets_connected(SOCK_DGRAM, "127.0.0.1", udp_local(end->udp));
    struct net_addr peer_addr = net_socket_local(peer);
    struct net_addr nobody = deserted("127.0.0.1");
    char input[64];

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        udp_send(end->udp, udp_local(end->udp), &nobody, SLICE("into the void"));
        udp_send(end->udp, udp_local(end->udp), &peer_addr,
                 (struct slice){(const char *)&i, sizeof(i)});
        udp_flush(end->udp);
        sockets_write(peer, "in between");
    }
    (void)driven_run(&end->driven, 100);
    for (unsigned i = 0; i < ROUNDS; i++) {
        assert_int_equal(sockets_read(peer, input, sizeof(input)).len, sizeof(i));
        assert_memory_equal(input, &i, sizeof(i));
    }
    assert_int_equal(end->received, ROUNDS);
    assert_true(end->undelivered > 0); /* the system limits how many it sends */
    assert_int_equal(udp_counters(end->udp).lost, 0);
}

static void what_cannot_be_sent_is_told_at_once(void **state)
{
    static char too_large[UDP_MAX_DATAGRAM + 1];
    struct end *end = open_end("127.0.0.1", 1);
    struct net_addr peer = sockets_addr("127.0.0.1", 9);
    struct net_addr broadcast = sockets_addr("255.255.255.255", 9);

    (void)state;
    udp_send(end->udp, udp_local(end->udp), &peer, (struct slice){too_large, sizeof(too_large)});
    assert_int_equal(end->seen[0].error, EMSGSIZE);
    udp_send(end->udp, udp_local(end->udp), &broadcast, SLICE("to all"));
    udp_flush(end->udp);
    assert_int_equal(end->undelivered, 2);
    CHECK_SLICE(seen_text(end, 1), "to all");
}

static void workers_share_an_address_and_strangers_do_not(void **state)
{
    struct end *end = open_end("127.0.0.1", 1);
    int second = net_socket_bound(SOCK_DGRAM, udp_local(end->udp), SOCKET_SHARED);
    int stranger = net_socket_bound(SOCK_DGRAM, udp_local(end->udp), SOCKET_ALONE);

    (void)state;
    if (second >= 0)
        close(second);
    assert_true(second >= 0);
    assert_int_equal(stranger, -EADDRINUSE);
}

CHECK_MAIN(CHECK_TEST(datagrams_come_whole_and_in_their_order),
           CHECK_TEST(the_largest_and_the_smallest_datagram_pass),
           CHECK_TEST(what_is_sent_leaves_in_batches_and_in_order),
           CHECK_TEST(a_run_arrives_as_its_datagrams),
           CHECK_TEST(a_wildcard_socket_answers_from_where_it_was_asked),
           CHECK_TEST(so_does_one_of_ipv6),
           CHECK_TEST(an_address_that_is_not_ours_is_left_to_the_system),
           CHECK_TEST(icmp_errors_are_heard), CHECK_TEST(icmpv6_errors_are_heard),
           CHECK_TEST(errors_about_one_peer_cost_another_no_datagram),
           CHECK_TEST(what_cannot_be_sent_is_told_at_once),
           CHECK_TEST(workers_share_an_address_and_strangers_do_not))
