/* The other end of a test: plain sockets, used without waiting or with a limit of a second. */
#ifndef TCHIN_TESTS_SOCKETS_H
#define TCHIN_TESTS_SOCKETS_H

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "check.h"
#include "net/socket.h"

static inline void sockets_close(void *fd)
{
    close((int)(intptr_t)fd);
}

static inline struct net_addr sockets_addr(const char *host, uint16_t port)
{
    struct net_addr addr = {0};

    assert_true(net_addr_parse(slice_of(host), port, &addr));
    return addr;
}

/* False: this machine has no such address, and the test is skipped. */
static inline bool sockets_have(const char *host)
{
    struct net_addr addr = sockets_addr(host, 0);
    int fd = net_socket_bound(SOCK_DGRAM, &addr, SOCKET_ALONE);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Bound to a port that the system chooses. */
static inline int sockets_bound(int type, const char *host)
{
    struct net_addr addr = sockets_addr(host, 0);
    int fd = net_socket_bound(type, &addr, SOCKET_ALONE);

    assert_true(fd >= 0);
    check_later(sockets_close, (void *)(intptr_t)fd);
    return fd;
}

static inline void sockets_connect(int fd, const struct net_addr *to)
{
    struct sockaddr_storage sa;
    socklen_t len = net_addr_to_sockaddr(to, &sa);

    assert_true(connect(fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS);
}

static inline int sockets_connected(int type, const char *host, const struct net_addr *to)
{
    int fd = sockets_bound(type, host);

    sockets_connect(fd, to);
    return fd;
}

static inline bool sockets_wait(int fd, short events)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};

    return poll(&poll_fd, 1, 1000) == 1;
}

static inline void sockets_write(int fd, const char *text)
{
    assert_true(sockets_wait(fd, POLLOUT));
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* What comes within a second, of a datagram or of a stream; empty: the end, or nothing. */
static inline struct slice sockets_read(int fd, char *memory, size_t size)
{
    ssize_t len = sockets_wait(fd, POLLIN) ? recv(fd, memory, size, MSG_DONTWAIT) : 0;

    return (struct slice){memory, len > 0 ? (size_t)len : 0};
}

#endif
