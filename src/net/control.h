/* What goes beside a datagram (cmsg(3)): room for all that we send with one, and adding to it. */
#ifndef TCHIN_NET_CONTROL_H
#define TCHIN_NET_CONTROL_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Aligned as the system wants it: an address of ours, and the size of a segment. */
union control_room {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
};

/* Puts one more behind what `msg` has; the first one begins `room`. */
void control_add(struct msghdr *msg, union control_room *room, int level, int type,
                 const void *value, size_t len);

#endif
