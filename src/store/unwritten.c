/*
 * Writing takes copies of a shard's records under its lock, and speaks SQL without: no worker waits
 * for that. One that changes after it was copied is noted again.
 */
#include "store/unwritten.h"

#include <stdlib.h>

#include "store/database.h"
#include "store/inside.h"

_Static_assert(UNWRITTEN_OF_SHARD <= UINT8_MAX, "a note has eight bits");

struct unwritten_taken {
    struct record *record; /* the writer's, as it alone frees records */
    int64_t log_id;        /* the row it was last written into */
    bool is_empty;
};

bool unwritten_init(struct unwritten *u)
{
    atomic_init(&u->is_any, false);
    atomic_init(&u->is_much, false);
    u->shards = calloc(SHARD_COUNT, sizeof(*u->shards));
    u->taken = calloc(UNWRITTEN_MAX, sizeof(*u->taken));
    return u->shards != NULL && u->taken != NULL;
}

void unwritten_fini(struct unwritten *u)
{
    free(u->shards);
    free(u->taken);
}

static bool is_full(const struct unwritten_shard *shard)
{
    return shard->count + shard->taken == UNWRITTEN_OF_SHARD;
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

    if (note == 0 && is_full(shard))
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
    return is_full(&u->shards[shards_place(hash)]);
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

/* Copies are in memory of the writer's arena. One for which there is none is empty. */
static void take_shard(struct store *store, size_t number, struct unwritten_taken *out,
                       struct slice *copies)
{
    struct unwritten_shard *shard = &store->unwritten.shards[number];
    pthread_mutex_t *lock = &store->index.shards.all[number].lock;

    pthread_mutex_lock(lock);
    for (size_t i = 0; i < shard->count; i++) {
        struct record *record = shard->records[i];
        bool is_empty = record_binding_count(record_bytes(record)) == 0;
        out[i] = (struct unwritten_taken){record, record->log_id, is_empty};
        if (!arena_copy(store->writer.arena, record_bytes(record), &copies[i]))
            copies[i] = SLICE_NONE;
        record->note = 0;
    }
    shard->taken = shard->count;
    shard->count = 0;
    pthread_mutex_unlock(lock);
}

static bool add(struct store *store, struct record *record, struct slice copy)
{
    return copy.len > 0 && location_log_add(&store->log, copy, &record->log_id);
}

/* If one cannot be written, none will be; but all are taken. Returns how many. */
static size_t add_shard(struct store *store, size_t number, struct unwritten_taken *taken,
                        bool *is_well)
{
    struct slice copies[UNWRITTEN_OF_SHARD];

    arena_reset(store->writer.arena);
    take_shard(store, number, taken, copies);
    size_t count = store->unwritten.shards[number].taken;
    for (size_t i = 0; i < count && *is_well; i++)
        *is_well = add(store, taken[i].record, copies[i]);
    return count;
}

static bool commit_all(struct store *store)
{
    struct unwritten_taken *taken = store->unwritten.taken;
    bool has_begun = database_begin(store->db, store_is_durable(store));
    bool is_well = has_begun;

    for (size_t i = 0; i < SHARD_COUNT; i++)
        taken += add_shard(store, i, taken, &is_well);
    if (is_well && location_log_flush(&store->log))
        return database_commit(store->db);
    if (has_begun)
        database_rollback(store->db);
    return false;
}

/* With the lock: what was taken is noted again, but what has been since. */
static void note_again(struct unwritten_shard *shard, const struct unwritten_taken *taken)
{
    for (size_t i = 0; i < shard->taken; i++) {
        struct record *record = taken[i].record;
        record->log_id = taken[i].log_id;
        if (record->note != 0)
            continue;
        shard->records[shard->count++] = record;
        record->note = shard->count & UINT8_MAX;
    }
}

static void drop_empty(struct store *store, const struct unwritten_taken *taken, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (taken[i].is_empty)
            index_drop(&store->index, taken[i].record);
    }
}

static size_t settle_shard(struct store *store, size_t number, const struct unwritten_taken *taken,
                           bool is_written)
{
    struct unwritten_shard *shard = &store->unwritten.shards[number];
    pthread_mutex_t *lock = &store->index.shards.all[number].lock;
    size_t count = shard->taken; /* which none but us changes */

    if (count == 0)
        return 0;
    pthread_mutex_lock(lock);
    if (!is_written)
        note_again(shard, taken);
    shard->taken = 0;
    pthread_mutex_unlock(lock);
    if (is_written)
        drop_empty(store, taken, count);
    return count;
}

static void settle_all(struct store *store, bool is_written)
{
    const struct unwritten_taken *taken = store->unwritten.taken;

    location_log_settle(&store->log, is_written);
    for (size_t i = 0; i < SHARD_COUNT; i++)
        taken += settle_shard(store, i, taken, is_written);
    if (!is_written)
        atomic_store(&store->unwritten.is_any, true);
}

bool unwritten_write(struct store *store)
{
    struct unwritten *u = &store->unwritten;

    if (!atomic_load(&u->is_any))
        return true;
    /* First: what is noted from here on is news again, if a shard of it has been taken already. */
    atomic_store(&u->is_any, false);
    atomic_store(&u->is_much, false);
    bool is_written = commit_all(store);
    settle_all(store, is_written);
    u->is_failing = !is_written;
    if (!is_written)
        writer_complain(store, "bindings could not be written", database_complaint(store->db));
    return is_written;
}
