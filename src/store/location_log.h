/*
 * How bindings are kept in the database: as a log. What an update makes of an address of record
 * is appended as a whole, so the last record of each counts, and writing never searches. A row
 * holds as many records as fill a page of SQLite.
 *
 * The log is kept short from its old end: rows there are removed, and those of their records
 * that still count are appended once more. So it holds at most about twice what counts, every
 * write goes to one place, and the cost of an update does not grow with the number of bindings.
 *
 * For the writer thread; before it starts, for who opens the store.
 */
#ifndef TCHIN_STORE_LOCATION_LOG_H
#define TCHIN_STORE_LOCATION_LOG_H

#include "store/index.h"
#include "store/record.h"

/* What a leaf of 4096 bytes holds in one cell without overflowing: sqlite.org/fileformat.html 1.6
 */
enum { LOG_ROW_BYTES = 4052 };

struct database;

struct location_log {
    struct database *db;
    int64_t next_id;        /* grows only: an id is never used twice, not even after a rollback */
    uint64_t record_count;  /* in all rows */
    uint64_t records_added; /* by the open transaction */
    size_t row_len;
    char row[LOG_ROW_BYTES]; /* records of the open transaction that are in no row yet */
};

/* Reads the log into `index`; rows that are no records are skipped, and `log` is told. */
enum err location_log_load(struct location_log *log, struct database *db, struct index *index,
                           uint64_t now_ms, struct log *complaints) MUST_USE;

/* Within a transaction: adds a record, at the latest with location_log_flush. */
bool location_log_add(struct location_log *log, struct slice packed, int64_t *log_id) MUST_USE;
bool location_log_flush(struct location_log *log) MUST_USE;

/* The transaction has ended. */
void location_log_settle(struct location_log *log, bool is_committed);

/* Whether the log holds so much that no longer counts that it is time to shorten it. */
bool location_log_is_long(const struct location_log *log, const struct index *index);

/* Takes about `max_records` from the old end, in a transaction of its own. */
bool location_log_shorten(struct location_log *log, struct index *index, size_t max_records,
                          struct arena *arena) MUST_USE;

#endif
