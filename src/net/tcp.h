/*
 * A TCP connection: bytes in, bytes out, and how it ends. It keeps nothing that could not be sent;
 * that is its owner's business.
 */
#ifndef TCHIN_NET_TCP_H
#define TCHIN_NET_TCP_H

#include "net/addr.h"
#include "net/loop.h"

struct tcp;

/* All are called from the loop, never from within the functions below. */
struct tcp_host {
    /* It is connected, or takes bytes again after tcp_write took less than it was given. */
    void (*writable)(void *owner);
    void (*received)(void *owner, struct slice bytes);
    /* The peer sends no more (`error` 0; it may still read), or, once, the connection is broken. */
    void (*ended)(void *owner, int error);
};

/* Of a socket that others read and write: sends at once, notices a peer that is gone. */
void tcp_set_options(int fd);

/* Takes `fd`, whatever comes of it. NULL: no memory, or it cannot be polled. */
struct tcp *tcp_adopt(struct net_loop *loop, int fd, const struct tcp_host *host,
                      void *owner) MUST_USE;

/* From the IP of `local`, unless that is a wildcard. NULL: failed at once, errno says why. */
struct tcp *tcp_connect(struct net_loop *loop, const struct net_addr *local,
                        const struct net_addr *remote, const struct tcp_host *host,
                        void *owner) MUST_USE;

/* Its own address, with the port of this connection. */
struct net_addr tcp_local(const struct tcp *tcp);

/* `written` may be less, or 0: `writable` will be called. False: the connection is broken. */
bool tcp_write(struct tcp *tcp, struct slice bytes, size_t *written) MUST_USE;

/* We send no more; the peer may. */
void tcp_finish(struct tcp *tcp);

/* Calls nobody any more. What is written still leaves. NULL is none. */
void tcp_close(struct tcp *tcp);

/* The same, but what is written and not yet sent is forgotten: for a peer that does not read. */
void tcp_abort(struct tcp *tcp);

#endif
