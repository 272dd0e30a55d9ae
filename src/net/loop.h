/*
 * The event loop of one thread, on libuv. A turn: what is readable is read and handled, then the
 * mail, then the guests, then the owner's `turn_ends`, which flushes what is to be sent and says
 * when to wake.
 */
#ifndef TCHIN_NET_LOOP_H
#define TCHIN_NET_LOOP_H

#include <uv.h>

#include "base/list.h"
#include "base/mailbox.h"
#include "base/slice.h"

struct net_loop_host {
    /* A turn begins: the clock has been read. */
    void (*turn_begins)(void *host, uint64_t now_ms);
    /* All that came has been handled. Returns when to wake at the latest, TIMER_NEVER: no limit. */
    uint64_t (*turn_ends)(void *host, uint64_t now_ms);
};

struct net_loop;

/* NULL: no memory or no descriptors. */
struct net_loop *net_loop_new(const struct net_loop_host *host, void *host_arg) MUST_USE;

/*
 * All that was opened on it must be closed before; waits for the closing to end. Mail that was not
 * delivered stays its sender's.
 */
void net_loop_free(struct net_loop *loop);

/* Runs in the calling thread until net_loop_stop. */
void net_loop_run(struct net_loop *loop);
void net_loop_stop(struct net_loop *loop); /* from its own thread */

/* Any thread sends here; delivered in the loop's thread, `owner` being host_arg. */
struct mailbox *net_loop_mailbox(struct net_loop *loop);

/* Before it runs: whether other loops of ours do the same work, perhaps on the same processor. */
void net_loop_set_siblings(struct net_loop *loop, bool has_siblings);

/* In a turn: a thread of ours was asked something, and the sooner we sleep the sooner it works. */
void net_loop_expect_mail(struct net_loop *loop);

/* Milliseconds of the monotonic clock, read once a turn. */
uint64_t net_loop_now_ms(const struct net_loop *loop);

/* --- for what is opened on it --- */

/* Somebody besides the owner with something to do at the end of every turn. */
struct net_guest {
    struct list_node node;
    void (*turn)(struct net_guest *guest, uint64_t now_ms);
};

enum {
    NET_INPUT_BYTES = 64 * 1024,
    NET_MAIL_A_TURN = 256, /* at most: the sockets, and those who wait for them, want their turn */
};

uv_loop_t *net_loop_uv(struct net_loop *loop);

/* First in every callback from libuv: a turn begins, unless one is under way. */
void net_loop_enter(struct net_loop *loop);

/* So many datagrams or reads of a stream have come: by that the loop sees how busy it is. */
void net_loop_count(struct net_loop *loop, size_t arrivals);

/* From the next turn on, or later in this one; list_remove ends it. */
void net_loop_join(struct net_loop *loop, struct net_guest *guest);

/* What can only be freed when all that was opened on the loop has been closed. */
struct net_remains {
    struct list_node node;
    void (*free)(struct net_remains *remains);
};

/* net_loop_free will call its `free`, last of all. */
void net_loop_bequeath(struct net_loop *loop, struct net_remains *remains);

/*
 * The next turn is wanted at `at_ms`; a time gone by means at once. Forgotten when a turn comes to
 * its guests: they say it anew.
 */
void net_loop_wake_at(struct net_loop *loop, uint64_t at_ms);

/* NET_INPUT_BYTES to read into; what is there is valid until the callback returns. */
char *net_loop_input(struct net_loop *loop);

#endif
