/*
 * The socket: polled by libuv, read with recvmmsg into memory of its own, written through the
 * outbox. libuv stops polling when the system signals an error, which here is an ICMP error about
 * one of many peers; so it is started again.
 */
#include "net/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/pktinfo.h"
#include "net/socket.h"
#include "net/udp_outbox.h"

enum {
    BATCHES_A_TURN = 4, /* so that one busy socket leaves time to the others */
    SYSTEM_BUFFER = 4 << 20,
    /* Not a multiple of a page, so that the slots do not all compete for the same cache lines. */
    SLOT_BYTES = 64 * 1024 + 9 * 64,
};

struct inbox {
    struct mmsghdr headers[UDP_BATCH];
    struct iovec iovecs[UDP_BATCH];
    struct sockaddr_storage names[UDP_BATCH];
    union control_room controls[UDP_BATCH];
    size_t used; /* of the headers, by the last batch: the system has written into them */
    char slots[UDP_BATCH][SLOT_BYTES]; /* pages that no datagram has reached take no memory */
};

struct udp {
    uv_poll_t poll;
    struct net_loop *loop;
    int fd;
    struct net_addr local;
    bool is_wildcard;
    const struct udp_host *host;
    void *owner;
    struct inbox *inbox;
    struct udp_outbox outbox;
    uint64_t received;
    bool is_closed;
};

static void ready(uv_poll_t *poll, int status, int events);
static void receive_batches(struct udp *udp);

static void set_options(const struct udp *udp)
{
    net_socket_set(udp->fd, SOL_SOCKET, SO_RCVBUF, SYSTEM_BUFFER);
    net_socket_set(udp->fd, SOL_SOCKET, SO_SNDBUF, SYSTEM_BUFFER);
    if (udp->is_wildcard)
        pktinfo_want(udp->fd, udp->local.family);
    udp_error_want(udp->fd, udp->local.family);
}

static void poll_again(struct udp *udp)
{
    int events = UV_READABLE | (udp->outbox.is_blocked ? UV_WRITABLE : 0);

    (void)uv_poll_start(&udp->poll, events, ready);
}

static void free_udp(struct udp *udp)
{
    udp_outbox_fini(&udp->outbox);
    free(udp->inbox);
    free(udp);
}

struct udp *udp_open(struct net_loop *loop, int fd, const struct udp_host *host, void *owner)
{
    struct udp *udp = calloc(1, sizeof(*udp));

    if (udp == NULL)
        goto fail;
    *udp = (struct udp){.loop = loop, .fd = fd, .host = host, .owner = owner};
    udp->local = net_socket_local(fd);
    udp->is_wildcard = net_addr_is_wildcard(&udp->local);
    udp->inbox = malloc(sizeof(*udp->inbox));
    if (udp->inbox == NULL || !udp_outbox_init(&udp->outbox, fd, host->undelivered, owner))
        goto fail;
    udp->inbox->used = UDP_BATCH;
    set_options(udp);
    if (uv_poll_init(net_loop_uv(loop), &udp->poll, fd) != 0)
        goto fail;
    udp->poll.data = udp;
    poll_again(udp);
    return udp;

fail:
    close(fd);
    if (udp != NULL)
        free_udp(udp);
    errno = ENOMEM;
    return NULL;
}

static void let_go(uv_handle_t *handle)
{
    free_udp(handle->data);
}

void udp_close(struct udp *udp)
{
    udp->is_closed = true;
    uv_close((uv_handle_t *)&udp->poll, let_go);
    close(udp->fd);
}

const struct net_addr *udp_local(const struct udp *udp)
{
    return &udp->local;
}

struct udp_counters udp_counters(const struct udp *udp)
{
    return (struct udp_counters){udp->received, udp->outbox.sent, udp->outbox.lost};
}

/* --- out -------------------------------------------------------------------------------------- */

void udp_send(struct udp *udp, const struct net_addr *local, const struct net_addr *to,
              struct slice bytes)
{
    struct net_addr from = {0};

    if (bytes.len > UDP_MAX_DATAGRAM) {
        udp->host->undelivered(udp->owner, to, EMSGSIZE, bytes);
        return;
    }
    if (udp->is_wildcard && local->family == udp->local.family && !net_addr_is_wildcard(local))
        from = *local;
    if (!udp->outbox.is_blocked && udp_outbox_waiting(&udp->outbox) >= UDP_BATCH)
        udp_flush(udp);
    if (!udp_outbox_add(&udp->outbox, &from, to, bytes)) {
        udp_flush(udp);
        if (!udp_outbox_add(&udp->outbox, &from, to, bytes))
            udp->outbox.lost++;
    }
}

void udp_flush(struct udp *udp)
{
    bool was_blocked = udp->outbox.is_blocked;

    if (udp_outbox_waiting(&udp->outbox) == 0)
        return;
    udp_outbox_leave(&udp->outbox);
    if (udp->outbox.is_blocked != was_blocked)
        poll_again(udp);
}

/* --- in --------------------------------------------------------------------------------------- */

static void ready(uv_poll_t *poll, int status, int events)
{
    struct udp *udp = poll->data;

    net_loop_enter(udp->loop);
    if (status < 0) {
        (void)udp_error_take(udp->fd, udp->host->undelivered, udp->owner);
        poll_again(udp);
    }
    if ((events & UV_WRITABLE) != 0)
        udp_flush(udp);
    receive_batches(udp);
}

static void prepare_used_slots(struct inbox *inbox)
{
    for (size_t i = 0; i < inbox->used; i++) {
        inbox->iovecs[i] = (struct iovec){inbox->slots[i], SLOT_BYTES};
        inbox->headers[i].msg_hdr = (struct msghdr){.msg_name = &inbox->names[i],
                                                    .msg_namelen = sizeof(inbox->names[i]),
                                                    .msg_iov = &inbox->iovecs[i],
                                                    .msg_iovlen = 1,
                                                    .msg_control = &inbox->controls[i],
                                                    .msg_controllen = sizeof(inbox->controls[i])};
    }
    inbox->used = 0;
}

static void hand_over(struct udp *udp, size_t i)
{
    struct mmsghdr *header = &udp->inbox->headers[i];
    struct net_addr local = udp->local;
    struct net_addr from;

    if (!net_addr_from_sockaddr((struct sockaddr *)&udp->inbox->names[i], &from))
        return;
    if (udp->is_wildcard)
        pktinfo_read(&header->msg_hdr, &local);
    udp->received++;
    udp->host->received(udp->owner, &local, &from,
                        (struct slice){udp->inbox->slots[i], header->msg_len});
}

/* A pending ICMP error is returned in place of a datagram, which is still there afterwards. */
static void receive_batches(struct udp *udp)
{
    struct inbox *inbox = udp->inbox;

    for (int batch = 0; batch < BATCHES_A_TURN; batch++) {
        prepare_used_slots(inbox);
        int count = recvmmsg(udp->fd, inbox->headers, UDP_BATCH, MSG_DONTWAIT, NULL);
        if (count < 0 && errno == EAGAIN)
            return;
        inbox->used = count > 0 ? (size_t)count : 0;
        net_loop_count(udp->loop, inbox->used);
        for (int i = 0; i < count && !udp->is_closed; i++)
            hand_over(udp, (size_t)i);
        if (udp->is_closed || (count >= 0 && count < UDP_BATCH))
            return;
    }
}
