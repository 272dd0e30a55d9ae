/* What the system does not take stays in `out`, and leaves with the next turn that finds room. */
#include "tools/load_stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/socket.h"

enum { MAX_OUT = 4 << 20, CONNECT_MS = 5000 };

void load_stream_init(struct load_stream *stream, int fd)
{
    *stream = (struct load_stream){.fd = fd};
    net_socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    sip_stream_init(&stream->in, 65535);
}

void load_stream_fini(struct load_stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
    free(stream->out);
    stream->out = NULL;
    stream->out_len = stream->out_room = 0;
    sip_stream_fini(&stream->in);
}

static bool wait_connected(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    socklen_t len = sizeof(errno);
    int error = ETIMEDOUT;

    if (poll(&ready, 1, CONNECT_MS) > 0)
        (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    errno = error;
    return error == 0;
}

int load_stream_connect(const struct net_addr *server, struct buffer *fault)
{
    struct sockaddr_storage sa;
    int fd = net_socket_new(SOCK_STREAM, server);

    if (fd >= 0
        && (connect(fd, (struct sockaddr *)&sa, net_addr_to_sockaddr(server, &sa)) == 0
            || (errno == EINPROGRESS && wait_connected(fd))))
        return fd;
    buffer_add_text(fault, "cannot connect to ");
    net_addr_write(server, fault);
    buffer_printf(fault, ": %s", strerror(fd < 0 ? -fd : errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool make_room(struct load_stream *stream, size_t more)
{
    size_t room = stream->out_room > 0 ? stream->out_room : 65536;

    if (more > MAX_OUT - stream->out_len)
        return false;
    while (room < stream->out_len + more)
        room *= 2;
    if (room == stream->out_room)
        return true;
    char *out = realloc(stream->out, room);
    if (out == NULL)
        return false;
    stream->out = out;
    stream->out_room = room;
    return true;
}

bool load_stream_add(struct load_stream *stream, struct slice bytes)
{
    if (stream->fd < 0 || !make_room(stream, bytes.len))
        return false;
    memcpy(stream->out + stream->out_len, bytes.ptr, bytes.len);
    stream->out_len += bytes.len;
    return true;
}

bool load_stream_flush(struct load_stream *stream)
{
    if (stream->fd < 0 || stream->out_len == 0)
        return true;
    ssize_t sent = send(stream->fd, stream->out, stream->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
    stream->out_len -= (size_t)sent;
    memmove(stream->out, stream->out + sent, stream->out_len);
    return true;
}

int load_stream_receive(struct load_stream *stream, char *memory, size_t room)
{
    ssize_t len = recv(stream->fd, memory, room, MSG_DONTWAIT);

    if (len > 0)
        sip_stream_feed(&stream->in, (struct slice){memory, (size_t)len});
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return len > 0 ? (int)len : -1;
}
