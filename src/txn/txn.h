/*
 * Private to this folder: what a transaction is made of, and how a figure of RFC 3261 17 is
 * written down so that one engine (machine.c) serves the four.
 *
 * A transaction that ended is put aside and freed when the next turn begins. So whoever calls out
 * may look at it afterwards, if only to see that it has ended.
 */
#ifndef TCHIN_TXN_TXN_H
#define TCHIN_TXN_TXN_H

#include "base/buffer.h"
#include "base/cells.h"
#include "base/list.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/timer_wheel.h"
#include "txn/table.h"

enum txn_state {
    UNSTARTED, /* a client that has its branch, but nothing to send yet */
    CALLING,
    TRYING,
    PROCEEDING,
    ACCEPTED,
    COMPLETED,
    CONFIRMED,
    TERMINATED,
    TXN_STATE_COUNT,
};

/* An arrow may stand for several events, so each is a bit. */
enum txn_event {
    NO_EVENT = 0,

    TIMER_A = 1 << 0,
    TIMER_B = 1 << 1,
    TIMER_D = 1 << 2,
    TIMER_E = 1 << 3,
    TIMER_F = 1 << 4,
    TIMER_G = 1 << 5,
    TIMER_H = 1 << 6,
    TIMER_I = 1 << 7,
    TIMER_J = 1 << 8,
    TIMER_K = 1 << 9,
    TIMER_L = 1 << 10,
    TIMER_M = 1 << 11,
    TRYING_DUE = 1 << 12,     /* an INVITE: 200 ms without an answer */
    E_REACHED_T2 = 1 << 13,   /* another request: the client's timer E has grown to T2 */
    CLIENT_GAVE_UP = 1 << 14, /* likewise: the client's timer F has fired */

    SUBMIT = 1 << 15, /* the user has a request to be sent */
    RECV_1XX = 1 << 16,
    RECV_2XX = 1 << 17,
    RECV_300_699 = 1 << 18,
    RECV_200_699 = RECV_2XX | RECV_300_699,

    RECV_REQUEST = 1 << 19, /* again, that is */
    RECV_ACK = 1 << 20,
    SEND_1XX = 1 << 21, /* the user has a response to be sent */
    SEND_2XX = 1 << 22,
    SEND_300_699 = 1 << 23,
    SEND_200_699 = SEND_2XX | SEND_300_699,

    SEND_FAILED = 1 << 24,
};

/* What comes with an event. */
struct txn_cause {
    const struct sip_message *msg; /* what was received, or NULL */
    struct slice response;         /* what the user wants to send, or empty */
    bool lacks_memory;             /* set by the action */
};

typedef void txn_action(struct txn *t, struct txn_cause *cause);

struct txn_arrow {
    enum txn_state from;
    enum txn_event on;
    txn_action *act;
    enum txn_state to;
};

/* How the time to the next alarm grows. */
enum txn_backoff { ONCE, DOUBLING, DOUBLING_TO_T2, EVERY_T2 };

/*
 * The timers of a state: one that goes off meanwhile, perhaps again and again, and one that ends
 * the state. A timer that the next state has too runs on.
 */
struct txn_timers {
    enum txn_event alarm;
    enum txn_backoff backoff;
    enum txn_event end;
};

/* A figure. */
struct txn_machine {
    const struct txn_arrow *arrows;
    size_t arrow_count;
    const struct txn_timers *timers;                 /* by state */
    bool (*allows)(const struct txn *t, int status); /* to be sent; NULL: all are */
};

extern const struct txn_machine txn_invite_client;
extern const struct txn_machine txn_invite_server;
extern const struct txn_machine txn_plain_client;
extern const struct txn_machine txn_plain_server;

/*
 * What a transaction is as long as its figure lasts. That is half a minute after all is said, and
 * there are very many then: what serves until then alone is in what it keeps, and goes with that.
 */
struct txn {
    struct txn_table *table;
    union {
        void *user;
        txn_id partner; /* if is_left */
    };
    struct timer timer; /* for the earlier of alarm and end; its node, later, for what has ended */
    uint64_t alarm_ms;
    uint64_t end_ms;
    char *kept; /* the message to be sent again; a client's has its route before it; NULL: none */
    uint32_t kept_len;
    uint32_t kept_size;
    txn_id id;
    uint32_t branch_slot; /* which a client's branch names: of a CANCEL, that of its INVITE */
    uint32_t interval_ms; /* what led to alarm_ms */
    uint8_t state;        /* enum txn_state */
    uint8_t method;       /* enum sip_method */
    bool is_server : 1;
    bool is_reliable : 1;
    bool is_rfc2543 : 1; /* matched without a branch */
    bool is_in_keys : 1; /* of a server */
    bool has_final : 1;
    bool has_ack : 1; /* what is kept is the ACK */
    bool is_put_aside : 1;
    bool is_left : 1; /* by its user */
};

struct txn_server {
    struct txn txn;
    struct map_node by_key; /* its hash is the lower half of the key */
    uint64_t key_high;
    uint64_t answer_tag; /* the hash of the To tag of our answer to an RFC 2543 INVITE; 0: none */
    _Alignas(8) char route[];
};

enum { TXN_BRANCH_HEAD = 7 + 2, TXN_BRANCH_LEN = TXN_BRANCH_HEAD + 32 };

/* Two transactions have one branch: an INVITE and its CANCEL. The slot is theirs until both end. */
struct txn_slot {
    struct txn *txn;
    struct txn *cancel;
    uint32_t generation;
    uint32_t next_free;
};

struct txn_table {
    struct txn_settings settings;
    struct hash_key branch_key;
    char branch_head[TXN_BRANCH_HEAD]; /* the magic cookie and the number */
    struct txn_host host;
    void *host_arg;
    uint64_t now_ms;
    struct timer_wheel wheel;
    struct pool clients;
    struct pool servers;
    struct cells messages; /* those that are kept */
    struct map by_key;
    struct txn_slot *slots;
    uint32_t slot_count;
    uint32_t slot_room;
    uint32_t first_free;
    size_t count;
    size_t kept_bytes; /* messages */
    struct list_node put_aside;
    char scratch[SIP_MAX_MESSAGE]; /* for an ACK until its length is known */
};

/* --- machine.c: the engine -------------------------------------------------------------------- */

void txn_step(struct txn *t, enum txn_event event, struct txn_cause *cause);
void txn_enter(struct txn *t, enum txn_state state);
void txn_wake(struct txn *t); /* its timer went off */
void txn_stop_alarm(struct txn *t);
bool txn_ends_now(const struct txn *t); /* its state lasts no time: a reliable transport */

/* --- action.c: what the arrows of several figures do ------------------------------------------ */

/* Calling out, unless the transaction ended meanwhile. */
void txn_send(struct txn *t, struct slice bytes);
void txn_tell(struct txn *t, enum txn_news news, const struct sip_message *msg);

txn_action txn_send_kept, txn_send_response;
txn_action txn_pass_up, txn_pass_up_final, txn_ask_for_trying;
txn_action txn_report_timeout, txn_report_unreachable, txn_do_nothing;

/* --- kept.c: the message that a transaction keeps --------------------------------------------- */

/*
 * Instead of what it kept before, and of a client `route` with it; NULL: that which it has. False:
 * no memory, or the ceiling is reached; nothing changes.
 */
bool txn_keep(struct txn *t, const void *route, struct slice message) MUST_USE;
void txn_drop_kept(struct txn *t);

static inline struct slice txn_kept(const struct txn *t)
{
    return (struct slice){t->kept, t->kept_len};
}

/* --- txn.c: its life -------------------------------------------------------------------------- */

/* It can be found no more, and is freed when the next turn begins. Tells nobody. */
void txn_put_aside(struct txn *t);
void txn_free(struct txn *t);

const struct txn_machine *txn_machine_of(const struct txn *t);

static inline struct txn_server *txn_server_of(const struct txn *t)
{
    return CONTAINER_OF(t, struct txn_server, txn);
}

static inline size_t txn_route_size(const struct txn_table *table)
{
    return (table->settings.route_bytes + 7) & ~(size_t)7;
}

/* --- slot.c: the names of transactions -------------------------------------------------------- */

void txn_slots_init(struct txn_table *table);

/* Names `t`. False: no memory. */
bool txn_slot_take(struct txn_table *table, struct txn *t) MUST_USE;
void txn_slot_give_back(struct txn *t);
txn_id txn_slot_id(const struct txn_table *table, uint32_t number);

/* Gives `cancel` the branch of `invite`. False: another has it already, or the INVITE has ended. */
bool txn_slot_share(struct txn *invite, struct txn *cancel) MUST_USE;

/* NULL: there is no such slot, or it is another generation's. */
const struct txn_slot *txn_slot_find(const struct txn_table *table, txn_id id);

/* --- branch.c: the branches of clients -------------------------------------------------------- */

void txn_branches_init(struct txn_table *table);

/* The client transaction of that branch and method. NULL: none. */
struct txn *txn_branch_find(struct txn_table *table, struct slice branch, enum sip_method method);

/* --- match.c: keys of server transactions ----------------------------------------------------- */

/* Whether the branch of a request tells all there is to know: RFC 3261 17.2.3. */
bool txn_has_unique_branch(const struct sip_message *request);

/* Where the server transaction of a request stands, and its key. False: it is too long. */
bool txn_place_of(const struct txn_table *table, const struct sip_message *request,
                  struct txn_hashes *hashes, struct hash_wide *out) MUST_USE;
void txn_key_add(struct txn_server *server, struct hash_wide key);
void txn_key_remove(struct txn_server *server);

/* Remembers the To tag of a final response, which the ACK of an RFC 2543 element will have. */
void txn_note_answer_tag(struct txn *t, struct slice response);

#endif
