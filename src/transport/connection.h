/*
 * A stream to a peer, from its opening to its end: messages are cut out of what it brings, pings
 * answered, time limits kept, and what could not be written is named when it is gone.
 */
#ifndef TCHIN_TRANSPORT_CONNECTION_H
#define TCHIN_TRANSPORT_CONNECTION_H

#include "base/bytes.h"
#include "base/list.h"
#include "base/map.h"
#include "base/timer_wheel.h"
#include "sip/stream.h"
#include "transport/crowd.h"
#include "transport/directory.h"
#include "transport/hop.h"
#include "transport/outbox.h"
#include "transport/wire.h"

struct streams;

enum connection_state {
    CONNECTION_OPENING, /* being connected, or hands being shaken */
    CONNECTION_OPEN,
    CONNECTION_ENDING,  /* the peer sends no more, but for a while our answers still leave */
    CONNECTION_LEAVING, /* framing is lost: what was answered leaves, what comes is ignored */
    CONNECTION_GONE,
};

struct connection {
    struct streams *streams;
    struct map_node by_id;
    struct map_node by_remote;
    struct list_node unflushed; /* among those with something to write this turn */
    struct list_node blocked;   /* among those whose peers do not read */
    struct list_node half;      /* among those with half a message */
    struct list_node waiters;   /* struct transport_waiter: for it to open, or to fail */
    struct list_node news;      /* among those whose end the host has not been told */
    struct crowd_host *crowd_host;
    struct directory_entry entry;  /* by which other workers find it, as long as it is reusable */
    struct directory_entry *alias; /* where its peer listens: see alias.h; NULL: it has none */
    struct timer timer;
    struct wire wire; /* down once it is GONE */
    struct hop flow;
    struct bytes domain; /* by TLS: whom we have connected to, else the address that it came from */
    struct crowd_host *shaking; /* it is counted among those who shake hands; NULL: it is not */
    uint64_t fallback; /* another connection, for what cannot be sent on this one; 0: none */
    enum connection_state state;
    bool awaits_pong;  /* of a WebSocket that was pinged */
    bool is_reusable;  /* in by_remote: while OPENING or OPEN, for new requests */
    bool was_open;     /* so its end is of interest, once */
    bool has_finished; /* LEAVING: we have said that we send no more */
    bool has_received; /* a message, so that there may be something to answer */
    bool asks;         /* a request may be among what waits to be written */
    bool is_inside;    /* half a message has come */
    uint64_t since_ms; /* in this state */
    uint64_t active_ms;
    uint64_t inside_since_ms;
    uint64_t pinged_ms;
    size_t held_bytes; /* of half a message, as last counted */
    struct sip_stream stream;
    struct outbox outbox;
};

/* Called by streams.c when the connection is in its tables. What fails at once is GONE. */
void connection_adopt(struct connection *c, int fd, bool may_upgrade);
bool connection_connect(struct connection *c) MUST_USE;

/* Whether `message` may be sent on it. */
bool connection_takes(const struct connection *c, struct slice message);

/* Copies `message`; it leaves with connection_flush. False: no room, nobody else will say so. */
bool connection_send(struct connection *c, struct slice message) MUST_USE;

void connection_flush(struct connection *c);

/* Its timer rang. */
void connection_check_time(struct connection *c, uint64_t now_ms);

/* Tells the host what is to be told. A GONE one is not freed. */
void connection_tell_news(struct connection *c);

/* Closes it without a word. */
void connection_drop(struct connection *c);

/* Its peer does not read: closes it, and what waits is not sent. */
void connection_overrun(struct connection *c);

/* --- for web.c -------------------------------------------------------------------------------- */

/* Hands have been shaken. */
void connection_open(struct connection *c);

/* A whole message has come. */
void connection_deliver(struct connection *c, struct slice message);

/* Whether half a message is held: the limit is for a whole one, however slowly it comes. */
void connection_note_half(struct connection *c, bool is_inside);

void connection_lose_framing(struct connection *c, struct slice head, int status);

/* RFC 5626 4.4.1. Without room for a pong the peer will find the connection dead, as it is. */
void connection_answer_ping(struct connection *c);

/* It is closed, by the peer or for a fault. */
void connection_end(struct connection *c);

#endif
