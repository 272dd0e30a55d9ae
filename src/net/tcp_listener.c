/* Accepting, a bounded number a turn, and resting when there are no descriptors to accept with. */
#include "net/tcp_listener.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/socket.h"

enum {
    ACCEPTED_A_TURN = 64,
    BACKLOG = 4096, /* the system cuts it to what it allows */
    REST_MS = 100,
};

struct tcp_listener {
    uv_poll_t poll;
    struct net_guest guest; /* in the loop while it rests */
    struct net_loop *loop;
    int fd;
    struct net_addr local;
    tcp_incoming *incoming;
    void *owner;
    uint64_t rests_until_ms;
    bool is_closed;
};

static void ready(uv_poll_t *poll, int status, int events);
static void rest(struct net_guest *guest, uint64_t now_ms);

struct tcp_listener *tcp_listener_open(struct net_loop *loop, int fd, tcp_incoming *incoming,
                                       void *owner)
{
    struct tcp_listener *listener = malloc(sizeof(*listener));
    int error = ENOMEM;

    if (listener == NULL)
        goto fail;
    *listener = (struct tcp_listener){
        .loop = loop, .fd = fd, .incoming = incoming, .owner = owner, .guest = {.turn = rest}};
    list_init(&listener->guest.node);
    if (listen(fd, BACKLOG) != 0) {
        error = errno;
        goto fail;
    }
    listener->local = net_socket_local(fd);
    if (uv_poll_init(net_loop_uv(loop), &listener->poll, fd) != 0)
        goto fail;
    listener->poll.data = listener;
    (void)uv_poll_start(&listener->poll, UV_READABLE, ready);
    return listener;

fail:
    free(listener);
    close(fd);
    errno = error;
    return NULL;
}

const struct net_addr *tcp_listener_local(const struct tcp_listener *listener)
{
    return &listener->local;
}

static void let_go(uv_handle_t *handle)
{
    free(handle->data);
}

void tcp_listener_close(struct tcp_listener *listener)
{
    listener->is_closed = true;
    list_remove(&listener->guest.node);
    uv_close((uv_handle_t *)&listener->poll, let_go);
    close(listener->fd);
}

/*
 * Without descriptors the connections stay in the backlog, and the socket readable: polling it
 * would turn in a circle.
 */
static void start_resting(struct tcp_listener *listener)
{
    (void)uv_poll_stop(&listener->poll);
    listener->rests_until_ms = net_loop_now_ms(listener->loop) + REST_MS;
    net_loop_join(listener->loop, &listener->guest);
    net_loop_wake_at(listener->loop, listener->rests_until_ms);
}

static void rest(struct net_guest *guest, uint64_t now_ms)
{
    struct tcp_listener *listener = CONTAINER_OF(guest, struct tcp_listener, guest);

    if (now_ms < listener->rests_until_ms) {
        net_loop_wake_at(listener->loop, listener->rests_until_ms);
        return;
    }
    list_remove(&guest->node);
    (void)uv_poll_start(&listener->poll, UV_READABLE, ready);
}

/* False: there is none, or none can be had now. */
static bool accept_one(struct tcp_listener *listener)
{
    struct sockaddr_storage sa = {0};
    socklen_t sa_len = sizeof(sa);
    struct net_addr remote;
    int fd = accept4(listener->fd, (struct sockaddr *)&sa, &sa_len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        if (net_addr_from_sockaddr((struct sockaddr *)&sa, &remote))
            listener->incoming(listener->owner, fd, &remote);
        else
            close(fd);
        return !listener->is_closed;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        start_resting(listener);
        return false;
    }
    return errno != EAGAIN; /* else accept(2): an error of the connection that was to come */
}

static void ready(uv_poll_t *poll, int status, int events)
{
    struct tcp_listener *listener = poll->data;

    (void)events;
    net_loop_enter(listener->loop);
    if (status < 0)
        (void)uv_poll_start(poll, UV_READABLE, ready);
    for (int i = 0; i < ACCEPTED_A_TURN && accept_one(listener); i++)
        ;
}
