/* recvmmsg(2), sendmmsg(2). A socket that is full is waited for: what is due has to leave. */
#include "tools/load_datagrams.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "net/socket.h"

enum { SYSTEM_BUFFER = 8 << 20, FULL_WAIT_MS = 100 };

bool load_datagrams_init(struct load_datagrams *datagrams, const struct net_addr *local,
                         const struct net_addr *server, struct buffer *fault)
{
    struct sockaddr_storage sa;
    int fd = net_socket_bound(SOCK_DGRAM, local, SOCKET_ALONE);

    datagrams->fd = fd;
    datagrams->is_connected = server != NULL;
    if (fd < 0) {
        buffer_add_text(fault, "cannot open udp:");
        net_addr_write(local, fault);
        buffer_printf(fault, ": %s; name another --port", strerror(-fd));
        return false;
    }
    net_socket_set(fd, SOL_SOCKET, SO_RCVBUFFORCE, SYSTEM_BUFFER);
    net_socket_set(fd, SOL_SOCKET, SO_RCVBUF, SYSTEM_BUFFER);
    net_socket_set(fd, SOL_SOCKET, SO_SNDBUF, SYSTEM_BUFFER);
    if (server != NULL
        && connect(fd, (struct sockaddr *)&sa, net_addr_to_sockaddr(server, &sa)) != 0) {
        buffer_printf(fault, "the server cannot be reached: %s", strerror(errno));
        return false;
    }
    return true;
}

void load_datagrams_add(struct load_datagrams *datagrams, const struct net_addr *to,
                        struct slice bytes, struct load_wire_counts *counts)
{
    if (datagrams->count == LOAD_BATCH || bytes.len > LOAD_OUT_BYTES - datagrams->used)
        load_datagrams_flush(datagrams, counts);
    size_t i = datagrams->count++;
    char *copy = datagrams->bytes + datagrams->used;
    memcpy(copy, bytes.ptr, bytes.len);
    datagrams->used += bytes.len;
    datagrams->iovecs[i] = (struct iovec){copy, bytes.len};
    datagrams->headers[i].msg_hdr =
        (struct msghdr){.msg_iov = &datagrams->iovecs[i], .msg_iovlen = 1};
    if (to != NULL) {
        datagrams->headers[i].msg_hdr.msg_name = &datagrams->names[i];
        datagrams->headers[i].msg_hdr.msg_namelen = net_addr_to_sockaddr(to, &datagrams->names[i]);
    }
}

/* An ICMP error is told in place of the sending: RFC 1122 4.1.3.3. */
static bool note_error(int error, int fd, struct load_wire_counts *counts)
{
    struct pollfd full = {.fd = fd, .events = POLLOUT};

    if (error == EINTR)
        return true;
    if (error == ECONNREFUSED) {
        counts->refused++;
        return true;
    }
    if (error == EAGAIN || error == ENOBUFS)
        return poll(&full, 1, FULL_WAIT_MS) > 0;
    return false;
}

void load_datagrams_flush(struct load_datagrams *datagrams, struct load_wire_counts *counts)
{
    size_t done = 0;

    while (done < datagrams->count) {
        int sent = sendmmsg(datagrams->fd, datagrams->headers + done,
                            (unsigned)(datagrams->count - done), MSG_DONTWAIT);
        if (sent > 0) {
            done += (size_t)sent;
        } else if (!note_error(errno, datagrams->fd, counts)) {
            counts->unsent++;
            done++;
        }
    }
    datagrams->count = 0;
    datagrams->used = 0;
}

size_t load_datagrams_receive(const struct load_datagrams *datagrams, struct load_inbox *inbox,
                              struct load_wire_counts *counts)
{
    for (size_t i = 0; i < LOAD_BATCH; i++) {
        inbox->iovecs[i] = (struct iovec){inbox->slots[i], LOAD_SLOT_BYTES};
        inbox->headers[i].msg_hdr = (struct msghdr){.msg_iov = &inbox->iovecs[i], .msg_iovlen = 1};
        if (datagrams->is_connected)
            continue;
        inbox->headers[i].msg_hdr.msg_name = &inbox->names[i];
        inbox->headers[i].msg_hdr.msg_namelen = sizeof(inbox->names[i]);
    }
    int count = recvmmsg(datagrams->fd, inbox->headers, LOAD_BATCH, MSG_DONTWAIT, NULL);
    if (count < 0 && errno == ECONNREFUSED)
        counts->refused++;
    return count > 0 ? (size_t)count : 0;
}
