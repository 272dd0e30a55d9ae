/*
 * A name server in a thread: what it answers depends on the first label of what it is asked for, so
 * that a test reads as a list of names. RFC 1035 4.
 */
#ifndef TCHIN_TESTS_NAME_SERVER_H
#define TCHIN_TESTS_NAME_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "sockets.h"

enum {
    NAME_SERVER_A = 1,
    NAME_SERVER_AAAA = 28,
    NAME_SERVER_SRV = 33,
    NAME_SERVER_NAPTR = 35,
    NAME_SERVER_PACKET = 4096,
};

struct name_server {
    int fd;
    pthread_t thread;
    atomic_bool is_stopping;
    atomic_int asked; /* for addresses */
    char address[32]; /* as libunbound wants it */
};

struct name_server_question {
    char *packet;
    size_t len; /* up to the end of the question */
    char label[64];
    int type;
};

static inline bool name_server_read(char *packet, size_t len, struct name_server_question *out)
{
    size_t at = 12;

    *out = (struct name_server_question){.packet = packet};
    if (len <= at)
        return false;
    size_t first = (unsigned char)packet[at];
    if (first >= sizeof(out->label) || at + 1 + first >= len)
        return false;
    memcpy(out->label, packet + at + 1, first);
    while (at < len && packet[at] != 0)
        at += 1 + (unsigned char)packet[at];
    if (at + 5 > len)
        return false;
    out->type = (unsigned char)packet[at + 1] << 8 | (unsigned char)packet[at + 2];
    out->len = at + 5;
    return true;
}

/* The number `i` tells one record from another. Returns its length. */
static inline size_t name_server_data(int type, size_t i, char *out)
{
    static const char a[] = "\177\0\0\0"; /* 127.0.0.1 and so on */
    static const char aaaa[16] = {0};     /* ::1 and so on */
    static const char srv[] = "\0\1\0\2\x13\xc4\4four\7example\0";
    static const char naptr[] = "\0\1\0\2\1s\7SIP+D2U\0\4_sip\4_udp\7example\0";
    const char *data = type == NAME_SERVER_A       ? a
                       : type == NAME_SERVER_SRV   ? srv
                       : type == NAME_SERVER_NAPTR ? naptr
                                                   : aaaa;
    size_t len = type == NAME_SERVER_A       ? 4
                 : type == NAME_SERVER_SRV   ? sizeof(srv) - 1
                 : type == NAME_SERVER_NAPTR ? sizeof(naptr) - 1
                                             : 16;
    bool is_address = type == NAME_SERVER_A || type == NAME_SERVER_AAAA;

    memcpy(out, data, len);
    out[is_address ? len - 1 : 1] = (char)(i + 1); /* else: the priority, the order */
    return len;
}

/* Appends `count` records to the question and returns the length of the whole. */
static inline size_t name_server_answer(struct name_server_question *q, int rcode, size_t count)
{
    char *at = q->packet + q->len;

    memcpy(q->packet + 2,
           (char[]){(char)0x81, (char)(0x80 | rcode), 0, 1, 0, (char)count, 0, 0, 0, 0}, 10);
    for (size_t i = 0; i < count; i++) {
        size_t len = name_server_data(q->type, i, at + 12);
        memcpy(at, (char[]){(char)0xc0, 12, 0, (char)q->type, 0, 1, 0, 0, 0, 60, 0, (char)len}, 12);
        at += 12 + len;
    }
    return (size_t)(at - q->packet);
}

/* 0: silence. */
static inline size_t name_server_decide(struct name_server_question *q)
{
    bool is_a = q->type == NAME_SERVER_A;
    bool is_aaaa = q->type == NAME_SERVER_AAAA;

    if (strcmp(q->label, "four") == 0)
        return name_server_answer(q, 0, is_a);
    if (strcmp(q->label, "six") == 0)
        return name_server_answer(q, 0, is_aaaa);
    if (strcmp(q->label, "both") == 0)
        return name_server_answer(q, 0, is_a || is_aaaa);
    if (strcmp(q->label, "many") == 0)
        return name_server_answer(q, 0, is_a ? 40 : 0);
    if (strcmp(q->label, "service") == 0)
        return name_server_answer(q, 0, is_a || is_aaaa ? 0 : 2);
    if (strcmp(q->label, "services") == 0)
        return name_server_answer(q, 0, is_a || is_aaaa ? 0 : 60);
    if (strcmp(q->label, "absent") == 0)
        return name_server_answer(q, 3, 0);
    if (strcmp(q->label, "failing") == 0)
        return name_server_answer(q, 2, 0);
    if (strcmp(q->label, "halffailing") == 0)
        return is_a ? name_server_answer(q, 0, 1) : name_server_answer(q, 2, 0);
    if (strcmp(q->label, "halfsilent") == 0)
        return is_a ? name_server_answer(q, 0, 1) : 0;
    if (strcmp(q->label, "garbage") == 0) {
        memset(q->packet + 2, 0xff, q->len); /* counts and a name that lead nowhere */
        return q->len + 2;
    }
    return strcmp(q->label, "silent") == 0 ? 0 : name_server_answer(q, 0, 0);
}

static inline void *name_server_run(void *arg)
{
    struct name_server *server = arg;
    char packet[NAME_SERVER_PACKET];

    while (!atomic_load(&server->is_stopping)) {
        struct pollfd poll_fd = {.fd = server->fd, .events = POLLIN};
        struct sockaddr_storage from;
        socklen_t from_len = sizeof(from);
        struct name_server_question question;
        if (poll(&poll_fd, 1, 20) != 1)
            continue;
        ssize_t len = recvfrom(server->fd, packet, sizeof(packet) / 2, 0, (struct sockaddr *)&from,
                               &from_len);
        if (len < 0 || !name_server_read(packet, (size_t)len, &question))
            continue;
        if (question.type == NAME_SERVER_A || question.type == NAME_SERVER_AAAA)
            atomic_fetch_add(&server->asked, 1);
        size_t answer_len = name_server_decide(&question);
        if (answer_len > 0)
            (void)sendto(server->fd, packet, answer_len, 0, (struct sockaddr *)&from, from_len);
    }
    return NULL;
}

static inline void name_server_stop(void *arg)
{
    struct name_server *server = arg;

    atomic_store(&server->is_stopping, true);
    pthread_join(server->thread, NULL);
}

static inline void name_server_start(struct name_server *server)
{
    server->fd = sockets_bound(SOCK_DGRAM, "127.0.0.1");
    (void)snprintf(server->address, sizeof(server->address), "127.0.0.1@%u",
                   net_socket_local(server->fd).port);
    assert_int_equal(pthread_create(&server->thread, NULL, name_server_run, server), 0);
    check_later(name_server_stop, server);
}

#endif
