/*
 * WebSockets (RFC 6455) by libwebsockets on the loop: whole messages in, whole messages out, in
 * however many frames they come. Who asks their ports for a page by plain HTTP is given it.
 * Sockets are accepted by others and handed over; nothing here listens.
 */
#ifndef TCHIN_NET_WS_H
#define TCHIN_NET_WS_H

#include "net/addr.h"
#include "net/http.h"
#include "net/loop.h"

struct ws_service; /* of one loop */
struct ws;
struct tls_context;

struct ws_settings {
    const char *protocol; /* the sub-protocol that clients must offer */
    struct slice origins; /* of web pages that may connect, besides those of the same host: as
                             https://example.org, a space between two; "*": all */
    size_t max_message_bytes;
    struct tls_context *tls; /* for those by TLS; NULL: there are none */
    http_find_page *find_page;
    void *pages; /* its owner */
};

/* All are called from the loop, never from within the functions below. */
struct ws_host {
    /* The handshake is over: messages may come and go. */
    void (*opened)(void *owner);
    /* It takes messages again after ws_send has taken none. */
    void (*writable)(void *owner);
    /* A whole message, valid during the call. */
    void (*received)(void *owner, struct slice message);
    /* Of a message that is not whole so many bytes are kept; 0: no more. */
    void (*holds)(void *owner, size_t bytes);
    /* A message is larger than it may be: `head` is what fits. Nothing is received any more. */
    void (*too_large)(void *owner, struct slice head);
    /* The answer to a ping. */
    void (*pong)(void *owner);
    /* Once: the peer has closed it, or it is broken, or it never was more than HTTP. */
    void (*ended)(void *owner);
};

/* RFC 6455 7.4.1 */
enum ws_status { WS_GOING_AWAY = 1001, WS_PROTOCOL_ERROR = 1002, WS_TOO_BIG = 1009 };

/* What libwebsockets has to say, a line each; from any thread. For all services. */
void ws_log_to(void (*say)(void *log, struct slice line), void *log);

/* Keeps what `settings` points to. NULL: `fault` says why. */
struct ws_service *ws_service_new(struct net_loop *loop, const struct ws_settings *settings,
                                  struct buffer *fault) MUST_USE;

/* All connections must be closed. Its memory is given back by net_loop_free. */
void ws_service_stop(struct ws_service *service);

struct ws_kind {
    bool is_secure;   /* TLS comes first */
    bool may_upgrade; /* or only pages are there */
};

/* Takes `fd`, whatever comes of it. NULL: no memory. */
struct ws *ws_adopt(struct ws_service *service, int fd, struct ws_kind kind,
                    const struct ws_host *host, void *owner) MUST_USE;

/* Why it did not become a WebSocket, for people; NULL: nothing was wrong. A constant. */
const char *ws_fault(const struct ws *ws);

/* Its own address, with the port it listens on; family 0: it has none any more. */
struct net_addr ws_local(const struct ws *ws);

/* `taken` is false: not now, `writable` will be called. False: the connection is broken. */
bool ws_send(struct ws *ws, struct slice message, bool *taken) MUST_USE;

/* False: the connection is broken. */
bool ws_ping(struct ws *ws) MUST_USE;

/* We send no more, and say so; the peer is given a few seconds to do the same. */
void ws_finish(struct ws *ws, enum ws_status status);

/* Calls nobody any more. What is written still leaves. NULL is none. */
void ws_close(struct ws *ws, enum ws_status status);

/* The same, but what is written and not yet sent is forgotten: for a peer that does not read. */
void ws_abort(struct ws *ws);

#endif
