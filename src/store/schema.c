/*
 * PRAGMA user_version counts the steps that have been taken; each is a transaction of its own, and
 * none is ever edited once it was released: a new version appends a step.
 */
#include "store/schema.h"

#include <stdio.h>

enum { APPLICATION_ID = 0x5443484e }; /* "TCHN", for file(1) and for us */

static const char *const steps[] = {
    "PRAGMA application_id = 1413695566;"
    "CREATE TABLE kept (kind INTEGER NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL,"
    "  PRIMARY KEY (kind, name)) WITHOUT ROWID;"
    "CREATE TABLE user (aor TEXT PRIMARY KEY NOT NULL, max_bindings INTEGER NOT NULL,"
    "  secrets BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE alias (alias TEXT PRIMARY KEY NOT NULL, aor TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE location_log (id INTEGER PRIMARY KEY, records BLOB NOT NULL);",

    /* Of users on their way into their table; a row 0 says that they are all here. */
    ("CREATE TABLE import (id INTEGER PRIMARY KEY, aor TEXT NOT NULL,"
     "  max_bindings INTEGER NOT NULL, secrets BLOB NOT NULL);"),

    /* Records of version 2 (store/record.h) may follow, which an earlier tchind took for damaged.
     */
    "SELECT 1;",
};

static bool read_number(sqlite3 *sqlite, const char *sql, int *out)
{
    sqlite3_stmt *statement = NULL;
    bool got = sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL) == SQLITE_OK
               && sqlite3_step(statement) == SQLITE_ROW;

    if (got)
        *out = sqlite3_column_int(statement, 0);
    return sqlite3_finalize(statement) == SQLITE_OK && got;
}

static bool take_step(sqlite3 *sqlite, int version, struct buffer *fault)
{
    char set_version[64];

    snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d", version + 1);
    if (sqlite3_exec(sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK
        && sqlite3_exec(sqlite, steps[version], NULL, NULL, NULL) == SQLITE_OK
        && sqlite3_exec(sqlite, set_version, NULL, NULL, NULL) == SQLITE_OK
        && sqlite3_exec(sqlite, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return true;
    buffer_add_text(fault, sqlite3_errmsg(sqlite));
    if (sqlite3_get_autocommit(sqlite) == 0)
        sqlite3_exec(sqlite, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

/* Empty, or made by us and not by a later version of us. */
static bool is_ours(sqlite3 *sqlite, int *version, struct buffer *fault)
{
    int application_id = 0;
    int tables = 0;

    if (!read_number(sqlite, "PRAGMA application_id", &application_id)
        || !read_number(sqlite, "PRAGMA user_version", version)
        || !read_number(sqlite, "SELECT count(*) FROM sqlite_schema", &tables)) {
        buffer_add_text(fault, sqlite3_errmsg(sqlite));
        return false;
    }
    if (application_id != APPLICATION_ID && (tables > 0 || *version != 0)) {
        buffer_add_text(fault, "it is a database of another program");
        return false;
    }
    if (*version < 0 || *version > (int)ARRAY_LEN(steps)) {
        buffer_printf(fault, "a newer tchind wrote it (its version is %d, ours %zu)", *version,
                      ARRAY_LEN(steps));
        return false;
    }
    return true;
}

bool schema_bring_up_to_date(sqlite3 *sqlite, struct buffer *fault)
{
    int version = 0;

    if (!is_ours(sqlite, &version, fault))
        return false;
    for (; version < (int)ARRAY_LEN(steps); version++) {
        if (!take_step(sqlite, version, fault))
            return false;
    }
    return true;
}
