/* All connections of a transport: found by number and by peer, counted, and timed. */
#ifndef TCHIN_TRANSPORT_STREAMS_H
#define TCHIN_TRANSPORT_STREAMS_H

#include "transport/connection.h"
#include "transport/transport.h"

/* What is not a pointer is its own; the rest is the transport's. */
struct streams {
    struct net_loop *loop;
    struct ws_service *web; /* NULL: there are no listeners of WebSockets */
    const struct transport_settings *settings;
    const struct transport_host *host;
    void *host_arg;
    struct transport_counters *counters;
    struct hash_key key;
    struct map by_id;
    struct map by_remote;
    struct crowd crowd;
    struct crowd shaking; /* of those who have opened a connection and do not finish */
    size_t shaking_count;
    struct timer_wheel timers;
    struct list_node unflushed;
    struct list_node blocked; /* who has not read for longest first */
    struct list_node halves;  /* the oldest first */
    struct list_node news;
    size_t waiting_bytes;
    size_t half_bytes;
    uint64_t last_id;
};

/* The pointers and the key are set. False: no memory. */
bool streams_init(struct streams *streams) MUST_USE;

/* Closes all, without a word to the host. */
void streams_fini(struct streams *streams);

/*
 * Takes `fd`, a connection by `flow` but for its number; at a ceiling it is closed at once. One of
 * a WebSocket's protocols that may not upgrade to it is good for pages alone.
 */
void streams_accept(struct streams *streams, const struct hop *flow, int fd, bool may_upgrade);

/* Opens one. NULL: a ceiling is reached, it failed at once, or no memory. */
struct connection *streams_connect(struct streams *streams, const struct hop *flow) MUST_USE;

/* The same by TLS: the peer has to prove to be `domain`. */
struct connection *streams_connect_to(struct streams *streams, const struct hop *flow,
                                      struct slice domain) MUST_USE;

struct connection *streams_find(const struct streams *streams, uint64_t id);
/* Whose peer has proved to be `domain`, or was asked to, or came from there; empty: whoever it is.
 */
struct connection *streams_find_to(const struct streams *streams, enum hop_protocol protocol,
                                   const struct net_addr *remote, struct slice domain);

void streams_flush(struct streams *streams);

/* The turn ends: timers that are due, then what the host is to be told. */
void streams_turn(struct streams *streams, uint64_t now_ms);

/* --- for connection.c ------------------------------------------------------------------------- */

/* Its local address is known: other workers may find it from now on. */
void streams_list(struct streams *streams, struct connection *c);

/* New requests do not use it any more; harmless if they already do not. */
void streams_retire(struct streams *streams, struct connection *c);

/* The handshake is over, and counts no more. */
void streams_shook_hands(struct streams *streams, struct connection *c);

/* It is gone: nobody finds it any more, and it does not count. */
void streams_forget(struct streams *streams, struct connection *c);

/* So many bytes more may wait, if need be at the cost of who does not read. False: they may not. */
bool streams_make_room(struct streams *streams, size_t bytes) MUST_USE;

/* It holds so much of a message. Where all hold too much the oldest go, perhaps this one. */
void streams_count_half(struct streams *streams, struct connection *c, size_t bytes);

void streams_set_timer(struct streams *streams, struct connection *c, uint64_t due_ms);

/* connection_tell_news will be called when the turn ends. */
void streams_bring_news(struct streams *streams, struct connection *c);

#endif
