/* Statements are prepared once; a row costs a bind and a step. */
#include "store/database.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/schema.h"

enum statement {
    BEGIN,
    COMMIT,
    ADD_TO_LOG,
    READ_LOG,
    CUT_LOG,
    PUT_USER,
    STAGE_USER,
    UNSTAGE_USERS,
    MOVE_STAGED,
    CLEAR_STAGED,
    HAS_STAGED,
    REMOVE_USER,
    READ_USERS,
    PUT_ALIAS,
    REMOVE_ALIAS,
    REMOVE_ALIASES_OF,
    READ_ALIASES,
    KEEP,
    READ_KEPT,
    STATEMENT_COUNT,
};

static const char *const texts[STATEMENT_COUNT] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ADD_TO_LOG] = "INSERT INTO location_log (id, records) VALUES (?1, ?2)",
    [READ_LOG] = "SELECT id, records FROM location_log ORDER BY id",
    [CUT_LOG] = "DELETE FROM location_log WHERE id <= ?1",
    [PUT_USER] = "REPLACE INTO user (aor, max_bindings, secrets) VALUES (?1, ?2, ?3)",
    [STAGE_USER] = "INSERT INTO import (id, aor, max_bindings, secrets) VALUES (?1, ?2, ?3, ?4)",
    [UNSTAGE_USERS] = "DELETE FROM import WHERE id BETWEEN 1 AND ?1",
    [MOVE_STAGED] = "REPLACE INTO user (aor, max_bindings, secrets)"
                    " SELECT aor, max_bindings, secrets FROM import"
                    " WHERE id > 0 AND EXISTS (SELECT 1 FROM import WHERE id = 0) ORDER BY id",
    [CLEAR_STAGED] = "DELETE FROM import",
    [HAS_STAGED] = "SELECT 1 FROM import LIMIT 1",
    [REMOVE_USER] = "DELETE FROM user WHERE aor = ?1",
    [READ_USERS] = "SELECT aor, max_bindings, secrets FROM user",
    [PUT_ALIAS] = "INSERT INTO alias (alias, aor) VALUES (?1, ?2)",
    [REMOVE_ALIAS] = "DELETE FROM alias WHERE alias = ?1",
    [REMOVE_ALIASES_OF] = "DELETE FROM alias WHERE aor = ?1",
    [READ_ALIASES] = "SELECT alias, aor FROM alias",
    [KEEP] = "REPLACE INTO kept (kind, name, value) VALUES (?1, ?2, ?3)",
    [READ_KEPT] = "SELECT value FROM kept WHERE kind = ?1 AND name = ?2",
};

/*
 * Checkpoints are made by checkpoint.c, not by whichever commit comes across the limit. What a
 * damaged or hostile file may do to us is kept small by the next two. Secrets of users that were
 * removed are overwritten, but not pages that are free as a whole: Debian's SQLite would write each
 * page that is cut off the log once more.
 */
static const char settings[] = "PRAGMA wal_autocheckpoint = 0;"
                               "PRAGMA synchronous = NORMAL;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA secure_delete = FAST;";

struct database {
    sqlite3 *sqlite;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    bool is_durable; /* the transaction that is open, or the last one */
    int wal_pages;
    char complaint[160]; /* kept, for the rollback that follows speaks of success */
};

static bool fail(struct database *db)
{
    snprintf(db->complaint, sizeof(db->complaint), "%s", sqlite3_errmsg(db->sqlite));
    return false;
}

static bool execute(struct database *db, const char *sql)
{
    return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK || fail(db);
}

static bool prepare_all(struct database *db)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        if (sqlite3_prepare_v3(db->sqlite, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &db->statements[i], NULL)
            != SQLITE_OK)
            return false;
    }
    return true;
}

static int note_wal_pages(void *arg, sqlite3 *sqlite, const char *name, int pages)
{
    struct database *db = arg;

    (void)sqlite;
    (void)name;
    db->wal_pages = pages;
    return SQLITE_OK;
}

static bool set_up(struct database *db, const char *path, struct buffer *fault)
{
    enum { PATIENCE_MS = 5000 }; /* with an administrator's sqlite3 */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(path, &db->sqlite, flags, NULL) != SQLITE_OK) {
        buffer_add_text(fault, sqlite3_errmsg(db->sqlite));
        return false;
    }
    sqlite3_busy_timeout(db->sqlite, PATIENCE_MS);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (!schema_bring_up_to_date(db->sqlite, fault))
        return false;
    if (!execute(db, "PRAGMA journal_mode = WAL") || !execute(db, settings) || !prepare_all(db)) {
        buffer_add_text(fault, sqlite3_errmsg(db->sqlite));
        return false;
    }
    sqlite3_wal_hook(db->sqlite, note_wal_pages, db); /* setting wal_autocheckpoint clears it */
    return true;
}

struct database *database_open(const char *path, struct buffer *fault)
{
    struct database *db = calloc(1, sizeof(*db));

    buffer_add_text(fault, "cannot open ");
    buffer_add_text(fault, path);
    buffer_add_text(fault, ": ");
    if (db == NULL) {
        buffer_add_text(fault, "no memory");
        return NULL;
    }
    if (!set_up(db, path, fault)) {
        database_close(db);
        return NULL;
    }
    fault->len = 0;
    return db;
}

void database_close(struct database *db)
{
    if (db == NULL)
        return;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->sqlite);
    free(db);
}

const char *database_complaint(struct database *db)
{
    return db->complaint;
}

static bool bind_slice(sqlite3_stmt *s, int place, struct slice value, bool is_text)
{
    const char *bytes = value.ptr != NULL ? value.ptr : ""; /* NULL would be SQL's NULL */

    return (is_text ? sqlite3_bind_text64(s, place, bytes, value.len, SQLITE_STATIC, SQLITE_UTF8)
                    : sqlite3_bind_blob64(s, place, bytes, value.len, SQLITE_STATIC))
           == SQLITE_OK;
}

static bool bind_text(sqlite3_stmt *s, int place, struct slice value)
{
    return bind_slice(s, place, value, true);
}

static bool bind_blob(sqlite3_stmt *s, int place, struct slice value)
{
    return bind_slice(s, place, value, false);
}

static bool bind_number(sqlite3_stmt *s, int place, int64_t value)
{
    return sqlite3_bind_int64(s, place, value) == SQLITE_OK;
}

static struct slice column(sqlite3_stmt *s, int place)
{
    const char *bytes = sqlite3_column_blob(s, place);

    return (struct slice){bytes, bytes != NULL ? (size_t)sqlite3_column_bytes(s, place) : 0};
}

/* Ends a statement; whether it went well. */
static bool finish(struct database *db, sqlite3_stmt *s)
{
    return sqlite3_reset(s) == SQLITE_OK || fail(db);
}

static bool run(struct database *db, sqlite3_stmt *s)
{
    sqlite3_step(s); /* what goes wrong, finish hears of */
    return finish(db, s);
}

/* Not a prepared statement: this PRAGMA does its work when it is prepared. */
static bool set_durable(struct database *db, bool is_durable)
{
    if (!execute(db, is_durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"))
        return false;
    db->is_durable = is_durable;
    return true;
}

bool database_begin(struct database *db, bool is_durable)
{
    if (is_durable != db->is_durable && !set_durable(db, is_durable))
        return false;
    return run(db, db->statements[BEGIN]);
}

/* A COMMIT that failed may have left the transaction open. */
bool database_commit(struct database *db)
{
    if (run(db, db->statements[COMMIT]))
        return true;
    database_rollback(db);
    return false;
}

/* SQLite may have rolled back on its own, when the disk was full for example. */
void database_rollback(struct database *db)
{
    if (sqlite3_get_autocommit(db->sqlite) == 0)
        execute(db, "ROLLBACK");
}

int database_wal_pages(struct database *db)
{
    return db->wal_pages;
}

bool database_checkpoint(struct database *db)
{
    int result = sqlite3_wal_checkpoint_v2(db->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

    return result == SQLITE_OK || result == SQLITE_BUSY || fail(db);
}

bool database_add_to_log(struct database *db, int64_t id, struct slice records)
{
    sqlite3_stmt *s = db->statements[ADD_TO_LOG];

    return bind_number(s, 1, id) && bind_blob(s, 2, records) && run(db, s);
}

bool database_read_log(struct database *db, database_log_row *each, void *arg)
{
    sqlite3_stmt *s = db->statements[READ_LOG];

    while (sqlite3_step(s) == SQLITE_ROW) {
        if (!each(arg, sqlite3_column_int64(s, 0), column(s, 1)))
            break;
    }
    return finish(db, s);
}

bool database_cut_log(struct database *db, int64_t last_id)
{
    sqlite3_stmt *s = db->statements[CUT_LOG];

    return bind_number(s, 1, last_id) && run(db, s);
}

bool database_put_user(struct database *db, struct slice aor, int64_t max_bindings,
                       struct slice secrets)
{
    sqlite3_stmt *s = db->statements[PUT_USER];

    return bind_text(s, 1, aor) && bind_number(s, 2, max_bindings) && bind_blob(s, 3, secrets)
           && run(db, s);
}

bool database_stage_user(struct database *db, int64_t id, struct slice aor, int64_t max_bindings,
                         struct slice secrets)
{
    sqlite3_stmt *s = db->statements[STAGE_USER];

    return bind_number(s, 1, id) && bind_text(s, 2, aor) && bind_number(s, 3, max_bindings)
           && bind_blob(s, 4, secrets) && run(db, s);
}

bool database_seal_staged(struct database *db)
{
    return database_stage_user(db, 0, SLICE_NONE, 0, SLICE_NONE);
}

bool database_unstage_users(struct database *db, int64_t last_id)
{
    sqlite3_stmt *s = db->statements[UNSTAGE_USERS];

    return bind_number(s, 1, last_id) && run(db, s);
}

bool database_clear_staged(struct database *db)
{
    return run(db, db->statements[CLEAR_STAGED]);
}

bool database_finish_staged(struct database *db)
{
    sqlite3_stmt *s = db->statements[HAS_STAGED];
    bool is_empty = sqlite3_step(s) == SQLITE_DONE;

    if (!finish(db, s) || is_empty)
        return is_empty;
    if (database_begin(db, true) && run(db, db->statements[MOVE_STAGED])
        && database_clear_staged(db) && database_commit(db))
        return true;
    database_rollback(db);
    return false;
}

bool database_remove_user(struct database *db, struct slice aor)
{
    sqlite3_stmt *user = db->statements[REMOVE_USER];
    sqlite3_stmt *aliases = db->statements[REMOVE_ALIASES_OF];

    return bind_text(user, 1, aor) && run(db, user) && bind_text(aliases, 1, aor)
           && run(db, aliases);
}

bool database_put_alias(struct database *db, struct slice alias, struct slice aor)
{
    sqlite3_stmt *s = db->statements[PUT_ALIAS];

    return bind_text(s, 1, alias) && bind_text(s, 2, aor) && run(db, s);
}

bool database_remove_alias(struct database *db, struct slice alias)
{
    sqlite3_stmt *s = db->statements[REMOVE_ALIAS];

    return bind_text(s, 1, alias) && run(db, s);
}

bool database_read_users(struct database *db, database_user_row *each, void *arg)
{
    sqlite3_stmt *s = db->statements[READ_USERS];

    while (sqlite3_step(s) == SQLITE_ROW) {
        if (!each(arg, column(s, 0), sqlite3_column_int64(s, 1), column(s, 2)))
            break;
    }
    return finish(db, s);
}

bool database_read_aliases(struct database *db, database_alias_row *each, void *arg)
{
    sqlite3_stmt *s = db->statements[READ_ALIASES];

    while (sqlite3_step(s) == SQLITE_ROW) {
        if (!each(arg, column(s, 0), column(s, 1)))
            break;
    }
    return finish(db, s);
}

bool database_keep(struct database *db, enum database_kind kind, const char *name,
                   struct slice value)
{
    sqlite3_stmt *s = db->statements[KEEP];

    return bind_number(s, 1, kind) && bind_text(s, 2, slice_of(name)) && bind_blob(s, 3, value)
           && run(db, s);
}

bool database_read_kept(struct database *db, enum database_kind kind, const char *name, bool *found,
                        struct buffer *out)
{
    sqlite3_stmt *s = db->statements[READ_KEPT];

    if (!bind_number(s, 1, kind) || !bind_text(s, 2, slice_of(name)))
        return false;
    *found = sqlite3_step(s) == SQLITE_ROW;
    if (*found)
        buffer_add(out, column(s, 0));
    return finish(db, s);
}
