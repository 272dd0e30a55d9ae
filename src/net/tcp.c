/*
 * A non-blocking socket that libuv polls. Its own streams would copy what they cannot send; ours
 * has to stay where its messages can still be told apart.
 */
#include "net/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/socket.h"

enum {
    READS_A_TURN = 4,
    UNACKNOWLEDGED_MS = 32000, /* 64 * T1: no transaction waits longer for a peer that is gone */
};

struct tcp {
    uv_poll_t poll;
    struct net_loop *loop;
    int fd;
    const struct tcp_host *host;
    void *owner;
    bool is_connecting;
    bool wants_to_read;
    bool wants_to_write;
    bool is_closed;
};

static void ready(uv_poll_t *poll, int status, int events);

static void poll_again(struct tcp *tcp)
{
    int events = (tcp->wants_to_read ? UV_READABLE : 0) | (tcp->wants_to_write ? UV_WRITABLE : 0);

    (void)uv_poll_start(&tcp->poll, events, ready);
}

void tcp_set_options(int fd)
{
    net_socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    net_socket_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS);
    net_socket_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

static struct tcp *new_tcp(struct net_loop *loop, int fd, const struct tcp_host *host, void *owner,
                           bool is_connecting)
{
    struct tcp *tcp = malloc(sizeof(*tcp));

    if (tcp == NULL)
        goto fail;
    *tcp = (struct tcp){.loop = loop,
                        .fd = fd,
                        .host = host,
                        .owner = owner,
                        .is_connecting = is_connecting,
                        .wants_to_read = !is_connecting,
                        .wants_to_write = is_connecting};
    if (uv_poll_init(net_loop_uv(loop), &tcp->poll, fd) != 0)
        goto fail;
    tcp->poll.data = tcp;
    tcp_set_options(fd);
    poll_again(tcp);
    return tcp;

fail:
    free(tcp);
    close(fd);
    errno = ENOMEM;
    return NULL;
}

struct tcp *tcp_adopt(struct net_loop *loop, int fd, const struct tcp_host *host, void *owner)
{
    return new_tcp(loop, fd, host, owner, false);
}

/* The port is chosen when it connects, so that one local port can serve several remotes. */
static bool bind_ip(int fd, const struct net_addr *local)
{
    struct sockaddr_storage sa;
    struct net_addr any_port = *local;

    if (net_addr_is_wildcard(local))
        return true;
    any_port.port = 0;
    net_socket_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    socklen_t sa_len = net_addr_to_sockaddr(&any_port, &sa);
    return bind(fd, (struct sockaddr *)&sa, sa_len) == 0;
}

struct tcp *tcp_connect(struct net_loop *loop, const struct net_addr *local,
                        const struct net_addr *remote, const struct tcp_host *host, void *owner)
{
    struct sockaddr_storage sa;
    socklen_t sa_len = net_addr_to_sockaddr(remote, &sa);
    int fd = net_socket_new(SOCK_STREAM, remote);

    if (fd < 0) {
        errno = -fd;
        return NULL;
    }
    if (!bind_ip(fd, local)
        || (connect(fd, (struct sockaddr *)&sa, sa_len) != 0 && errno != EINPROGRESS)) {
        int error = errno;
        close(fd);
        errno = error;
        return NULL;
    }
    return new_tcp(loop, fd, host, owner, true);
}

struct net_addr tcp_local(const struct tcp *tcp)
{
    return net_socket_local(tcp->fd);
}

bool tcp_write(struct tcp *tcp, struct slice bytes, size_t *written)
{
    *written = 0;
    if (tcp->wants_to_write || bytes.len == 0)
        return true;
    ssize_t sent = send(tcp->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ENOMEM)
        return false;
    *written = sent > 0 ? (size_t)sent : 0;
    tcp->wants_to_write = *written < bytes.len;
    if (tcp->wants_to_write)
        poll_again(tcp);
    return true;
}

void tcp_finish(struct tcp *tcp)
{
    (void)shutdown(tcp->fd, SHUT_WR);
}

static void let_go(uv_handle_t *handle)
{
    free(handle->data);
}

void tcp_close(struct tcp *tcp)
{
    if (tcp == NULL)
        return;
    tcp->is_closed = true;
    uv_close((uv_handle_t *)&tcp->poll, let_go);
    close(tcp->fd);
}

void tcp_abort(struct tcp *tcp)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (tcp != NULL)
        (void)setsockopt(tcp->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    tcp_close(tcp);
}

/* --- events ----------------------------------------------------------------------------------- */

static int pending_error(const struct tcp *tcp)
{
    int error = 0;
    socklen_t len = sizeof(error);

    (void)getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    return error;
}

/* It calls nobody again: the owner may take its time with closing. */
static void break_off(struct tcp *tcp, int error)
{
    (void)uv_poll_stop(&tcp->poll);
    tcp->host->ended(tcp->owner, error != 0 ? error : ECONNRESET);
}

static void finish_connecting(struct tcp *tcp, int status)
{
    int error = pending_error(tcp);

    if (error != 0 || status < 0) {
        break_off(tcp, error);
        return;
    }
    tcp->is_connecting = false;
    tcp->wants_to_read = true;
    tcp->wants_to_write = false;
    poll_again(tcp);
    tcp->host->writable(tcp->owner);
}

/* False: it has ended. */
static bool read_once(struct tcp *tcp, bool *drained)
{
    char *input = net_loop_input(tcp->loop);
    ssize_t len = recv(tcp->fd, input, NET_INPUT_BYTES, 0);

    *drained = len < NET_INPUT_BYTES;
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (len < 0) {
        break_off(tcp, errno);
        return false;
    }
    if (len == 0) {
        tcp->wants_to_read = false;
        poll_again(tcp);
        tcp->host->ended(tcp->owner, 0);
        return false;
    }
    net_loop_count(tcp->loop, 1);
    tcp->host->received(tcp->owner, (struct slice){input, (size_t)len});
    return !tcp->is_closed;
}

static bool read_some(struct tcp *tcp)
{
    bool drained = false;
    bool goes_on = true;

    for (int i = 0; i < READS_A_TURN && goes_on && !drained; i++)
        goes_on = read_once(tcp, &drained);
    return goes_on;
}

/* libuv says UV_EBADF, and stops polling, when the system signals an error of the connection. */
static void ready(uv_poll_t *poll, int status, int events)
{
    struct tcp *tcp = poll->data;

    net_loop_enter(tcp->loop);
    if (tcp->is_connecting) {
        finish_connecting(tcp, status);
        return;
    }
    if ((status < 0 || (events & UV_READABLE) != 0) && tcp->wants_to_read && !read_some(tcp))
        return;
    if (status < 0 || events == 0) {
        break_off(tcp, pending_error(tcp));
        return;
    }
    if ((events & UV_WRITABLE) != 0 && tcp->wants_to_write) {
        tcp->wants_to_write = false;
        poll_again(tcp);
        tcp->host->writable(tcp->owner);
    }
}
