/* RFC 3261 10.3 step 7: visible if and only if committed, and a failed commit leaves no trace. */
#include "store/batch.h"

#include <stdlib.h>

#include "store/change.h"
#include "store/database.h"
#include "store/inside.h"

bool batch_init(struct batch *batch)
{
    *batch = (struct batch){0};
    batch->end = &batch->first;
    return map_init(&batch->tentative, SIZE_MAX);
}

void batch_fini(struct batch *batch)
{
    if (batch->tentative.buckets != NULL)
        map_fini(&batch->tentative);
}

/* Judging: what the update makes of the bindings. */

static struct update *find_tentative(struct batch *batch, const struct update *update)
{
    struct map_node *n = map_first(&batch->tentative, update->hash);

    for (; n != NULL; n = map_next(n)) {
        struct update *other = CONTAINER_OF(n, struct update, tentative);
        if (slice_equal(other->changes.aor, update->changes.aor))
            return other;
    }
    return NULL;
}

/* The bindings to start from, those no longer valid included. Empty: none. */
static struct slice stands_now(struct store *store, const struct update *update,
                               const struct update *before)
{
    const struct record *record =
        before != NULL ? before->record
                       : index_find(&store->index, update->changes.aor, update->hash);

    return record != NULL ? record_bytes(record) : SLICE_NONE;
}

/* Whether the store may hold so many more bindings. */
static bool has_room(struct store *store, size_t now, size_t then)
{
    size_t all = atomic_load(&store->index.binding_count) + store->batch.bindings_added
                 - store->batch.bindings_removed;

    return then <= now || then - now + all <= store->settings.max_bindings;
}

static enum err judge(struct store *store, struct update *update, struct slice standing)
{
    struct arena *arena = store->writer.arena;
    struct binding_list valid = {0};
    struct binding_list result = {0};
    size_t held = standing.len > 0 ? record_binding_count(standing) : 0;

    arena_reset(arena);
    if (held > 0 && !record_list(standing, update->now_ms, arena, &valid))
        return ERR_MEMORY;
    result.items =
        arena_alloc(arena, (valid.count + update->changes.count) * sizeof(*result.items));
    if (result.items == NULL)
        return ERR_MEMORY;
    enum err err =
        change_apply(&update->changes, &valid, update->now_ms, store->same_contact, &result);
    if (err != ERR_NONE)
        return err;
    if (held == 0 && result.count == 0)
        return ERR_NONE; /* nothing there, nothing wanted */
    if (!has_room(store, held, result.count))
        return ERR_FULL;
    if (!index_make_ready(&store->index, update->hash))
        return ERR_MEMORY;
    return record_new(update->changes.aor, &result, &update->record);
}

/* Writing: into the open transaction, which the first change opens. */

static void append(struct store *store, struct update *update)
{
    struct batch *batch = &store->batch;
    struct record *record = update->record;

    if (!batch->has_begun && !batch->has_failed) {
        batch->has_begun = database_begin(store->db, store_is_durable(store));
        batch->has_failed = !batch->has_begun;
    }
    if (!batch->has_failed)
        batch->has_failed = !location_log_add(&store->log, record_bytes(record), &record->log_id);
}

static void hold(struct batch *batch, struct update *update, struct update *before,
                 size_t bindings_before)
{
    batch->bindings_removed += bindings_before;
    batch->bindings_added += record_binding_count(record_bytes(update->record));
    if (before != NULL) {
        map_remove(&batch->tentative, &before->tentative);
        before->is_tentative = false;
    }
    update->is_tentative = map_add(&batch->tentative, &update->tentative, update->hash);
}

void batch_add(struct store *store, struct update *update)
{
    struct batch *batch = &store->batch;
    struct update *before = find_tentative(batch, update);
    struct slice standing = stands_now(store, update, before);

    update->err = judge(store, update, standing);
    if (update->record != NULL) {
        append(store, update);
        hold(batch, update, before, standing.len > 0 ? record_binding_count(standing) : 0);
    }
    *batch->end = update;
    batch->end = &update->next;
    if (++batch->count == BATCH_MAX_UPDATES)
        batch_finish(store);
}

/* Finishing. */

static bool commit(struct store *store)
{
    struct batch *batch = &store->batch;
    bool is_committed = !batch->has_failed;

    if (batch->has_begun) {
        is_committed = is_committed && location_log_flush(&store->log);
        if (is_committed)
            is_committed = database_commit(store->db);
        else
            database_rollback(store->db);
    }
    location_log_settle(&store->log, is_committed);
    if (!is_committed)
        writer_complain(store, "bindings could not be written", database_complaint(store->db));
    return is_committed;
}

static void show_or_drop(struct store *store, struct update *update, bool is_shown)
{
    if (update->is_tentative)
        map_remove(&store->batch.tentative, &update->tentative);
    if (update->record == NULL)
        return;
    if (is_shown) {
        index_put(&store->index, update->record, update->hash);
    } else {
        free(update->record);
        update->err = ERR_IO;
    }
}

/*
 * Who asks sends many at a time, so its answers stand in a row. They go back together: an asker
 * that was woken for the first would be given the processor in our place.
 */
struct answers {
    struct mailbox *asker;
    struct mailbag bag;
};

static void answer(struct answers *answers, struct answer *next)
{
    if (answers->asker != NULL && answers->asker != next->asker)
        mailbox_send_all(answers->asker, &answers->bag);
    answers->asker = next->asker;
    mailbag_add(&answers->bag, &next->mail);
}

static void settle(struct store *store, bool is_shown)
{
    struct update *update = store->batch.first;
    struct answers answers = {0};

    store->batch.first = NULL;
    store->batch.end = &store->batch.first;
    store->batch.count = 0;
    store->batch.bindings_added = 0;
    store->batch.bindings_removed = 0;
    while (update != NULL) {
        struct update *next = update->next;
        show_or_drop(store, update, is_shown);
        writer_clock(store, update->now_ms);
        update->answer->err = update->err;
        answer(&answers, update->answer);
        free(update);
        update = next;
    }
    if (answers.asker != NULL)
        mailbox_send_all(answers.asker, &answers.bag);
}

void batch_finish(struct store *store)
{
    struct batch *batch = &store->batch;

    if (batch->count == 0)
        return;
    if (store->settings.durability == STORE_RELAXED) {
        settle(store, true);
        commit(store);
    } else {
        settle(store, commit(store));
    }
    batch->has_begun = false;
    batch->has_failed = false;
}
