/*
 * Nonces: RFC 7616 3.3, 5.4. One says itself when and for whom it was made, under a keyed hash, so
 * that none need be kept. What is kept, in a bounded table, is the highest nonce count seen for
 * each that was used; a nonce that fell out of the table is stale, never fresh again.
 *
 * Any thread may call; their clocks are the same, but for the length of a turn.
 */
#ifndef TCHIN_SERVER_NONCE_H
#define TCHIN_SERVER_NONCE_H

#include "base/hash.h"
#include "net/addr.h"

enum { NONCE_LEN = 20, NONCE_MAX_REALM = 255 };

struct nonce_table;

struct nonce_table *nonce_table_new(const struct hash_key *key, size_t entries,
                                    uint64_t now_ms) MUST_USE;
void nonce_table_free(struct nonce_table *table);

/* A new nonce for a client at `source` in `realm`. */
void nonce_make(struct nonce_table *table, const struct net_addr *source, struct slice realm,
                uint64_t now_ms, char out[NONCE_LEN]);

/* What a nonce says: when it was made and as which, and the keyed hash of that. */
struct nonce {
    uint64_t stamp;
    uint64_t hash;
};

/* The best first. */
enum nonce_verdict {
    NONCE_FRESH,
    NONCE_STALE,   /* ours, but too old or used up: challenge again and say so */
    NONCE_FOREIGN, /* not made by us for this client */
};

/*
 * Looks at the nonce alone, and takes it apart into `out`, which means nothing if it is foreign. Of
 * one that is fresh, has the memory fetched that nonce_use will need.
 */
enum nonce_verdict nonce_check(const struct nonce_table *table, struct slice text,
                               const struct net_addr *source, struct slice realm, uint64_t now_ms,
                               uint32_t lifetime_ms, struct nonce *out);

/*
 * Notes the use of a nonce that is not foreign and whose digest was right. `request` is a hash of
 * the request: the same one again is a repeat, and allowed for as long as a client repeats itself.
 * NONCE_STALE: this count, or a higher one, was used before.
 */
enum nonce_verdict nonce_use(struct nonce_table *table, const struct nonce *nonce, uint32_t count,
                             uint32_t request, uint64_t now_ms);

#endif
