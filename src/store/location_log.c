/* A record of the index is the one that counts if the row it came from is its `log_id`. */
#include "store/location_log.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/database.h"

enum { AT_ONCE = 32 };    /* records: more than a row of ours holds, mostly */
enum { SLACK = 1 << 14 }; /* records: below this it is not worth the trouble */
#define MAX_ID (INT64_MAX / 2)

/* Reading. */

struct loading {
    struct location_log *log;
    struct index *index;
    struct log *complaints;
    uint64_t now_ms;
    enum err err;
};

struct found {
    struct slice packed;
    uint64_t hash; /* of its address of record */
};

static void complain(struct log *log, int64_t id)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%lld", (long long)id);

    if (log != NULL)
        LOG_NOW(log, LOG_ERROR, "bindings skipped: a damaged row of location_log",
                {
                    "id", {text, (size_t)len}
        });
}

/*
 * As many of the records at the beginning of `records` as are taken together: most of the time goes
 * into waiting for the memory of the index, so they wait together.
 */
static size_t take_together(struct index *index, struct slice *records, struct found *found)
{
    size_t count = 0, len = 0;

    for (; count < AT_ONCE && record_measure(*records, &len); count++) {
        struct slice packed = {records->ptr, len};
        uint64_t hash = shards_hash(&index->shards, record_aor(packed));
        index_warm_bucket(index, hash);
        found[count] = (struct found){packed, hash};
        *records = slice_after(*records, len);
    }
    for (size_t i = 0; i < count; i++)
        index_warm_record(index, found[i].hash);
    return count;
}

/* One that is over ends what came before it, as one without bindings does. */
static enum err load_record(struct loading *l, int64_t id, const struct found *found)
{
    static const struct binding_list none = {0};
    struct record *record = NULL;

    if (!index_make_ready(l->index, found->hash))
        return ERR_MEMORY;
    if (record_is_over(found->packed, l->now_ms)) {
        enum err err = record_new(record_aor(found->packed), &none, &record);
        if (err != ERR_NONE)
            return err;
    } else {
        record = record_copy(found->packed);
    }
    if (record == NULL)
        return ERR_MEMORY;
    record->log_id = id;
    index_put(l->index, record, found->hash);
    return ERR_NONE;
}

static bool load_row(void *arg, int64_t id, struct slice records)
{
    struct loading *l = arg;
    struct found found[AT_ONCE];
    size_t count = AT_ONCE;

    if (id > MAX_ID)
        l->err = ERR_MALFORMED; /* no room for ids of ours: a hand of malice was here */
    else if (id >= l->log->next_id)
        l->log->next_id = id + 1;
    while (count == AT_ONCE && l->err == ERR_NONE) {
        count = take_together(l->index, &records, found);
        for (size_t i = 0; i < count && l->err == ERR_NONE; i++)
            l->err = load_record(l, id, &found[i]);
        l->log->record_count += count;
    }
    if (l->err == ERR_NONE && records.len > 0)
        complain(l->complaints, id);
    return l->err == ERR_NONE;
}

enum err location_log_load(struct location_log *log, struct database *db, struct index *index,
                           uint64_t now_ms, struct log *complaints)
{
    struct loading l = {log, index, complaints, now_ms, ERR_NONE};

    log->db = db;
    log->next_id = 1;
    if (!database_read_log(db, load_row, &l))
        return ERR_IO;
    return l.err;
}

/* Writing. */

bool location_log_flush(struct location_log *log)
{
    struct slice row = {log->row, log->row_len};

    if (row.len == 0)
        return true;
    log->row_len = 0;
    return database_add_to_log(log->db, log->next_id++, row);
}

bool location_log_add(struct location_log *log, struct slice packed, int64_t *log_id)
{
    if (packed.len > LOG_ROW_BYTES - log->row_len && !location_log_flush(log))
        return false;
    *log_id = log->next_id;
    log->records_added++;
    if (packed.len > LOG_ROW_BYTES)
        return database_add_to_log(log->db, log->next_id++, packed);
    memcpy(log->row + log->row_len, packed.ptr, packed.len);
    log->row_len += packed.len;
    return true;
}

void location_log_settle(struct location_log *log, bool is_committed)
{
    if (is_committed)
        log->record_count += log->records_added;
    log->records_added = 0;
    log->row_len = 0;
}

/* Shortening. */

bool location_log_is_long(const struct location_log *log, const struct index *index)
{
    return log->record_count > 2 * (uint64_t)index->aor_count + SLACK;
}

/* A record that is in a new row, once that is committed. */
struct move {
    struct move *next;
    struct record *record;
    int64_t log_id;
};

struct shortening {
    struct location_log *log;
    struct index *index;
    struct arena *arena;
    struct move *moves;
    size_t work_left; /* rows and records yet to be looked at */
    size_t records;   /* in the rows seen */
    int64_t last_id;  /* of the rows seen */
    int64_t end_id;   /* rows from here on have been added meanwhile */
    bool has_failed;
};

/* What is unwritten yet is not moved, but what was written last. */
static bool move_if_it_counts(struct shortening *s, int64_t id, const struct found *found)
{
    struct record *record = index_find(s->index, record_aor(found->packed), found->hash);

    if (record == NULL || record->log_id != id)
        return true;
    struct move *move = arena_alloc(s->arena, sizeof(*move));
    if (move == NULL || !location_log_add(s->log, found->packed, &move->log_id))
        return false;
    move->record = record;
    move->next = s->moves;
    s->moves = move;
    return true;
}

static bool move_row(void *arg, int64_t id, struct slice records)
{
    struct shortening *s = arg;
    struct found found[AT_ONCE];
    size_t count = AT_ONCE;

    if (id >= s->end_id || s->work_left == 0)
        return false;
    s->last_id = id;
    s->work_left--;
    while (count == AT_ONCE && !s->has_failed) {
        count = take_together(s->index, &records, found);
        for (size_t i = 0; i < count && !s->has_failed; i++)
            s->has_failed = !move_if_it_counts(s, id, &found[i]);
        s->records += count;
        s->work_left -= s->work_left < count ? s->work_left : count;
    }
    return !s->has_failed;
}

static bool move_rows(struct shortening *s)
{
    return database_read_log(s->log->db, move_row, s) && !s->has_failed
           && location_log_flush(s->log) && database_cut_log(s->log->db, s->last_id);
}

bool location_log_shorten(struct location_log *log, struct index *index, size_t max_records,
                          struct arena *arena)
{
    struct shortening s = {
        .log = log,
        .index = index,
        .arena = arena,
        .work_left = max_records,
        .end_id = log->next_id,
    };

    if (!database_begin(log->db, false))
        return false;
    bool done = move_rows(&s);
    if (done)
        done = database_commit(log->db);
    else
        database_rollback(log->db);
    location_log_settle(log, done);
    if (!done)
        return false;

    log->record_count -= s.records < log->record_count ? s.records : log->record_count;
    for (struct move *move = s.moves; move != NULL; move = move->next) {
        if (move->log_id > move->record->log_id) /* a row may hold several records of one name */
            move->record->log_id = move->log_id;
    }
    return true;
}
