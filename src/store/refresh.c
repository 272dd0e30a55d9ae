/*
 * A refresh that is judged and shown by who asks, in one look: where nothing has to be written
 * before it is answered, and the record stays where it is, nothing is left for the writer but to
 * write it in a while.
 *
 * RFC 3261 8.2.7 allows no registrar without transactions, for a repeat would be judged otherwise
 * than what it repeats. So the record keeps of a transaction what is needed to judge alike: which
 * request it was. All else that the answer depends on is in the repeat. One that is overtaken by
 * the removal of the binding, or by another Call-ID, sets it anew, as any that comes later than a
 * transaction lasts; so where another Call-ID stands there has to be a transaction.
 */
#include "store/change.h"
#include "store/inside.h"

enum { TRANSACTION_MS = 32000 }; /* Timer J: RFC 3261 17.2.2 */
enum { REQUEST_MASK = (1 << 24) - 1 };

static enum unwritten_noted show(struct store *store, struct record *record,
                                 const struct binding *binding, uint64_t hash)
{
    enum unwritten_noted noted = UNWRITTEN_NOT;

    if (record_only_fits(record, binding))
        noted = unwritten_note(&store->unwritten, record, record, hash);
    if (noted != UNWRITTEN_NOT)
        record_set_only(record, binding);
    return noted;
}

/* What has set the binding asked for as long a time: the difference has passed since. */
static bool is_alike(const struct binding *stood, const struct binding *wanted)
{
    return wanted->cseq == stood->cseq && slice_equal(wanted->call_id, stood->call_id)
           && wanted->expires_at_ms - stood->expires_at_ms < TRANSACTION_MS;
}

static enum location_refreshed compare(const struct record *record,
                                       const struct location_changes *changes,
                                       const struct binding *stood)
{
    if (!is_alike(stood, changes->items) || changes->request == 0 || record->request == 0)
        return LOCATION_NOT_REFRESHED;
    return record->request == changes->request ? LOCATION_REPEATED : LOCATION_MERGED;
}

/* What it refreshed was the only contact then, and may have got company since. */
static enum location_refreshed compare_with_all(const struct record *record,
                                                const struct location_changes *changes,
                                                struct binding *out)
{
    const struct binding *wanted = changes->items;
    struct record_reader reader;
    struct binding stood;

    if (changes->request == 0 || record->request != changes->request
        || !record_open(record_bytes(record), &reader))
        return LOCATION_NOT_REFRESHED;
    while (record_next(&reader, &stood)) {
        if (!slice_equal(stood.contact, wanted->contact) || !is_alike(&stood, wanted))
            continue;
        *out = *wanted;
        out->since_ms = stood.since_ms;
        return LOCATION_REPEATED;
    }
    return LOCATION_NOT_REFRESHED;
}

/* Whether without a transaction a repeat of what is wanted could not be told later. */
static bool needs_transaction(const struct location_changes *changes, const struct binding *stood)
{
    return changes->request != 0 && !slice_equal(stood->call_id, changes->items->call_id);
}

/* With the lock. */
static enum location_refreshed refresh(struct store *store, const struct location_changes *changes,
                                       uint64_t hash, uint64_t now_ms, struct binding *out,
                                       bool *tells)
{
    struct record *record = index_find(&store->index, changes->aor, hash);
    const struct binding *wanted = changes->items;
    struct binding stood;

    if (record == NULL)
        return LOCATION_NOT_REFRESHED;
    if (!change_is_of_only(wanted, record_bytes(record), now_ms, &stood))
        return compare_with_all(record, changes, out);
    if (needs_transaction(changes, &stood))
        return LOCATION_NOT_REFRESHED;
    *out = *wanted;
    out->since_ms = stood.since_ms;
    if (change_is_stale(&stood, wanted->call_id, wanted->cseq))
        return compare(record, changes, &stood);
    enum unwritten_noted noted = show(store, record, out, hash);
    if (noted == UNWRITTEN_NOT)
        return LOCATION_NOT_REFRESHED;
    record->request = changes->request & REQUEST_MASK;
    *tells = noted == UNWRITTEN_TELLS;
    return LOCATION_REFRESHED;
}

bool location_may_refresh(const struct store *store)
{
    return store_is_relaxed(store);
}

enum location_refreshed location_refresh(struct store *store,
                                         const struct location_changes *changes, uint64_t now_ms,
                                         struct binding *out)
{
    bool tells = false;

    if (!store_is_relaxed(store) || !change_asks_for_one(changes, now_ms))
        return LOCATION_NOT_REFRESHED;
    uint64_t hash =
        changes->hash != 0 ? changes->hash : shards_hash(&store->index.shards, changes->aor);
    index_lock(&store->index, hash);
    enum location_refreshed refreshed = refresh(store, changes, hash, now_ms, out, &tells);
    index_unlock(&store->index, hash);
    if (tells)
        writer_tell(store, now_ms);
    return refreshed;
}
