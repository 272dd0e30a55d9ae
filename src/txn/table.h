/*
 * Transactions: RFC 3261 17, as corrected by RFC 6026 and RFC 4320. A table holds all of one
 * worker's (or of one embedding program's); it matches messages to them, runs their timers, and
 * tells its host what to send and what happened. It knows no socket and no clock.
 *
 * A transaction is the table's. The user keeps a txn_id and asks for it again, or keeps the pointer
 * until it is told TXN_ENDED. Every function that may call the host does so last.
 */
#ifndef TCHIN_TXN_TABLE_H
#define TCHIN_TXN_TABLE_H

#include "base/hash.h"
#include "sip/message.h"

struct txn;
struct txn_table;

typedef uint64_t txn_id; /* 0 is no transaction; never used again within a table's life */

enum txn_news {
    TXN_RESPONSE,    /* client: a response, 1xx to 6xx, repeated 2xx to INVITE included */
    TXN_TIMEOUT,     /* client: timer B or F; server: timer H, no ACK came. Then it ends */
    TXN_UNREACHABLE, /* what it sent could not be delivered. Then a client ends; not so a server,
                        which goes on taking up repeated requests (RFC 6026 8.8) */
    TXN_TRYING_DUE,  /* server: no answer for so long that a 100 is wanted (17.2.1, RFC 4320) */
    TXN_ACK,         /* INVITE server: an ACK for a 2xx that came with the branch of the INVITE */
    TXN_ENDED,       /* always the last: the pointer is invalid afterwards. A request other than
                        INVITE that is not answered ends so when its client has given up */
};

/*
 * What the table needs of those above it. `msg` is NULL where no message is the reason. Both may
 * call the table, all but txn_table_turn and txn_table_free; `bytes` are not valid after that.
 */
struct txn_host {
    void (*send)(void *host, struct txn *t, struct slice bytes);
    void (*tell)(void *host, struct txn *t, enum txn_news news, const struct sip_message *msg);
};

struct txn_settings {
    uint32_t t1_ms; /* 500, 4000, 5000 in RFC 3261 17.1.1.1 and its table 4 */
    uint32_t t2_ms;
    uint32_t t4_ms;
    uint32_t trying_ms;       /* 200: RFC 3261 17.2.1 */
    size_t max_transactions;  /* at which txn_server_start and txn_client_new say NULL */
    size_t max_message_bytes; /* the sum of the messages that all transactions keep */
    size_t route_bytes;       /* of the route that each keeps for its host */
    struct hash_key key;      /* random, secret */
    uint16_t number; /* of the tables of one key, below 100: a branch of one is no other's */
};

struct txn_settings txn_default_settings(void); /* all but route_bytes and key */

/* NULL: no memory. */
struct txn_table *txn_table_new(const struct txn_settings *settings, const struct txn_host *host,
                                void *host_arg, uint64_t now_ms) MUST_USE;

/* Frees all transactions without a word to the host. NULL is allowed. */
void txn_table_free(struct txn_table *table);

enum { TXN_MAX_WAKES = 1024 };

/*
 * A turn begins: it is `now_ms`, and the timers that are due run; no more than TXN_MAX_WAKES, for
 * others wait. Then txn_table_next_ms says at once.
 */
void txn_table_turn(struct txn_table *table, uint64_t now_ms);

/* When txn_table_turn wants to be called again; TIMER_NEVER: no timer is set. */
uint64_t txn_table_next_ms(struct txn_table *table);

size_t txn_table_count(const struct txn_table *table);

/* --- matching: RFC 3261 17.1.3, 17.2.3 -------------------------------------------------------- */

/*
 * What has been hashed of one request, so that it is hashed once. Who asks several things about a
 * request, and then starts its transaction, hands the same to all, empty at first; or NULL.
 */
struct txn_hashes {
    struct hash_wide key;      /* 17.2.3 */
    struct hash_wide identity; /* txn_identity */
    bool has_key;
    bool has_identity;
    bool is_uas; /* to be set before: the request is answered here, and not forwarded */
};

/*
 * What a request has in common with those that repeat it, by whatever path, and an INVITE with its
 * CANCEL and its ACK: Call-ID, From tag and the number of the CSeq, hashed. To be shown to nobody.
 */
struct hash_wide txn_identity(const struct txn_table *table, const struct sip_message *request,
                              struct txn_hashes *hashes);

/*
 * What repeats of a request have in common by the path that they come by, and an ACK with its
 * INVITE: what 17.2.3 compares, hashed. To be shown to nobody. False: it is too long.
 */
bool txn_key_of(const struct txn_table *table, const struct sip_message *request,
                struct txn_hashes *hashes, struct hash_wide *out) MUST_USE;

/*
 * The transaction that a checked message belongs to: a response by our branch, a request that
 * repeats one, an ACK for other than 2xx. NULL: none. RFC 2543 elements are matched as 17.2.3 says.
 */
struct txn *txn_table_match(struct txn_table *table, const struct sip_message *msg,
                            struct txn_hashes *hashes);

/* The INVITE server transaction that a CANCEL is about (9.2). NULL: none. */
struct txn *txn_table_find_cancelled(struct txn_table *table, const struct sip_message *cancel);

/*
 * For UASs: whether a transaction of a UAS holds the same request by another path, and none by this
 * one (8.2.2.2). Such a request is to be refused without a transaction, so that they make no chain.
 */
bool txn_table_is_merged(struct txn_table *table, const struct sip_message *request,
                         struct txn_hashes *hashes);

/* Before all that: has the memory fetched where one will look. */
void txn_table_warm(const struct txn_table *table, const struct sip_message *request,
                    struct txn_hashes *hashes);

struct txn *txn_table_find(struct txn_table *table, txn_id id);

/* For who will answer by a server transaction a little later: has the memory fetched for that. */
void txn_table_warm_server(const struct txn_table *table, txn_id id);

/*
 * The client transaction whose branch stands in the topmost Via of `sent`: something we sent, of
 * which the beginning came back with an ICMP error. NULL: none.
 */
struct txn *txn_table_find_sent(struct txn_table *table, struct slice sent);

/* A message that matched. A repeated request is answered again, a response is told on or not. */
void txn_receive(struct txn *t, const struct sip_message *msg);

/* The transport could not deliver what was sent last (RFC 3261 17.1.4, 17.2.4). */
void txn_unreachable(struct txn *t);

/* --- servers ---------------------------------------------------------------------------------- */

/*
 * A new request, not ACK, that matched nothing. Copies `route`, which says where responses go.
 * NULL: a ceiling is reached or no memory.
 */
struct txn *txn_server_start(struct txn_table *table, const struct sip_message *request,
                             struct txn_hashes *hashes, const void *route, bool is_reliable,
                             void *user) MUST_USE;

/*
 * Sends a response and keeps a copy as long as the figure asks for one. Ignored where the figure
 * has no such arrow, and where RFC 4320 4 forbids it: 408 to other than INVITE, and 101 to 199, and
 * a 100 before TXN_TRYING_DUE by an unreliable transport. False: no memory; it was sent all the
 * same, once.
 */
bool txn_respond(struct txn *t, int status, struct slice response);

/* --- clients ---------------------------------------------------------------------------------- */

/* Long enough for what txn_branch gives. */
enum { TXN_BRANCH_MAX = 42 };

/*
 * A transaction to be; it has a branch, to be put in the topmost Via before txn_client_start (the
 * caller may append to it after a "."). NULL: as txn_server_start.
 */
struct txn *txn_client_new(struct txn_table *table, enum sip_method method, void *user) MUST_USE;

/*
 * For the CANCEL of an INVITE client transaction: it has the branch of the INVITE (9.1). NULL also
 * if the INVITE has ended, or has a CANCEL under way.
 */
struct txn *txn_client_new_cancel(struct txn *invite, void *user) MUST_USE;

/*
 * The branch parameter's value, written into `out`: the magic cookie, the number of the table in
 * two digits, and what finds the transaction.
 */
struct slice txn_branch(const struct txn *t, char out[TXN_BRANCH_MAX]);

/* The number of the table that a branch of that form is of; -1: it is none of ours. */
int txn_branch_number(struct slice branch);

/* Sends `request` for the first time, keeping copies of it and of `route`. False: no memory; the
 * transaction is gone, and nobody is told. */
bool txn_client_start(struct txn *t, struct slice request, const void *route,
                      bool is_reliable) MUST_USE;

/* Gives up a client transaction, started or not: what still comes for it is stray. Tells nobody. */
void txn_abandon(struct txn *t);

/* --- what one may ask ------------------------------------------------------------------------- */

txn_id txn_id_of(const struct txn *t);
void *txn_user(const struct txn *t); /* NULL: it has none, or was left */
void txn_set_user(struct txn *t, void *user);

/*
 * Its user goes, and the transaction lives on as its figure wants. In the user's place it remembers
 * `partner`, another transaction: of a client, the server that its 2xx are for. 0: nobody.
 */
void txn_leave(struct txn *t, txn_id partner);
txn_id txn_partner(const struct txn *t); /* 0: none, or it has a user */

const void *txn_route(const struct txn *t); /* NULL: a client that has no more to send */
enum sip_method txn_method(const struct txn *t);
bool txn_is_server(const struct txn *t);
bool txn_has_final(const struct txn *t); /* a final response was sent, or received */

/* The request as sent by a client, for its CANCEL; gone (empty) once a final response came. */
struct slice txn_request(const struct txn *t);

#endif
