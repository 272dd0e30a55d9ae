/* Four sockets of one address, and responses by many senders: who gets which. */
#include "sockets.h"

#include <stdio.h>

#include "net/steer.h"

enum { SOCKETS = 4, SENDERS = 16 };

#define REST                                                                                       \
    ";rport\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>;tag=2\r\n"         \
    "Call-ID: c@a\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"

struct group {
    int fds[SOCKETS];
    struct net_addr addr;
};

static void open_group(struct group *group, const char *host)
{
    group->addr = sockets_addr(host, 0);
    for (int i = 0; i < SOCKETS; i++) {
        group->fds[i] = net_socket_bound(SOCK_DGRAM, &group->addr, SOCKET_SHARED);
        assert_true(group->fds[i] >= 0);
        check_later(sockets_close, (void *)(intptr_t)group->fds[i]);
        group->addr = net_socket_local(group->fds[i]);
    }
    net_steer(group->fds[1], SLICE("SIP/"), SLICE("z9hG4bK"));
}

/* By a sender of its own each. */
static void send_from_many(const struct group *group, const char *host, const char *text)
{
    for (int i = 0; i < SENDERS; i++)
        sockets_write(sockets_connected(SOCK_DGRAM, host, &group->addr), text);
}

static int count_arrived(int fd)
{
    char memory[1024];
    int count = 0;

    while (recv(fd, memory, sizeof(memory), MSG_DONTWAIT) >= 0)
        count++;
    return count;
}

static void write_response(char *out, size_t size, const char *status, const char *sent_by,
                           const char *number)
{
    (void)snprintf(out, size,
                   "SIP/2.0 %s\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s0123456789abcdef" REST,
                   status, sent_by, number);
}

static void check_all_arrive(const struct group *group, const char *host, int socket,
                             const char *text)
{
    send_from_many(group, host, text);
    for (int i = 0; i < SOCKETS; i++)
        CHECK_CASE(count_arrived(group->fds[i]) == (i == socket ? SENDERS : 0), text);
}

static void a_response_comes_to_the_socket_that_its_branch_names(void **state)
{
    static const char *const statuses[] = {"200 OK", "180 Ringing", "100 Trying", "200 ",
                                           "481 Call/Transaction Does Not Exist"};
    static const char *const sent_by[] = {"a.example", "10.0.0.1", "10.0.0.10:5060",
                                          "[2001:db8:1234:5678:9abc:def0:1234:5678]:15060"};
    char number[8];
    char text[1024];
    struct group group;

    (void)state;
    open_group(&group, "127.0.0.1");
    for (size_t s = 0; s < ARRAY_LEN(statuses); s++) {
        for (size_t v = 0; v < ARRAY_LEN(sent_by); v++) {
            int socket = (int)(s + v) % SOCKETS;
            (void)snprintf(number, sizeof(number), "%02d", socket);
            write_response(text, sizeof(text), statuses[s], sent_by[v], number);
            check_all_arrive(&group, "127.0.0.1", socket, text);
        }
    }
}

static void so_it_does_by_ipv6(void **state)
{
    char text[1024];
    struct group group;

    (void)state;
    if (!sockets_have("::1"))
        skip();
    open_group(&group, "::1");
    write_response(text, sizeof(text), "200 OK", "[::1]:5060", "03");
    check_all_arrive(&group, "::1", 3, text);
}

/* Dealt out by sender: that sixteen came to one socket of four would be one chance in 2^30. */
static void all_else_is_dealt_out_among_the_sockets(void **state)
{
    static const char *const texts[] = {
        "\r\n\r\n",
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK01\r\n\r\n",
        "INVITE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK01" REST,
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a.example;branch=1" REST REST,
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK77" REST,
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK-!" REST,
    };
    struct group group;

    (void)state;
    open_group(&group, "127.0.0.1");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        int total = 0;
        int most = 0;
        send_from_many(&group, "127.0.0.1", texts[i]);
        for (int k = 0; k < SOCKETS; k++) {
            int count = count_arrived(group.fds[k]);
            total += count;
            most = count > most ? count : most;
        }
        CHECK_CASE(total == SENDERS && most < SENDERS, texts[i]);
    }
}

CHECK_MAIN(CHECK_TEST(a_response_comes_to_the_socket_that_its_branch_names),
           CHECK_TEST(so_it_does_by_ipv6), CHECK_TEST(all_else_is_dealt_out_among_the_sockets))
