/*
 * The local address of a single datagram, on a socket that is bound to the wildcard: which one it
 * came to, which one it is to leave from (RFC 3542 6, and ip(7) for IPv4).
 */
#ifndef TCHIN_NET_PKTINFO_H
#define TCHIN_NET_PKTINFO_H

#include <netinet/in.h>

#include "net/addr.h"
#include "net/control.h"

/* Has the system tell; it can, wherever we run. */
void pktinfo_want(int fd, uint8_t family);

/* Puts the IP of what `msg`, received, came to into `local`, and leaves the port; if it tells. */
void pktinfo_read(struct msghdr *msg, struct net_addr *local);

/* Makes `msg` leave from `local`. */
void pktinfo_write(struct msghdr *msg, union control_room *room, const struct net_addr *local);

#endif
