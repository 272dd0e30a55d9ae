/*
 * The response context of the proxy (RFC 3261 16.6) and its branches: private to proxy.c,
 * branch*.c, response.c and redirect.c.
 *
 * A context is one block of memory: itself, a branch for each of its first targets, their texts,
 * and the request as it came. It is over when the final response went upstream and no branch is
 * open; what the transactions have yet to repeat or to wait for, they do without it.
 */
#ifndef TCHIN_SERVER_CONTEXT_H
#define TCHIN_SERVER_CONTEXT_H

#include "base/bytes.h"
#include "server/proxy.h"
#include "sip/edit.h"

struct context {
    struct list_node node; /* in w->contexts, or in w->ended_contexts */
    struct worker *w;
    bool has_ended;
    size_t bytes;          /* of the block */
    size_t parked_bytes;   /* those, and of the searches of its branches */
    struct parked request; /* its bytes lie in the same block */
    struct txn *server;    /* NULL: has ended */
    bool is_invite;
    bool has_final;        /* a final response went upstream */
    bool is_cancelled;     /* by the caller */
    bool is_at_ceiling;    /* ours: a branch was not tried for want of room */
    bool may_fork;         /* false after a 6xx, a 2xx, a CANCEL: no new branches */
    bool is_spiral;        /* it has been here before: its targets share the breadth once for all */
    uint32_t breadth_left; /* of Incoming Max-Breadth, what no open branch has: RFC 5393 5.3.3 */

    struct branch *branches;      /* in the order in which they are tried */
    struct branch **waiting;      /* the link to the first that was not tried yet */
    uint16_t group_q_thousandths; /* of those that are being tried */

    size_t open;         /* branches that were tried and have no final response */
    struct bytes reason; /* of a CANCEL that waits for a provisional response: RFC 3326 */

    int best_status;               /* of the final responses so far; 0: none */
    struct bytes best;             /* as it will go upstream; empty for one of our own making */
    struct bytes other_challenges; /* header lines of 401 and 407 that are not the best */
};

/* One target, waiting or being tried: RFC 3261 16.6 steps 7 to 11. */
struct branch {
    struct branch *next;
    struct branch *other_flow; /* what its target becomes when that has failed: RFC 5626 7 */
    struct context *ctx;
    struct target target;
    struct txn *txn;            /* the client transaction; NULL: none yet, or it has ended */
    struct locator *search;     /* for more places, if its next hop is a name */
    struct race *race;          /* for a connection to one of several addresses; NULL: none */
    struct sip_candidate place; /* where it is being tried; its host may be gone */
    struct alarm timer_c; /* also: how long to wait for a first word, or for an answer after CANCEL
                             (9.1) */
    uint32_t max_breadth;
    bool is_added;        /* a block of memory of its own: context_add_branch */
    bool is_searched;     /* it came by a search to the place it is at */
    bool awaits_word;     /* the alarm is for that */
    bool has_provisional; /* of its present transaction */
    bool has_final;
    bool wants_cancel; /* as soon as there is a provisional response */
    bool is_cancelled;
    bool is_tcp_for_size; /* RFC 3261 18.1.1: falls back to UDP */
    bool refused_tcp;
    bool is_forbidden; /* the last place may not be sent to: see reach.h */
    bool is_by_flow;   /* over the flow that the target has */
    bool tried_flow;
};

/* --- proxy.c -----------------------------------------------------------------------------------
 */

/*
 * A branch has no more to say: starts others, or answers with the best there is. If all is said by
 * now the context leaves its transactions, and is freed when the turn ends.
 */
void context_branch_done(struct context *ctx);

/*
 * Adds a target, which somebody at `namer` has named, beside those being tried: context_branch_done
 * will start it. False: no memory.
 */
bool context_add_target(struct context *ctx, struct slice uri,
                        const struct net_addr *namer) MUST_USE;

/* Adds a branch for the target of `b`, and counts it as tried. NULL: no memory. */
struct branch *context_add_beside(struct context *ctx, struct branch *b) MUST_USE;

/* --- branch.c ----------------------------------------------------------------------------------
 */

/* One that waits. `target` is copied, its texts are not. */
void branch_init(struct branch *b, struct context *ctx, const struct target *target);

/*
 * Begins to send to the target, with a share of Max-Breadth. A branch that cannot be tried is
 * closed again, as if it had answered 503.
 */
void branch_start(struct branch *b, uint32_t max_breadth, struct request *rq);

/* It has its final response, whatever that is. Harmless for one that is closed. */
void branch_close(struct branch *b);

/* The transaction could not reach this place: the next one, or else the branch is done. */
void branch_failed(struct branch *b, enum sip_status status);

/* A response came from where it is being tried. */
void branch_heard(struct branch *b);

/*
 * A 503 was its answer. True: the next place is tried instead, in a new transaction (RFC 3263 4.3).
 */
bool branch_turned_away(struct branch *b, const struct sip_message *response) MUST_USE;

/*
 * Its flow is no more, as a 430 says, or a 408 where nobody has said a word before. True: another
 * flow of the same instance is tried, and the response is to be forgotten: RFC 5626 7, 5627 6.1.
 */
bool branch_lost_flow(struct branch *b, int status) MUST_USE;

/* RFC 3261 9.1: at once if there was a provisional response, else when there is one. `reason` is
 * the value of a Reason (RFC 3326), or empty. */
void branch_cancel(struct branch *b, struct slice reason);
void branch_cancel_others(struct context *ctx, const struct branch *except, struct slice reason);

void branch_restart_timer_c(struct branch *b);

/* Stops its timer and forgets its search; the branch is the context's to free. Also of one that was
 * never tried. */
void branch_fini(struct branch *b);

/* --- response.c --------------------------------------------------------------------------------
 */

/* A response that a branch's transaction passed up: RFC 3261 16.7. */
void response_received(struct branch *b, const struct sip_message *msg);

/* A 2xx to INVITE, once more, to a transaction that its context has left: 16.7 step 5. */
void response_repeated(struct worker *w, struct txn *client, const struct sip_message *msg);

/* A final response that nobody sent: a time-out, an unreachable hop. */
void response_assume(struct context *ctx, enum sip_status status);

/* The best of the final responses goes upstream. */
void response_send_best(struct context *ctx);

/* --- redirect.c --------------------------------------------------------------------------------
 */

/*
 * The contacts of a 3xx that came by branch `b` become targets. True: it has no others, and is to
 * be forgotten; else those that are left go upstream with it.
 */
bool redirect_follow(struct branch *b, const struct sip_message *response,
                     struct sip_edits *edits) MUST_USE;

#endif
