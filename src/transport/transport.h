/*
 * The transport layer of one worker: RFC 3261 18. It owns the worker's sockets and connections,
 * cuts messages out of streams, reuses connections, closes idle ones, and says what could not be
 * delivered. It knows messages only by their limits; Via is the business of those above.
 */
#ifndef TCHIN_TRANSPORT_TRANSPORT_H
#define TCHIN_TRANSPORT_TRANSPORT_H

#include "base/err.h"
#include "base/list.h"
#include "net/http.h"
#include "net/loop.h"
#include "transport/directory.h"
#include "transport/hop.h"

struct transport;
struct tls_context;

/*
 * `received`, `broken` and `unsecured` are called while a socket is read or a timer rings,
 * `unreachable` and `closed` when the turn ends; none from within a function of this header.
 */
struct transport_host {
    /* A whole message (or a datagram of any kind). `bytes` is valid during the call. */
    void (*received)(void *host, const struct hop *from, struct slice bytes);

    /*
     * A stream lost its framing, or a message is too large (`status` 400 or 513). `head` is what
     * can be answered. The connection is closed after what the host sends now has been written.
     */
    void (*broken)(void *host, const struct hop *from, struct slice head, int status);

    /*
     * What was sent could not be delivered: an ICMP error, a refused or broken connection. `head`
     * is the beginning of the message (of each message that was waiting, one call each), long
     * enough for its topmost Via.
     */
    void (*unreachable)(void *host, const struct hop *to, struct slice head);

    /* A connection is gone. */
    void (*closed)(void *host, const struct hop *flow);

    /*
     * A handshake of TLS or of a WebSocket failed; `is_ours`: we had connected. `reason` are words
     * for people, those of OpenSSL for TLS, a constant. What was to be sent is unreachable.
     */
    void (*unsecured)(void *host, const struct hop *flow, bool is_ours, const char *reason);

    /* Somebody asks for a page by HTTP: see net/http.h. */
    void (*asked)(void *host, struct slice path, struct http_page *out);
};

struct transport_listener {
    enum hop_protocol protocol;
    struct net_addr addr; /* port 0: any; transport_listener_addr then tells which */
    bool has_only_pages;  /* with HOP_WS: HTTP, and no SIP */
};

/* tls:192.0.2.1:5061 */
void transport_listener_write(const struct transport_listener *listener, struct buffer *out);

struct transport_settings {
    uint16_t worker; /* the number of this worker, part of every connection's name */
    const struct transport_listener *listeners;
    size_t listener_count;
    size_t max_connections;
    size_t max_connections_per_host;
    size_t max_waiting_bytes;        /* a connection whose peer does not read is closed at that */
    size_t max_waiting_bytes_in_all; /* at that those go first that have not read for longest */
    size_t max_half_bytes;           /* of messages that have begun: at that the oldest one goes */
    uint32_t idle_ms;                /* nothing received or sent for so long: closed */
    uint32_t message_ms;             /* half a message for so long: closed */
    uint32_t connect_ms;
    uint32_t handshake_ms;          /* for TLS, when TCP is connected */
    size_t max_handshakes;          /* under way, of connections that others have opened */
    size_t max_handshakes_per_host; /* likewise */
    struct tls_context *tls;        /* the caller's; NULL: there are no TLS listeners */
    uint32_t ping_ms;               /* a WebSocket that is silent for so long; 0: never */
    struct slice web_origins;       /* see net/ws.h; the caller's */
    size_t max_message_bytes;
    struct directory *directory; /* of all workers' connections; NULL: there are no others */
    bool must_be_first; /* fail if another program has a listener's address: for the first worker */
};

/* What has happened since the start. */
struct transport_counters {
    uint64_t received;    /* messages and datagrams handed to the host */
    uint64_t sent;        /* messages given to the system */
    uint64_t dropped;     /* messages lost here for want of room or memory, nobody was told */
    uint64_t undelivered; /* `unreachable` was said */
    uint64_t accepted;    /* connections */
    uint64_t connected;   /* connections, opened by us */
    uint64_t refused;     /* connections that found a ceiling reached, ours or theirs */
    uint64_t broken;      /* streams that lost their framing */
    uint64_t timed_out;   /* connections closed for being idle, or half a message */
    uint64_t overrun;     /* connections closed because their peers did not read */
    uint64_t unsecured;   /* TLS handshakes that failed */
    uint64_t crowded_out; /* connections closed for half a message, when there were too many */
};

struct transport_settings transport_default_settings(void);

/*
 * Opens all listeners (SO_REUSEPORT, so every worker does) and starts reading. On failure NULL,
 * and `fault` has a sentence naming the socket and the reason.
 */
struct transport *transport_start(struct net_loop *loop, const struct transport_settings *settings,
                                  const struct transport_host *host, void *host_arg,
                                  struct buffer *fault) MUST_USE;

/*
 * No new connections are taken. What is under way goes on, datagrams too: with them come the
 * answers to what we have asked.
 */
void transport_refuse_new(struct transport *transport);

/* Not from within a call of transport_host, nor is any made any more. */
void transport_stop(struct transport *transport);

/* The address a listener is bound to: what one asked for, or what the system chose. */
struct net_addr transport_listener_addr(const struct transport *transport, uint16_t listener);

/*
 * Chooses how to reach `remote`: an existing connection to it if it is a stream, perhaps another
 * worker's (see out->worker), else a listener of the same protocol and family; `out->local` is a
 * concrete address even on a wildcard socket. False: there is no listener of that kind.
 *
 * By TLS there are only existing connections to choose from, for it is not said whom to expect.
 */
bool transport_choose(struct transport *transport, enum hop_protocol protocol,
                      const struct net_addr *remote, struct hop *out) MUST_USE;

/*
 * The same for TLS, too: the peer must have proved to be `domain`, the name that was located
 * (RFC 5922 7.3), or it is connected to now, and will have to. Where `domain` is an address, as
 * net_addr_write_host writes it, a connection from there will do. Other protocols make nothing of
 * it. False also where connecting fails at once.
 */
bool transport_choose_for(struct transport *transport, enum hop_protocol protocol,
                          const struct net_addr *remote, struct slice domain,
                          struct hop *out) MUST_USE;

/* Who waits for a connection to open. Inside the object that waits; list_remove ends the waiting.
 */
struct transport_waiter {
    struct list_node node;
    void (*told)(struct transport_waiter *waiter, bool is_open); /* once, when a turn ends */
};

enum transport_opening {
    TRANSPORT_READY,   /* there is nothing to wait for: no stream, one that is open or another's */
    TRANSPORT_OPENING, /* `waiter` will be told */
    TRANSPORT_CANNOT,  /* not even begin */
};

/* Opens the connection that `hop`, as chosen, would be sent by, and names it there. */
enum transport_opening transport_await(struct transport *transport, struct hop *hop,
                                       struct transport_waiter *waiter) MUST_USE;

/* Closes a connection that is being opened, unless somebody waits for it or has sent by it. */
void transport_give_up(struct transport *transport, const struct hop *hop);

/*
 * Sends, copying what cannot leave at once; opens a connection when `to` names none, or when it
 * names one that is gone and its peer can be connected to, but for TLS. Failure is told by
 * `unreachable`, in a later turn, never from within. `to->worker` must be this worker, or
 * `to->connection` 0.
 */
void transport_send(struct transport *transport, const struct hop *to, struct slice bytes);

/*
 * Whether the peer of `flow`, a connection of this worker, may ask for an alias: it has connected
 * to us by TLS, has proved who it is, and has none yet. RFC 5923 9.2.
 */
bool transport_may_alias(const struct transport *transport, const struct hop *flow) MUST_USE;

/*
 * Requests to `port` of the peer's address go by `flow`, if they are for a domain that its
 * certificate speaks for, as long as it is open. Nothing if it may not have an alias, and without
 * memory: then a connection is opened.
 */
void transport_alias(struct transport *transport, const struct hop *flow, uint16_t port);

/* What was queued this turn leaves. */
void transport_flush(struct transport *transport);

/* Whether any of our listeners has that address and port: is a Route or a URI about us? */
bool transport_is_ours(const struct transport *transport, const struct net_addr *addr);

/* Whether it is an address of this host, whatever the port. */
bool transport_is_on_host(const struct transport *transport, const struct net_addr *addr);

struct transport_counters transport_counters(const struct transport *transport);

/* Connections that are open or being opened. */
size_t transport_connection_count(const struct transport *transport);

#endif
