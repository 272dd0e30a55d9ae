/*
 * Writing takes copies of a shard's records under its lock, and speaks SQL without: no worker waits
 * for that. One that changes after it was copied is noted again.
 */
#include "store/unwritten.h"

#include <stdlib.h>

#include "store/database.h"
#include "store/inside.h"

_Static_assert(UNWRITTEN_OF_SHARD <= UINT8_MAX, "a note has eight bits");

bool unwritten_init(struct unwritten *u)
{
    atomic_init(&u->is_any, false);
    atomic_init(&u->is_much, false);
    u->shards = calloc(SHARD_COUNT, sizeof(*u->shards));
    return u->shards != NULL;
}

void unwritten_fini(struct unwritten *u)
{
    free(u->shards);
}

/* Each is said once until the writer has begun to write. */
static bool is_news(struct unwritten *u, size_t count)
{
    return (count == 1 && !atomic_exchange(&u->is_any, true))
           || (count == UNWRITTEN_MANY && !atomic_exchange(&u->is_much, true));
}

enum unwritten_noted unwritten_note(struct unwritten *u, struct record *record,
                                    struct record *before, uint64_t hash)
{
    struct unwritten_shard *shard = &u->shards[shards_place(hash)];
    uint32_t note = before != NULL ? before->note : 0;

    if (note == 0 && shard->count == UNWRITTEN_OF_SHARD)
        return UNWRITTEN_NOT;
    bool is_new = note == 0;
    if (is_new)
        note = (uint32_t)++shard->count;
    else
        before->note = 0;
    record->note = note & UINT8_MAX;
    shard->records[note - 1] = record;
    return is_new && is_news(u, shard->count) ? UNWRITTEN_TELLS : UNWRITTEN_NOTED;
}

bool unwritten_is_full(const struct unwritten *u, uint64_t hash)
{
    return u->shards[shards_place(hash)].count == UNWRITTEN_OF_SHARD;
}

/* The last one takes its place. */
void unwritten_forget(struct unwritten *u, struct record *record)
{
    if (record->note == 0)
        return;
    struct unwritten_shard *shard = &u->shards[shards_place(record->node.hash)];
    struct record *last = shard->records[--shard->count];
    shard->records[record->note - 1] = last;
    last->note = record->note;
    record->note = 0;
}

struct taken {
    struct record *record; /* the writer's, as it alone frees records */
    struct slice packed;   /* empty: there was no memory for it */
};

static size_t take_shard(struct store *store, size_t number, struct taken *out)
{
    struct unwritten_shard *shard = &store->unwritten.shards[number];
    pthread_mutex_t *lock = &store->index.shards.all[number].lock;

    pthread_mutex_lock(lock);
    size_t count = shard->count;
    for (size_t i = 0; i < count; i++) {
        struct record *record = shard->records[i];
        out[i].record = record;
        if (!arena_copy(store->writer.arena, record_bytes(record), &out[i].packed))
            out[i].packed = SLICE_NONE;
        record->note = 0;
    }
    shard->count = 0;
    pthread_mutex_unlock(lock);
    return count;
}

static bool add(struct store *store, const struct taken *taken)
{
    return taken->packed.len > 0
           && location_log_add(&store->log, taken->packed, &taken->record->log_id);
}

/* If one cannot be written, none will be; but all are taken. */
static bool add_shard(struct store *store, size_t number, bool is_well)
{
    struct taken taken[UNWRITTEN_OF_SHARD];

    arena_reset(store->writer.arena);
    size_t count = take_shard(store, number, taken);
    for (size_t i = 0; i < count; i++) {
        is_well = is_well && add(store, &taken[i]);
        if (record_binding_count(record_bytes(taken[i].record)) == 0)
            index_drop(&store->index, taken[i].record);
    }
    return is_well;
}

static bool commit_all(struct store *store)
{
    bool has_begun = database_begin(store->db, store_is_durable(store));
    bool is_well = has_begun;

    for (size_t i = 0; i < SHARD_COUNT; i++)
        is_well = add_shard(store, i, is_well);
    if (is_well && location_log_flush(&store->log))
        return database_commit(store->db);
    if (has_begun)
        database_rollback(store->db);
    return false;
}

void unwritten_write(struct store *store)
{
    struct unwritten *u = &store->unwritten;

    if (!atomic_load(&u->is_any))
        return;
    /* First: what is noted from here on is news again, if a shard of it has been taken already. */
    atomic_store(&u->is_any, false);
    atomic_store(&u->is_much, false);
    bool is_written = commit_all(store);
    location_log_settle(&store->log, is_written);
    if (!is_written)
        writer_complain(store, "bindings could not be written", database_complaint(store->db));
}
