/* Sockets as all of net/ wants them: non-blocking, closed on exec, of one address family. */
#ifndef TCHIN_NET_SOCKET_H
#define TCHIN_NET_SOCKET_H

#include "net/addr.h"

enum socket_sharing {
    SOCKET_ALONE,  /* fails with EADDRINUSE if anybody else has the address */
    SOCKET_SHARED, /* several sockets of this user may bind the address (SO_REUSEPORT) */
};

/* `type` is SOCK_DGRAM or SOCK_STREAM. Not bound. Returns a descriptor, or -errno. */
int net_socket_new(int type, const struct net_addr *addr) MUST_USE;

/* Bound to `addr`. Returns a descriptor, or -errno. */
int net_socket_bound(int type, const struct net_addr *addr, enum socket_sharing sharing) MUST_USE;

/* The address a socket is bound to; family 0: it has none. */
struct net_addr net_socket_local(int fd);

/* Best effort: without it, it is slower, not wrong. */
void net_socket_set(int fd, int level, int option, int value);

#endif
