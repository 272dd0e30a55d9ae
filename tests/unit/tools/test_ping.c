/* Pings over loopback; the other side is a thread with a plain socket. */
#include "tools/ping.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "net/socket.h"

enum { MAX_MESSAGE = 4096, MAX_RESULTS = 8 };

struct world {
    int fd;
    struct net_addr addr;
    pthread_t thread;
    atomic_bool stops;
    size_t deaf_to; /* so many requests are not answered */
    size_t received;
    char request[MAX_MESSAGE]; /* the last */
    size_t request_len;
    struct ping_plan plan;
    struct ping_result results[MAX_RESULTS];
    size_t result_count;
    char server[64]; /* of the last result */
    char text[512];
    struct buffer fault;
};

/* A line of the request, with its end; empty: there is none. Asserts nothing: the thread has it. */
static struct slice line_of(const struct world *w, const char *name)
{
    const char *at = memmem(w->request, w->request_len, name, strlen(name));
    const char *last = w->request + w->request_len;
    const char *end = at != NULL ? memchr(at, '\n', (size_t)(last - at)) : NULL;

    return end != NULL ? slice_between(at, end + 1) : SLICE_NONE;
}

static void answer(struct world *w, const struct sockaddr *to, socklen_t to_len)
{
    static const char *const copied[] = {"Via:", "From:", "To:", "Call-ID:", "CSeq:"};
    char memory[MAX_MESSAGE];
    struct buffer out = buffer_over(memory, sizeof(memory));

    buffer_add_text(&out, "SIP/2.0 405 Not Here\r\n");
    for (size_t i = 0; i < ARRAY_LEN(copied); i++)
        buffer_add(&out, line_of(w, copied[i]));
    buffer_add_text(&out, "Server: testbed/7\r\nContent-Length: 0\r\n\r\n");
    (void)sendto(w->fd, out.ptr, out.len, 0, to, to_len);
}

static void *serve(void *world)
{
    struct world *w = world;
    struct pollfd fd = {.fd = w->fd, .events = POLLIN};
    struct sockaddr_storage from;

    while (!atomic_load(&w->stops)) {
        socklen_t from_len = sizeof(from);
        if (poll(&fd, 1, 10) <= 0)
            continue;
        ssize_t len =
            recvfrom(w->fd, w->request, MAX_MESSAGE, 0, (struct sockaddr *)&from, &from_len);
        w->request_len = len > 0 ? (size_t)len : 0;
        if (++w->received > w->deaf_to)
            answer(w, (struct sockaddr *)&from, from_len);
    }
    return NULL;
}

static void stop(void *world)
{
    struct world *w = world;

    close(w->fd);
    free(w);
}

static struct world *start(void)
{
    struct world *w = calloc(1, sizeof(*w));

    CHECK_MADE(w);
    check_later(stop, w);
    assert_true(net_addr_parse(SLICE("127.0.0.1"), 0, &w->addr));
    w->fd = net_socket_bound(SOCK_DGRAM, &w->addr, SOCKET_ALONE);
    assert_true(w->fd >= 0);
    w->addr = net_socket_local(w->fd);
    w->fault = buffer_over(w->text, sizeof(w->text));
    w->plan = (struct ping_plan){.targets = {{HOP_UDP, w->addr}},
                                 .target_count = 1,
                                 .count = 1,
                                 .interval_ms = 1,
                                 .timeout_ms = 3000};
    assert_true(sip_uri_parse(SLICE("sip:a@b.example;x=y?Subject=z"), &w->plan.uri));
    return w;
}

static void take(void *arg, const struct ping_result *result)
{
    struct world *w = arg;

    (void)snprintf(w->server, sizeof(w->server), "%.*s", SLICE_ARGS(result->server));
    w->results[w->result_count++ % MAX_RESULTS] = *result;
}

/* The other side is there only as long as this. */
static void run(struct world *w)
{
    w->result_count = 0;
    atomic_store(&w->stops, false);
    assert_int_equal(pthread_create(&w->thread, NULL, serve, w), 0);
    bool ok = ping_run(&w->plan, take, w, &w->fault);
    atomic_store(&w->stops, true);
    pthread_join(w->thread, NULL);
    CHECK_MADE(ok ? w : NULL);
}

static void an_answer_is_an_answer_whatever_it_says(void **state)
{
    struct world *w = start();

    (void)state;
    w->plan.count = 3;
    run(w);
    assert_int_equal(w->result_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(w->results[i].outcome, PING_ANSWERED);
        assert_int_equal(w->results[i].status, 405);
        assert_in_range(w->results[i].rtt_us, 1, 3000000);
    }
    assert_string_equal(w->server, "testbed/7");
}

static void the_request_is_an_options_without_headers_of_the_uri(void **state)
{
    struct world *w = start();

    (void)state;
    w->plan.from = SLICE("sip:watch@c.example");
    run(w);
    CHECK_SLICE(line_of(w, "OPTIONS "), "OPTIONS sip:a@b.example;x=y SIP/2.0\r\n");
    CHECK_SLICE(line_of(w, "Max-Forwards"), "Max-Forwards: 70\r\n");
    CHECK_SLICE(line_of(w, "To: "), "To: <sip:a@b.example;x=y>\r\n");
    CHECK_SLICE(line_of(w, "CSeq"), "CSeq: 1 OPTIONS\r\n");
    assert_true(slice_starts_with(line_of(w, "From"), SLICE("From: <sip:watch@c.example>;tag=")));
}

static void silence_is_told_when_the_time_is_up(void **state)
{
    struct world *w = start();

    (void)state;
    w->deaf_to = SIZE_MAX;
    w->plan.timeout_ms = 50;
    w->plan.count = 2;
    run(w);
    assert_int_equal(w->result_count, 2);
    assert_int_equal(w->results[0].outcome, PING_SILENCE);
    assert_int_equal(w->results[1].outcome, PING_SILENCE);
}

/* RFC 3261 17.1.2: timer E, after half a second. */
static void a_lost_request_is_sent_again(void **state)
{
    struct world *w = start();

    (void)state;
    w->deaf_to = 1;
    run(w);
    assert_int_equal(w->results[0].outcome, PING_ANSWERED);
    assert_true(w->results[0].rtt_us >= 400000);
}

/* An address of our own that nobody has: ICMP says so at once. */
static struct net_addr deserted(void)
{
    struct net_addr addr;

    assert_true(net_addr_parse(SLICE("127.0.0.1"), 0, &addr));
    int fd = net_socket_bound(SOCK_DGRAM, &addr, SOCKET_ALONE);
    assert_true(fd >= 0);
    addr = net_socket_local(fd);
    close(fd);
    return addr;
}

static void the_next_address_is_tried_where_nobody_is(void **state)
{
    struct world *w = start();

    (void)state;
    w->plan.targets[0].addr = deserted();
    w->plan.targets[1] = (struct ping_target){HOP_UDP, w->addr};
    w->plan.target_count = 2;
    w->plan.count = 2;
    run(w);
    assert_int_equal(w->result_count, 2);
    assert_int_equal(w->results[0].outcome, PING_ANSWERED);
    assert_int_equal(w->results[1].outcome, PING_ANSWERED);
}

static void nobody_anywhere_is_unreachable(void **state)
{
    struct world *w = start();

    (void)state;
    w->plan.targets[0].addr = deserted();
    for (int protocol = HOP_UDP; protocol <= HOP_TCP; protocol++) {
        w->plan.targets[0].protocol = (enum hop_protocol)protocol;
        run(w);
        assert_int_equal(w->result_count, 1);
        assert_int_equal(w->results[0].outcome, PING_UNREACHABLE);
    }
}

static void a_uri_leads_to_protocol_and_address(void **state)
{
    static const struct {
        const char *uri;
        enum hop_protocol protocol;
        const char *target; /* NULL: nowhere */
        const char *reason;
    } cases[] = {
        {"sip:192.0.2.1",                      HOP_UDP, "192.0.2.1:5060",     ""                                        },
        {"sip:a@192.0.2.1:5070;transport=TCP", HOP_TCP, "192.0.2.1:5070",     ""                                        },
        {"sip:[2001:db8::1]:5070",             HOP_UDP, "[2001:db8::1]:5070", ""                                        },
        {"sip:192.0.2.1;maddr=192.0.2.2",      HOP_UDP, "192.0.2.2:5060",     ""                                        },
        {"sips:192.0.2.1",                     HOP_UDP, NULL,                 "\"sips:\" cannot be asked, only sip: can"},
        {"tel:+49151",                         HOP_UDP, NULL,                 "\"tel:\" cannot be asked, only sip: can" },
        {"sip:192.0.2.1;transport=sctp",       HOP_UDP, NULL,
         "transport=sctp is not spoken here: write udp or tcp"                                                          },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[256], addr_text[80];
        struct buffer fault = buffer_over(text, sizeof(text));
        struct buffer addr = buffer_over(addr_text, sizeof(addr_text));
        struct ping_plan plan = {.count = 1};
        bool is_wrong = false;
        assert_true(sip_uri_parse(slice_of(cases[i].uri), &plan.uri));
        bool ok = ping_locate(&plan, &is_wrong, &fault);
        CHECK_CASE(ok == (cases[i].target != NULL), cases[i].uri);
        CHECK_CASE(is_wrong == !ok, cases[i].uri);
        CHECK_SLICE(buffer_slice(&fault), cases[i].reason);
        if (!ok)
            continue;
        assert_int_equal(plan.targets[0].protocol, cases[i].protocol);
        net_addr_write(&plan.targets[0].addr, &addr);
        CHECK_SLICE(buffer_slice(&addr), cases[i].target);
    }
}

CHECK_MAIN(CHECK_TEST(an_answer_is_an_answer_whatever_it_says),
           CHECK_TEST(the_request_is_an_options_without_headers_of_the_uri),
           CHECK_TEST(silence_is_told_when_the_time_is_up),
           CHECK_TEST(a_lost_request_is_sent_again),
           CHECK_TEST(the_next_address_is_tried_where_nobody_is),
           CHECK_TEST(nobody_anywhere_is_unreachable),
           CHECK_TEST(a_uri_leads_to_protocol_and_address))
