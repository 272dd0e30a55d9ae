/*
 * What a client of libtchin needs of the system: a clock, a UDP socket connected to its server, and
 * a loop that has nothing to do but wait for the two. Plain POSIX.
 */
#ifndef TCHIN_EXAMPLES_LOOP_H
#define TCHIN_EXAMPLES_LOOP_H

#include <base/timer_wheel.h>
#include <errno.h>
#include <txn/table.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

static inline uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The socket, with its own address as it stands in a URI; -1: it cannot be. */
static inline int udp_connect(const char *host, const char *port, char *own, size_t own_size)
{
    struct addrinfo *peer, wanted = {.ai_socktype = SOCK_DGRAM};
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);
    char own_host[NI_MAXHOST], own_port[NI_MAXSERV];
    int fd = -1;

    if (getaddrinfo(host, port, &wanted, &peer) == 0) {
        fd = socket(peer->ai_family, SOCK_DGRAM, 0);
        if (fd < 0 || connect(fd, peer->ai_addr, peer->ai_addrlen) != 0)
            fd = -1;
        freeaddrinfo(peer);
    }
    if (fd < 0 || getsockname(fd, (struct sockaddr *)&addr, &len) != 0
        || getnameinfo((struct sockaddr *)&addr, len, own_host, sizeof(own_host), own_port,
                       sizeof(own_port), NI_NUMERICHOST | NI_NUMERICSERV)
               != 0)
        return -1;
    snprintf(own, own_size, strchr(own_host, ':') != NULL ? "[%s]:%s" : "%s:%s", own_host,
             own_port);
    return fd;
}

/* Waits until a datagram comes or the table wants to be called; it gets both. False: nobody is
 * there, as an ICMP error has told. */
static inline bool loop_turn(int fd, struct txn_table *table)
{
    char memory[SIP_MAX_MESSAGE];
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    uint64_t now_ms = clock_ms(), next_ms = txn_table_next_ms(table);
    int wait_ms = next_ms > now_ms ? (int)(next_ms - now_ms) : 0;
    struct sip_message msg;
    struct sip_fault fault;

    poll(&readable, 1, next_ms == TIMER_NEVER ? -1 : wait_ms);
    txn_table_turn(table, clock_ms());
    ssize_t len = recv(fd, memory, sizeof(memory), MSG_DONTWAIT);
    if (len < 0)
        return errno == EAGAIN;
    if (!sip_message_parse((struct slice){memory, (size_t)len}, &msg, &fault)
        || !sip_message_check(&msg, &fault))
        return true;
    struct txn *t = txn_table_match(table, &msg, NULL);
    if (t != NULL)
        txn_receive(t, &msg);
    return true;
}

#endif
