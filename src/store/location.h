/*
 * The location service: where an address of record can be reached, and until when. The registrar
 * writes it, the proxy reads it. RFC 3261 10.3 and 16.5.
 *
 * Any thread may call. It copies what it is given and copies what it returns: no pointer into the
 * store ever leaves it. Times are milliseconds since 1970: they outlive the process.
 */
#ifndef TCHIN_STORE_LOCATION_H
#define TCHIN_STORE_LOCATION_H

#include "base/arena.h"
#include "base/map.h"
#include "store/store.h"

struct binding {
    struct slice contact; /* the URI, as the user agent wrote it */
    struct slice params;  /* of the Contact, without q and expires; from the first ";" on */
    struct slice call_id; /* of the REGISTER that set it */
    struct slice path;    /* the values of Path (RFC 3327), in order, separated by commas */
    struct slice flow;    /* where the REGISTER came from: bytes that only the server reads */
    struct slice user_agent;
    struct slice instance; /* the URN of +sip.instance: RFC 5626 4.1; empty: none */
    uint32_t reg_id;       /* of RFC 5626, of no meaning without an instance; 0: none */
    uint64_t since_ms;     /* likewise: so long the instance has had this Call-ID (RFC 5627 5.1) */
    uint32_t cseq;
    uint16_t q_thousandths; /* 1000 where none was given */
    bool has_q;
    uint64_t expires_at_ms; /* in an update, a time not in the future removes the binding */
};

struct binding_list {
    struct binding *items;
    size_t count;
};

/* What a REGISTER changes: RFC 3261 10.3, step 7. */
struct location_changes {
    struct slice aor; /* as sip_uri_write_aor writes it */
    uint64_t hash;    /* of it, as user_look_up told; 0: not known */
    /* To add, refresh or remove. Of two with a reg-id it counts whether that and the instance are
     * equal (RFC 5626 6), of others the contact, by `same_contact`. `since_ms` is found out. */
    const struct binding *items;
    size_t count;
    bool removes_all; /* Contact: * ; `call_id` and `cseq` are those of the REGISTER */
    struct slice call_id;
    uint32_t cseq;
    size_t max_bindings; /* of this AoR */
    uint32_t request;    /* 24 bits that its repeats have in common (RFC 3261 17.2.3); 0: none */
};

/*
 * Whether two contacts are the same URI by RFC 3261 19.1.4. Handed to the store by its user before
 * the first update, and called in the store's own thread.
 */
typedef bool location_same_contact(struct slice a, struct slice b);
void location_set_comparison(struct store *store, location_same_contact *same_contact);

/*
 * Changes on their way to the store and back, in memory of who asks: it makes the update, lends it
 * until the answer comes, reads there what became of the bindings, and ends it.
 */
struct record;
struct location_update {
    struct answer answer; /* `asker` and `deliver` are set by who asks */
    bool is_refresh;      /* the answer: the same contacts as before */

    /* What follows is the store's. */
    struct mail mail;
    struct slice wanted; /* the contacts, packed as a record; in the memory that came with it */
    struct slice call_id;
    size_t max_bindings;
    uint64_t now_ms;
    uint64_t hash; /* of the address of record */
    uint32_t cseq;
    bool removes_all;
    bool is_tentative;            /* the last of its batch to change its address of record */
    struct location_update *next; /* in the batch */
    struct map_node tentative;    /* in the batch's map */
    struct slice result;          /* the record that it makes; empty: nothing changes */
    int64_t log_id;               /* the row of the log that has the result */
    struct record *merged;        /* the result, if it is not just what was wanted */
    struct record *shown;         /* what the index has before the batch is shown; NULL: none */
    struct record *room;          /* for the index, if the result does not fit in place */
};

/* What location_update_init needs beside the struct. 0: they are more than can be stored. */
size_t location_update_bytes(const struct location_changes *changes);

/* Copies `changes` into `memory` of so many bytes, which has to last as long as the update. */
void location_update_init(struct location_update *update, const struct location_changes *changes,
                          uint64_t now_ms, char *memory, size_t bytes);
void location_update_fini(struct location_update *update);

/*
 * Sends what has been gathered, by one thread, with one wake-up. Of each update all changes are
 * applied or none; location_find shows them once they are answered, not before. The answer is
 * ERR_NONE once they would survive a crash, ERR_STALE if one is not newer than what its Call-ID set
 * before, ERR_FULL at a limit (also for more than twice `max_bindings` contacts in one request),
 * ERR_IO if they could not be written, ERR_MEMORY. Updates are applied in the order in which a
 * thread sends them. location_send: whether there were any.
 */
void location_gather(struct store *store, struct location_update *update, struct mailbag *out);
bool location_send(struct store *store, struct mailbag *gathered);

/* Whether location_refresh is ever worth asking: durability is relaxed. */
bool location_may_refresh(const struct store *store);

/*
 * Does at once what would be done so if what is asked for is no more than a refresh of the only
 * contact of an address of record, and durability is relaxed. Updates of others that are on their
 * way are overtaken; RFC 3261 10.2 lets nobody send a REGISTER before his last one was answered.
 */
enum location_refreshed {
    LOCATION_NOT_REFRESHED, /* an update has to be sent, also to learn what is wrong */
    LOCATION_REFRESHED,
    LOCATION_REPEATED, /* it was by the same `request`, while a transaction would have lasted */
    LOCATION_MERGED,   /* likewise, by another `request` of the same Call-ID and CSeq */
};

/*
 * What stands at the end of it, or stood when the request came first, is `out`, with slices of
 * `changes`; of no meaning if it was not refreshed.
 */
enum location_refreshed location_refresh(struct store *store,
                                         const struct location_changes *changes, uint64_t now_ms,
                                         struct binding *out) MUST_USE;

struct slice location_update_aor(const struct location_update *update);

/* The bindings that an update with the answer ERR_NONE has left, those valid at `now_ms`, as
 * location_find lists them; in memory of `arena`, with slices into the update. */
bool location_update_list(const struct location_update *update, uint64_t now_ms,
                          struct arena *arena, struct binding_list *out) MUST_USE;

/*
 * Copies the bindings valid at `now_ms` into `arena`, highest q first, of equal q the newest
 * first. None is not an error. False: no room in the arena.
 */
bool location_find(struct store *store, struct slice aor, uint64_t now_ms, struct arena *arena,
                   struct binding_list *out) MUST_USE;

/*
 * Calls `each` for every AoR with its valid bindings, in no order, until it says false. False: no
 * memory to go on.
 */
typedef bool location_each(void *arg, struct slice aor, const struct binding_list *bindings);
bool location_walk(struct store *store, uint64_t now_ms, location_each *each, void *arg);

/* The same for one of so many parts of the store, which together are all of it. */
enum { LOCATION_PARTS = 256 };
bool location_walk_part(struct store *store, size_t part, uint64_t now_ms, location_each *each,
                        void *arg) MUST_USE;

size_t location_count(struct store *store); /* bindings, expired ones not yet gone included */

#endif
