/*
 * A refresh that is judged and shown by who asks, in one look: where nothing has to be written
 * before it is answered, and the record stays where it is, nothing is left for the writer but to
 * write it in a while.
 */
#include "store/change.h"
#include "store/inside.h"

static enum unwritten_noted refresh(struct store *store, const struct location_changes *changes,
                                    uint64_t hash, uint64_t now_ms, struct binding *out)
{
    struct record *record = index_find(&store->index, changes->aor, hash);
    enum unwritten_noted noted = UNWRITTEN_NOT;

    if (record != NULL && change_refreshes(changes->items, record_bytes(record), now_ms, out)
        && record_only_fits(record, out))
        noted = unwritten_note(&store->unwritten, record, record, hash);
    if (noted != UNWRITTEN_NOT)
        record_set_only(record, out);
    return noted;
}

bool location_refresh(struct store *store, const struct location_changes *changes, uint64_t now_ms,
                      struct binding *out)
{
    if (!store_is_relaxed(store) || !change_asks_for_one(changes, now_ms))
        return false;
    uint64_t hash =
        changes->hash != 0 ? changes->hash : shards_hash(&store->index.shards, changes->aor);
    index_lock(&store->index, hash);
    enum unwritten_noted noted = refresh(store, changes, hash, now_ms, out);
    index_unlock(&store->index, hash);
    if (noted == UNWRITTEN_TELLS)
        writer_tell(store, now_ms);
    return noted != UNWRITTEN_NOT;
}
