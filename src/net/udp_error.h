/*
 * What the network says of datagrams that it could not deliver: ICMP errors, as the system queues
 * them with IP_RECVERR. RFC 3261 18.4.
 */
#ifndef TCHIN_NET_UDP_ERROR_H
#define TCHIN_NET_UDP_ERROR_H

#include "net/addr.h"

/* `error` is an errno; `head` the beginning of the datagram, as much as is known. */
typedef void udp_undelivered(void *owner, const struct net_addr *to, int error, struct slice head);

/* Has the system queue them. */
void udp_error_want(int fd, uint8_t family);

/*
 * Takes what is queued, up to a bound, and reports what RFC 3261 18.4 wants reported. Returns how
 * many were taken: with each of them the system forgets one error that a later call would return.
 */
size_t udp_error_take(int fd, udp_undelivered *report, void *owner);

/* Whether an errno of sending says something about the destination, and not about the moment. */
bool udp_error_is_about_peer(int error);

#endif
