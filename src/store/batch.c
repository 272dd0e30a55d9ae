/*
 * RFC 3261 10.3 step 7: visible if and only if committed, and a failed commit leaves no trace.
 * Relaxed, each is visible at once, and noted as unwritten.
 */
#include "store/batch.h"

#include <stdlib.h>

#include "store/change.h"
#include "store/database.h"
#include "store/inside.h"
#include "store/update.h"

bool batch_init(struct batch *batch)
{
    *batch = (struct batch){0};
    batch->end = &batch->first;
    return map_init(&batch->tentative, SIZE_MAX);
}

void batch_fini(struct batch *batch)
{
    map_fini(&batch->tentative);
}

/* Judging: what the update makes of the bindings. */

static struct location_update *find_tentative(struct batch *batch,
                                              const struct location_update *update)
{
    struct map_node *n = map_first(&batch->tentative, update->hash);

    for (; n != NULL; n = map_next(n)) {
        struct location_update *other = CONTAINER_OF(n, struct location_update, tentative);
        if (slice_equal(location_update_aor(other), location_update_aor(update)))
            return other;
    }
    return NULL;
}

/* What the update starts from, bindings that are no longer valid included. Empty: none. */
static struct slice stands_now(const struct location_update *before, const struct record *shown)
{
    if (before != NULL)
        return before->result;
    return shown != NULL ? record_bytes(shown) : SLICE_NONE;
}

/* Whether the store may hold so many more bindings. */
static bool has_room(struct store *store, size_t now, size_t then)
{
    size_t all = atomic_load(&store->index.binding_count) + store->batch.bindings_added
                 - store->batch.bindings_removed;

    return then <= now || then - now + all <= store->settings.max_bindings;
}

static size_t count_of(struct slice record)
{
    return record.len > 0 ? record_binding_count(record) : 0;
}

static enum err merge(struct store *store, struct location_update *update, struct slice standing)
{
    struct arena *arena = store->writer.arena;
    struct binding_list valid = {0};
    struct binding_list result = {0};
    struct location_changes changes;

    arena_reset(arena);
    if ((standing.len > 0 && !record_list(standing, update->now_ms, arena, &valid))
        || !update_unpack(update, arena, &changes))
        return ERR_MEMORY;
    result.items = arena_alloc(arena, (valid.count + changes.count) * sizeof(*result.items));
    if (result.items == NULL)
        return ERR_MEMORY;
    enum err err = change_apply(&changes, &valid, update->now_ms, store->same_contact, &result);
    if (err != ERR_NONE)
        return err;
    if (count_of(standing) == 0 && result.count == 0)
        return ERR_NONE; /* nothing there, nothing wanted */
    update->is_refresh = change_keeps_contacts(&valid, &result);
    err = record_new(location_update_aor(update), &result, &update->merged);
    if (err == ERR_NONE)
        update->result = record_bytes(update->merged);
    return err;
}

/* Takes all the memory that showing it will need: after the commit nothing may fail. */
static bool make_ready(struct store *store, struct location_update *update)
{
    const struct record *shown = update->shown;

    if (shown != NULL && shown->len == update->result.len && count_of(update->result) > 0)
        return true;
    if (!index_make_ready(&store->index, update->hash))
        return false;
    update->room = record_copy(update->result);
    return update->room != NULL;
}

static enum err try(struct store *store, struct location_update *update, struct slice standing)
{
    enum err err = ERR_NONE;

    if (change_is_plain(update, standing, &update->is_refresh))
        update->result = update->wanted;
    else
        err = merge(store, update, standing);
    if (err != ERR_NONE || update->result.len == 0)
        return err;
    if (!has_room(store, count_of(standing), count_of(update->result)))
        return ERR_FULL;
    return make_ready(store, update) ? ERR_NONE : ERR_MEMORY;
}

/* True: there is a result. */
static bool judge(struct store *store, struct location_update *update, struct slice standing)
{
    update->answer.err = try(store, update, standing);
    if (update->answer.err != ERR_NONE)
        update->result = SLICE_NONE;
    return update->result.len > 0;
}

/* Writing: into the open transaction, which the first change opens. */

static void append(struct store *store, struct location_update *update)
{
    struct batch *batch = &store->batch;

    if (!batch->has_begun && !batch->has_failed) {
        batch->has_begun = database_begin(store->db, store_is_durable(store));
        batch->has_failed = !batch->has_begun;
    }
    if (!batch->has_failed)
        batch->has_failed = !location_log_add(&store->log, update->result, &update->log_id);
}

static void hold(struct batch *batch, struct location_update *update,
                 struct location_update *before, size_t bindings_before)
{
    batch->bindings_removed += bindings_before;
    batch->bindings_added += count_of(update->result);
    if (before != NULL) {
        map_remove(&batch->tentative, &before->tentative);
        before->is_tentative = false;
    }
    update->is_tentative = map_add(&batch->tentative, &update->tentative, update->hash);
}

/* With the lock of its shard. */
static void show(struct store *store, struct location_update *update, struct record *record)
{
    if (update->room == NULL)
        index_overwrite(&store->index, record, update->result);
    else
        index_put(&store->index, record, update->hash);
    update->room = NULL;
}

static struct record *record_to_show(const struct location_update *update)
{
    return update->room != NULL ? update->room : update->shown;
}

/*
 * With the lock of its shard. What the record was written into last still counts. So does the
 * request that refreshed its only binding, if that has got company: that of an only binding which
 * is set anew has a transaction.
 */
static void show_unwritten(struct store *store, struct location_update *update)
{
    struct record *record = record_to_show(update);
    struct record *shown = update->shown;

    if (shown != NULL)
        record->log_id = shown->log_id;
    record->request = shown != NULL && count_of(update->result) > 1 ? shown->request : 0;
    (void)unwritten_note(&store->unwritten, record, update->shown, update->hash);
    show(store, update, record);
}

/* With the lock: what is noted already needs no room. */
static bool may_be_noted(struct store *store, const struct location_update *update)
{
    if (!unwritten_is_full(&store->unwritten, update->hash))
        return true;
    const struct record *shown =
        index_find(&store->index, location_update_aor(update), update->hash);
    return shown != NULL && shown->note != 0;
}

/*
 * With the lock then, and room to note what changes. A disk that has failed is tried again by the
 * clock, not for each that asks.
 */
static enum err lock_with_room(struct store *store, const struct location_update *update)
{
    index_lock(&store->index, update->hash);
    while (!may_be_noted(store, update)) {
        index_unlock(&store->index, update->hash);
        if (store->unwritten.is_failing || !unwritten_write(store))
            return ERR_IO;
        index_lock(&store->index, update->hash);
    }
    return ERR_NONE;
}

/* Relaxed: from here on until it is shown no worker refreshes the bindings. */
static bool begin_alone(struct store *store, struct location_update *update)
{
    enum err err = ERR_MEMORY;

    if (index_make_ready(&store->index, update->hash)) /* it takes the lock itself */
        err = lock_with_room(store, update);
    update->answer.err = err;
    return err == ERR_NONE;
}

static void take(struct store *store, struct location_update *update)
{
    bool is_relaxed = store_is_relaxed(store);
    struct location_update *before = find_tentative(&store->batch, update);

    if (is_relaxed && !begin_alone(store, update))
        return;
    update->shown = index_find(&store->index, location_update_aor(update), update->hash);
    struct slice standing = stands_now(before, update->shown);
    bool has_result = judge(store, update, standing);
    if (has_result && is_relaxed) {
        show_unwritten(store, update);
    } else if (has_result) {
        append(store, update);
        hold(&store->batch, update, before, count_of(standing));
    }
    if (is_relaxed)
        index_unlock(&store->index, update->hash);
}

void batch_add(struct store *store, struct location_update *update)
{
    struct batch *batch = &store->batch;

    index_warm_bucket(&store->index, update->hash);
    *batch->end = update;
    batch->end = &update->next;
    if (++batch->count == BATCH_MAX_UPDATES)
        batch_finish(store);
}

/* Most of the time goes into waiting for the memory of the index: each waits while another works.
 */
static void take_all(struct store *store)
{
    for (struct location_update *u = store->batch.first; u != NULL; u = u->next) {
        if (u->next != NULL)
            index_warm_record(&store->index, u->next->hash);
        take(store, u);
    }
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

static void show_committed(struct store *store, struct location_update *update)
{
    struct record *record = record_to_show(update);

    record->log_id = update->log_id;
    index_lock(&store->index, update->hash);
    show(store, update, record);
    index_unlock(&store->index, update->hash);
}

/* Of several for one address of record the last one counts. */
static void show_or_drop(struct store *store, struct location_update *update, bool is_shown)
{
    if (update->is_tentative)
        map_remove(&store->batch.tentative, &update->tentative);
    if (update->is_tentative && is_shown)
        show_committed(store, update);
    else
        free(update->room);
    if (update->result.len > 0 && !is_shown)
        update->answer.err = ERR_IO;
}

/*
 * Who asks sends many at a time, so its answers stand in a row. They go back together: an asker
 * that was woken for the first would be given the processor in our place.
 */
struct answers {
    struct mailbox *asker;
    struct mailbag bag;
};

static void give_back(struct answers *answers, struct answer *next)
{
    if (answers->asker != NULL && answers->asker != next->asker)
        mailbox_send_all(answers->asker, &answers->bag);
    answers->asker = next->asker;
    mailbag_add(&answers->bag, &next->mail);
}

static void settle(struct store *store, bool is_shown)
{
    struct location_update *update = store->batch.first;
    struct answers answers = {0};

    store->batch.first = NULL;
    store->batch.end = &store->batch.first;
    store->batch.count = 0;
    store->batch.bindings_added = 0;
    store->batch.bindings_removed = 0;
    while (update != NULL) {
        struct location_update *next = update->next;
        show_or_drop(store, update, is_shown);
        writer_clock(store, update->now_ms);
        give_back(&answers, &update->answer);
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
    take_all(store);
    settle(store, commit(store));
    batch->has_begun = false;
    batch->has_failed = false;
}
