/*
 * A listening TCP socket. It hands out descriptors: what becomes of a connection, and whether there
 * is room for it, is the owner's business.
 */
#ifndef TCHIN_NET_TCP_LISTENER_H
#define TCHIN_NET_TCP_LISTENER_H

#include "net/addr.h"
#include "net/loop.h"

struct tcp_listener;

/* Somebody has connected; `fd` is the owner's. */
typedef void tcp_incoming(void *owner, int fd, const struct net_addr *remote);

/* Takes `fd`, bound, whatever comes of it. NULL: no memory, or errno says why. */
struct tcp_listener *tcp_listener_open(struct net_loop *loop, int fd, tcp_incoming *incoming,
                                       void *owner) MUST_USE;

/* The address it is bound to. */
const struct net_addr *tcp_listener_local(const struct tcp_listener *listener);

/* Calls nobody any more. */
void tcp_listener_close(struct tcp_listener *listener);

#endif
