/* Rows of the log have ids from 1 on: what is in none of them has an id below. */
#include "store/unwritten.h"

#include <stdlib.h>

#include "store/database.h"
#include "store/inside.h"

enum { IN_NO_ROW = 0 };

bool unwritten_init(struct unwritten *u)
{
    u->count = 0;
    u->records = malloc(UNWRITTEN_MAX * sizeof(struct record *));
    return u->records != NULL;
}

void unwritten_fini(struct unwritten *u)
{
    free(u->records);
}

void unwritten_note(struct unwritten *u, struct record *record, const struct record *before)
{
    bool is_here = before != NULL && before->log_id < 0;

    record->log_id = is_here ? before->log_id : -(int64_t)++u->count;
    u->records[-record->log_id - 1] = record;
}

static bool add_all(struct store *store)
{
    struct unwritten *u = &store->unwritten;

    for (size_t i = 0; i < u->count; i++) {
        struct record *record = u->records[i];
        if (!location_log_add(&store->log, record_bytes(record), &record->log_id))
            return false;
    }
    return location_log_flush(&store->log);
}

static bool commit_all(struct store *store)
{
    if (!database_begin(store->db, store_is_durable(store)))
        return false;
    if (add_all(store))
        return database_commit(store->db);
    database_rollback(store->db);
    return false;
}

void unwritten_write(struct store *store)
{
    struct unwritten *u = &store->unwritten;

    if (u->count == 0)
        return;
    bool is_written = commit_all(store);
    location_log_settle(&store->log, is_written);
    if (!is_written)
        writer_complain(store, "bindings could not be written", database_complaint(store->db));
    for (size_t i = 0; i < u->count; i++) {
        struct record *record = u->records[i];
        if (!is_written)
            record->log_id = IN_NO_ROW;
        if (record_binding_count(record_bytes(record)) == 0)
            index_drop(&store->index, record);
    }
    u->count = 0;
}
