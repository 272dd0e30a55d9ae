/* Making sockets and binding them. */
#include "net/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

void net_socket_set(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof(value));
}

int net_socket_new(int type, const struct net_addr *addr)
{
    int family = addr->family == 4 ? AF_INET : AF_INET6;
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    /* Else it would take IPv4 as well, and the wildcard of IPv4 could not be bound beside it. */
    if (family == AF_INET6)
        net_socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    return fd;
}

int net_socket_bound(int type, const struct net_addr *addr, enum socket_sharing sharing)
{
    struct sockaddr_storage sa;
    socklen_t sa_len = net_addr_to_sockaddr(addr, &sa);
    int fd = net_socket_new(type, addr);

    if (fd < 0)
        return fd;
    /* For a stream: not to wait for old connections to fade. For datagrams it would mean sharing.
     */
    if (type == SOCK_STREAM)
        net_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (sharing == SOCKET_SHARED)
        net_socket_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (bind(fd, (struct sockaddr *)&sa, sa_len) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

struct net_addr net_socket_local(int fd)
{
    struct sockaddr_storage sa = {0};
    socklen_t sa_len = sizeof(sa);
    struct net_addr local = {0};

    if (getsockname(fd, (struct sockaddr *)&sa, &sa_len) != 0
        || !net_addr_from_sockaddr((struct sockaddr *)&sa, &local))
        local.family = 0;
    return local;
}
