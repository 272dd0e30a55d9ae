#include <stdio.h>

#include "driven_loop.h"
#include "net/tcp_listener.h"
#include "net/ws.h"
#include "sockets.h"

#define HANDSHAKE                                                                                  \
    "GET / HTTP/1.1\r\nHost: sip.example.org:8080\r\nUpgrade: websocket\r\n"                       \
    "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

#define OF_SIP "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n"

enum { MAX_MESSAGE = 65535, MANY = 8 };

struct world {
    struct driven driven;
    struct ws_service *service;
    struct tcp_listener *listener;
    struct ws *ws;
    struct ws_kind kind;
    bool (*is_done)(const struct world *world);
    size_t opened, writable, received, too_large, pongs, ended;
    size_t held_bytes;
    struct slice to_send; /* when it opens */
    bool closes_when_received;
    char message[MAX_MESSAGE + 1];
    size_t message_len;
};

static void opened(void *owner)
{
    struct world *world = owner;

    world->opened++;
}

static void writable(void *owner)
{
    struct world *world = owner;

    world->writable++;
}

static void received(void *owner, struct slice message)
{
    struct world *world = owner;

    world->received++;
    world->message_len = message.len;
    memcpy(world->message, message.ptr, message.len);
    if (world->closes_when_received) {
        ws_close(world->ws, WS_GOING_AWAY);
        world->ws = NULL;
    }
}

static void holds(void *owner, size_t bytes)
{
    struct world *world = owner;

    world->held_bytes = bytes;
}

static void too_large(void *owner, struct slice head)
{
    struct world *world = owner;

    world->too_large++;
    world->message_len = head.len;
    ws_finish(world->ws, WS_TOO_BIG);
}

static void pong(void *owner)
{
    struct world *world = owner;

    world->pongs++;
}

static void ended(void *owner)
{
    struct world *world = owner;

    world->ended++;
    ws_close(world->ws, WS_GOING_AWAY);
    world->ws = NULL;
}

static const struct ws_host ws_host = {opened, writable, received, holds, too_large, pong, ended};

static void find_page(void *owner, struct slice path, struct http_page *out)
{
    (void)owner;
    if (slice_equal(path, SLICE("/healthz")))
        *out = (struct http_page){200, SLICE("ok\n")};
}

static void incoming(void *owner, int fd, const struct net_addr *remote)
{
    struct world *world = owner;

    (void)remote;
    world->ws = ws_adopt(world->service, fd, world->kind, &ws_host, world);
}

static bool is_done(void *test)
{
    const struct world *world = test;

    return world->is_done(world);
}

static void close_listener(void *listener)
{
    tcp_listener_close(listener);
}

static void stop_service(void *service)
{
    ws_service_stop(service);
}

static void close_ws(void *arg)
{
    struct world *world = arg;

    ws_close(world->ws, WS_GOING_AWAY);
}

static struct world *start_world(const char *origins)
{
    struct world *world = driven_memory(sizeof(*world));
    struct net_addr addr = sockets_addr("127.0.0.1", 0);
    char text[256];
    struct buffer fault = buffer_over(text, sizeof(text));
    const struct ws_settings settings = {.protocol = "sip",
                                         .origins = slice_of(origins),
                                         .max_message_bytes = MAX_MESSAGE,
                                         .find_page = find_page};

    driven_start(&world->driven, world, is_done, NULL);
    world->kind.may_upgrade = true;
    world->service = ws_service_new(world->driven.loop, &settings, &fault);
    CHECK_MADE(world->service);
    check_later(stop_service, world->service);
    check_later(close_ws, world);
    int fd = net_socket_bound(SOCK_STREAM, &addr, SOCKET_SHARED);
    assert_true(fd >= 0);
    world->listener = tcp_listener_open(world->driven.loop, fd, incoming, world);
    CHECK_MADE(world->listener);
    check_later(close_listener, world->listener);
    return world;
}

static bool run_until(struct world *world, bool (*done)(const struct world *world))
{
    world->is_done = done;
    return driven_run(&world->driven, 7000);
}

static bool has_taken_over(const struct world *world)
{
    return world->ws != NULL;
}

static bool has_opened(const struct world *world)
{
    return world->opened > 0;
}

static bool has_received(const struct world *world)
{
    return world->received > 0;
}

static bool has_ended(const struct world *world)
{
    return world->ended > 0;
}

static bool holds_eight(const struct world *world)
{
    return world->held_bytes == 8;
}

static bool has_received_two(const struct world *world)
{
    return world->received == 2;
}

static bool has_overflowed(const struct world *world)
{
    return world->too_large > 0;
}

static bool has_pong(const struct world *world)
{
    return world->pongs > 0;
}

static bool never(const struct world *world)
{
    (void)world;
    return false;
}

static void run_ms(struct world *world, uint32_t ms)
{
    world->is_done = never;
    (void)driven_run(&world->driven, ms);
}

/* What the peer sees next, while our loop runs; empty: the end, or nothing in three seconds. */
static struct slice read_from(struct world *world, int peer, char *memory, size_t size)
{
    struct pollfd poll_fd = {.fd = peer, .events = POLLIN};

    for (int i = 0; i < 3000 && poll(&poll_fd, 1, 0) == 0; i++)
        run_ms(world, 1);
    return sockets_read(peer, memory, size);
}

static int connect_peer(struct world *world)
{
    return sockets_connected(SOCK_STREAM, "127.0.0.1", tcp_listener_local(world->listener));
}

static int open_one(struct world *world)
{
    int peer = connect_peer(world);
    char memory[1024];

    sockets_write(peer, HANDSHAKE OF_SIP "\r\n");
    assert_true(run_until(world, has_opened));
    struct slice answer = read_from(world, peer, memory, sizeof(memory));
    assert_true(slice_starts_with(answer, SLICE("HTTP/1.1 101 ")));
    assert_non_null(memmem(answer.ptr, answer.len, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28));
    assert_non_null(memmem(answer.ptr, answer.len, "Sec-WebSocket-Protocol: sip\r\n", 29));
    return peer;
}

/* RFC 6455 5.2, masked with zeros. */
static size_t write_frame(char *out, unsigned first, const char *payload, size_t len)
{
    size_t at = 0;

    out[at++] = (char)first;
    if (len < 126) {
        out[at++] = (char)(0x80 | len);
    } else if (len < 65536) {
        out[at++] = (char)(0x80 | 126);
        out[at++] = (char)(len >> 8);
        out[at++] = (char)len;
    } else {
        out[at++] = (char)(0x80 | 127);
        for (int shift = 56; shift >= 0; shift -= 8)
            out[at++] = (char)((uint64_t)len >> shift);
    }
    memset(out + at, 0, 4);
    at += 4;
    memcpy(out + at, payload, len);
    return at + len;
}

static void send_frame(int peer, unsigned first, const char *payload, size_t len)
{
    char *memory = driven_memory(len + 16);
    size_t size = write_frame(memory, first, payload, len);

    for (size_t sent = 0; sent < size;) {
        ssize_t count = send(peer, memory + sent, size - sent, MSG_NOSIGNAL);
        if (count < 0) {
            assert_int_equal(errno, EAGAIN);
            return;
        }
        sent += (size_t)count;
    }
}

enum { TEXT = 0x81, BINARY = 0x82, PING = 0x89, PONG = 0x8A, CLOSE = 0x88, MORE = 0x7F };

static void a_message_is_delivered_whole_however_it_is_split(void **state)
{
    (void)state;
    static const char text[] = "OPTIONS sip:example.org SIP/2.0\r\n\r\n";
    struct world *world = start_world("");
    int peer = open_one(world);
    char frame[128];
    size_t len = write_frame(frame, TEXT, text, sizeof(text) - 1);

    for (size_t i = 0; i < len; i++) {
        assert_int_equal(world->received, 0);
        assert_int_equal(send(peer, frame + i, 1, MSG_NOSIGNAL), 1);
        if (i % 8 == 0)
            run_ms(world, 5);
    }
    assert_true(run_until(world, has_received));
    CHECK_SLICE(((struct slice){world->message, world->message_len}), text);
    assert_int_equal(world->held_bytes, 0);
}

static void fragments_are_gathered_and_what_comes_between_them_is_answered(void **state)
{
    (void)state;
    struct world *world = start_world("");
    int peer = open_one(world);
    char memory[64];

    send_frame(peer, BINARY & MORE, "one ", 4);
    send_frame(peer, PING, "hi", 2);
    send_frame(peer, 0x00, "two ", 4);
    assert_true(run_until(world, holds_eight));
    assert_int_equal(world->received, 0);
    struct slice answer = read_from(world, peer, memory, sizeof(memory));
    assert_int_equal(answer.len, 4);
    assert_memory_equal(answer.ptr, "\x8A\x02hi", 4);
    send_frame(peer, 0x80, "three", 5);
    assert_true(run_until(world, has_received));
    CHECK_SLICE(((struct slice){world->message, world->message_len}), "one two three");
}

static void two_messages_in_one_packet_are_two(void **state)
{
    (void)state;
    struct world *world = start_world("");
    int peer = open_one(world);
    char frames[64];
    size_t len = write_frame(frames, TEXT, "first", 5);

    len += write_frame(frames + len, TEXT, "second", 6);
    assert_int_equal(send(peer, frames, len, MSG_NOSIGNAL), len);
    assert_true(run_until(world, has_received_two));
    CHECK_SLICE(((struct slice){world->message, world->message_len}), "second");
}

static void a_message_of_the_largest_size_is_delivered_and_one_byte_more_is_not(void **state)
{
    (void)state;
    struct world *world = start_world("");
    char *text = driven_memory(MAX_MESSAGE + 1);
    int peer = open_one(world);
    char memory[64];

    memset(text, 'x', MAX_MESSAGE + 1);
    send_frame(peer, TEXT, text, MAX_MESSAGE);
    assert_true(run_until(world, has_received));
    assert_int_equal(world->message_len, MAX_MESSAGE);
    send_frame(peer, TEXT, text, MAX_MESSAGE + 1);
    assert_true(run_until(world, has_overflowed));
    assert_int_equal(world->received, 1);
    assert_int_equal(world->message_len, MAX_MESSAGE);
    struct slice answer = read_from(world, peer, memory, sizeof(memory));
    assert_int_equal(answer.len, 4);
    assert_memory_equal(answer.ptr, "\x88\x02\x03\xF1", 4);
    send_frame(peer, CLOSE, "\x03\xF1", 2);
    assert_true(run_until(world, has_ended));
}

static void what_is_sent_is_one_frame_of_text_or_binary(void **state)
{
    static const struct {
        const char *text;
        unsigned char first;
        const char *label;
    } cases[] = {
        {"SIP/2.0 200 OK\r\n\r\n", TEXT,   "ASCII is text"         },
        {"caf\xC3\xA9",            TEXT,   "so is UTF-8"           },
        {"caf\xE9",                BINARY, "other bytes are binary"},
    };
    struct world *world = start_world("");
    int peer = open_one(world);
    char memory[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice message = slice_of(cases[i].text);
        bool taken = false;
        CHECK_CASE(ws_send(world->ws, message, &taken) && taken, cases[i].label);
        struct slice frame = read_from(world, peer, memory, sizeof(memory));
        CHECK_CASE(frame.len == message.len + 2, cases[i].label);
        CHECK_CASE((unsigned char)frame.ptr[0] == cases[i].first, cases[i].label);
        CHECK_CASE((size_t)frame.ptr[1] == message.len, cases[i].label);
        CHECK_CASE(slice_equal(slice_after(frame, 2), message), cases[i].label);
    }
}

static void who_does_not_read_is_given_no_more_until_it_reads(void **state)
{
    (void)state;
    struct world *world = start_world("");
    char *text = driven_memory(MAX_MESSAGE);
    char *memory = driven_memory(1 << 20);
    int peer = open_one(world);
    bool taken = true;
    size_t sent = 0, read_bytes = 0;

    memset(text, 'x', MAX_MESSAGE);
    while (taken && sent < 1000) {
        assert_true(ws_send(world->ws, (struct slice){text, MAX_MESSAGE}, &taken));
        sent += taken;
    }
    assert_true(sent > 0 && sent < 1000);
    run_ms(world, 20);
    world->writable = 0;
    for (int i = 0; i < 1000 && world->writable == 0; i++) {
        read_bytes += read_from(world, peer, memory, 1 << 20).len;
        run_ms(world, 1);
    }
    assert_true(world->writable > 0);
    assert_true(ws_send(world->ws, SLICE("again"), &taken));
    assert_true(taken);
    size_t total = sent * (MAX_MESSAGE + 4) + 7;
    for (int i = 0; i < 1000 && read_bytes < total; i++) {
        read_bytes += read_from(world, peer, memory, 1 << 20).len;
        run_ms(world, 1);
    }
    assert_int_equal(read_bytes, total);
}

static void a_ping_is_sent_and_its_answer_told(void **state)
{
    (void)state;
    struct world *world = start_world("");
    int peer = open_one(world);
    char memory[64];

    assert_true(ws_ping(world->ws));
    struct slice frame = read_from(world, peer, memory, sizeof(memory));
    assert_int_equal(frame.len, 3);
    assert_memory_equal(frame.ptr, "\x89\x01?", 3);
    send_frame(peer, PONG, "?", 1);
    assert_true(run_until(world, has_pong));
}

static void a_handshake_is_judged(void **state)
{
    static const struct {
        const char *origins;
        const char *request;
        const char *answer;
        const char *label;
    } cases[] = {
        {"",                                        HANDSHAKE OF_SIP,                                                               "101", "without an origin"       },
        {"",                                        HANDSHAKE OF_SIP "Origin: https://sip.example.org\r\n",                         "101",
         "from a page of the same host"                                                                                                                              },
        {"",                                        HANDSHAKE OF_SIP "Origin: https://other.example\r\n",                           "403", "from another"            },
        {"",                                        HANDSHAKE OF_SIP "Origin: https://sip.example.org.evil.example\r\n",            "403",
         "from one that begins like it"                                                                                                                              },
        {"",                                        HANDSHAKE OF_SIP "Origin: null\r\n",                                            "403", "from nowhere"            },
        {"https://a.example https://other.example",
         HANDSHAKE OF_SIP "Origin: https://other.example\r\n",                                                                      "101", "from one that is allowed"},
        {"https://other.example",                   HANDSHAKE OF_SIP "Origin: http://other.example\r\n",                            "403",
         "but not with another scheme"                                                                                                                               },
        {"*",                                       HANDSHAKE OF_SIP "Origin: https://other.example\r\n",                           "101", "all are allowed"         },
        {"",                                        HANDSHAKE "Sec-WebSocket-Version: 13\r\n",                                      "400", "without a sub-protocol"  },
        {"",                                        HANDSHAKE "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\n",      "400",
         "with a wrong one"                                                                                                                                          },
        {"",                                        HANDSHAKE "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, sip\r\n", "101",
         "with more than ours"                                                                                                                                       },
        {"",                                        HANDSHAKE "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Protocol: sip\r\n",        "426",
         "of an old version"                                                                                                                                         },
        {"",                                        HANDSHAKE "Sec-WebSocket-Protocol: sip\r\n",                                    "426", "of no version"           },
        {"",                                        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n",         "400",
         "to HTTP/2"                                                                                                                                                 },
        {"",                                        "GET /healthz HTTP/1.1\r\nHost: a\r\n",                                         "200", "a page"                  },
        {"",                                        "HEAD /healthz HTTP/1.1\r\nHost: a\r\n",                                        "200", "its head"                },
        {"",                                        "GET /healthz?x=1 HTTP/1.1\r\nHost: a\r\n",                                     "200", "with a query"            },
        {"",                                        "GET /../etc/passwd HTTP/1.1\r\nHost: a\r\n",                                   "404", "no page"                 },
        {"",                                        "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n",                   "405", "not to be read"          },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world *world = start_world(cases[i].origins);
        int peer = connect_peer(world);
        char memory[1024];
        sockets_write(peer, cases[i].request);
        sockets_write(peer, "\r\n");
        struct slice answer = read_from(world, peer, memory, sizeof(memory));
        CHECK_CASE(slice_starts_with(answer, SLICE("HTTP/1.1 ")), cases[i].label);
        CHECK_CASE(slice_starts_with(slice_after(answer, 9), slice_of(cases[i].answer)),
                   cases[i].label);
        bool opens = strcmp(cases[i].answer, "101") == 0;
        CHECK_CASE(run_until(world, opens ? has_opened : has_ended), cases[i].label);
        CHECK_CASE(world->opened == opens && world->ended == !opens, cases[i].label);
    }
}

static void where_only_pages_are_nothing_is_upgraded(void **state)
{
    (void)state;
    struct world *world = start_world("");
    int peer = connect_peer(world);
    char memory[1024];

    world->kind.may_upgrade = false;
    sockets_write(peer, HANDSHAKE OF_SIP "\r\n");
    assert_true(run_until(world, has_ended));
    struct slice answer = read_from(world, peer, memory, sizeof(memory));
    assert_true(slice_starts_with(answer, SLICE("HTTP/1.1 404 ")));
}

static void an_owner_may_close_while_it_is_told(void **state)
{
    (void)state;
    struct world *world = start_world("");
    int peer = open_one(world);
    char memory[64];

    world->closes_when_received = true;
    send_frame(peer, TEXT, "good-bye", 8);
    assert_true(run_until(world, has_received));
    struct slice frame = read_from(world, peer, memory, sizeof(memory));
    assert_int_equal(frame.len, 4);
    assert_memory_equal(frame.ptr, "\x88\x02\x03\xE9", 4);
    assert_int_equal(world->ended, 0);
}

static void the_end_is_told_once(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *label;
    } cases[] = {
        {"\x88\x80\0\0\0\0",                                 6,  "the peer says that it closes" },
        {"\x83\x80\0\0\0\0",                                 6,  "an operation that is reserved"},
        {"\x80\x80\0\0\0\0",                                 6,  "a continuation of nothing"    },
        {"\xC1\x80\0\0\0\0",                                 6,  "a bit that is reserved"       },
        {"\x09\x80\0\0\0\0",                                 6,  "half a ping"                  },
        {"\x81\x81\0\0\0\0\xFF",                             7,  "text that is none"            },
        {"\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0", 14, "a length beyond all"          },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world *world = start_world("");
        int peer = open_one(world);
        char memory[64];
        assert_int_equal(send(peer, cases[i].bytes, cases[i].len, MSG_NOSIGNAL), cases[i].len);
        struct slice answer = read_from(world, peer, memory, sizeof(memory));
        CHECK_CASE(answer.len == 0 || (unsigned char)answer.ptr[0] == CLOSE, cases[i].label);
        assert_true(shutdown(peer, SHUT_RDWR) == 0 || errno == ENOTCONN);
        CHECK_CASE(run_until(world, has_ended), cases[i].label);
        run_ms(world, 20);
        CHECK_CASE(world->ended == 1 && world->received == 0, cases[i].label);
    }
}

static void a_peer_that_is_gone_is_noticed(void **state)
{
    (void)state;
    struct world *world = start_world("");
    int peer = open_one(world);

    assert_int_equal(shutdown(peer, SHUT_RDWR), 0);
    assert_true(run_until(world, has_ended));
}

static void it_can_be_stopped_with_everything_open(void **state)
{
    (void)state;
    struct world *world = start_world("");
    struct ws *all[MANY];

    for (size_t i = 0; i < MANY; i++) {
        int peer = connect_peer(world);
        if (i % 2 == 0)
            sockets_write(peer, HANDSHAKE OF_SIP "\r\n");
        assert_true(run_until(world, has_taken_over));
        all[i] = world->ws;
        world->ws = NULL;
    }
    for (size_t i = 0; i < MANY; i++)
        i % 3 == 0 ? ws_abort(all[i]) : ws_close(all[i], WS_GOING_AWAY);
}

CHECK_MAIN(CHECK_TEST(a_message_is_delivered_whole_however_it_is_split),
           CHECK_TEST(fragments_are_gathered_and_what_comes_between_them_is_answered),
           CHECK_TEST(two_messages_in_one_packet_are_two),
           CHECK_TEST(a_message_of_the_largest_size_is_delivered_and_one_byte_more_is_not),
           CHECK_TEST(what_is_sent_is_one_frame_of_text_or_binary),
           CHECK_TEST(who_does_not_read_is_given_no_more_until_it_reads),
           CHECK_TEST(a_ping_is_sent_and_its_answer_told), CHECK_TEST(a_handshake_is_judged),
           CHECK_TEST(where_only_pages_are_nothing_is_upgraded),
           CHECK_TEST(an_owner_may_close_while_it_is_told), CHECK_TEST(the_end_is_told_once),
           CHECK_TEST(a_peer_that_is_gone_is_noticed),
           CHECK_TEST(it_can_be_stopped_with_everything_open))
