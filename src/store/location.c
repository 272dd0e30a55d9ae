/* The public face of the location service: what callers' threads do of it. */
#include "store/location.h"

#include "store/inside.h"

void location_set_comparison(struct store *store, location_same_contact *same_contact)
{
    store->same_contact = same_contact;
}

void location_gather(struct store *store, struct location_update *update, struct mailbag *out)
{
    if (update->hash == 0)
        update->hash = shards_hash(&store->index.shards, location_update_aor(update));
    writer_gather(update, out);
}

bool location_send(struct store *store, struct mailbag *gathered)
{
    return writer_send(store, gathered);
}

bool location_find(struct store *store, struct slice aor, uint64_t now_ms, struct arena *arena,
                   struct binding_list *out)
{
    struct binding_list list = {0};
    struct slice packed;

    if (!index_copy(&store->index, aor, arena, &packed))
        return false;
    if (packed.len > 0 && !record_list(packed, now_ms, arena, &list))
        return false;
    *out = list;
    return true;
}

size_t location_count(struct store *store)
{
    return atomic_load(&store->index.binding_count);
}

_Static_assert((int)LOCATION_PARTS == (int)SHARD_COUNT, "a part is a shard");

/* Walking: a shard is copied, then its records pass one after the other. */

struct walk {
    struct arena *arena;
    uint64_t now_ms;
    location_each *each;
    void *arg;
    bool is_over; /* `each` has seen enough */
};

static bool pass_record(struct walk *w, struct slice packed)
{
    struct binding_list list;

    if (!record_list(packed, w->now_ms, w->arena, &list))
        return false;
    if (list.count > 0)
        w->is_over = !w->each(w->arg, record_aor(packed), &list);
    return true;
}

static bool pass_shard(struct walk *w, struct index *index, size_t shard)
{
    struct slice *records = NULL;
    size_t count = 0;

    arena_reset(w->arena);
    if (!index_copy_shard(index, shard, w->arena, &records, &count))
        return false;
    for (size_t i = 0; i < count && !w->is_over; i++) {
        if (!pass_record(w, records[i]))
            return false;
    }
    return true;
}

bool location_walk_part(struct store *store, size_t part, uint64_t now_ms, location_each *each,
                        void *arg)
{
    struct walk w = {arena_new(1 << 14, SIZE_MAX), now_ms, each, arg, false};
    bool ok = w.arena != NULL && pass_shard(&w, &store->index, part);

    arena_free(w.arena);
    return ok;
}

bool location_walk(struct store *store, uint64_t now_ms, location_each *each, void *arg)
{
    struct walk w = {arena_new(1 << 18, SIZE_MAX), now_ms, each, arg, false};
    bool ok = w.arena != NULL;

    for (size_t i = 0; i < SHARD_COUNT && ok && !w.is_over; i++)
        ok = pass_shard(&w, &store->index, i);
    arena_free(w.arena);
    return ok;
}
