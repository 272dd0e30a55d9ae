/*
 * The SQLite database: all SQL of the store is behind these functions. A connection belongs to one
 * thread at a time. What returns false has left `database_complaint` behind.
 */
#ifndef TCHIN_STORE_DATABASE_H
#define TCHIN_STORE_DATABASE_H

#include "base/buffer.h"

struct database;

/* Opens it and brings its tables up to date. NULL: `fault` says why. */
struct database *database_open(const char *path, struct buffer *fault) MUST_USE;
void database_close(struct database *db);

/* SQLite's words for the last failure. */
const char *database_complaint(struct database *db);

/*
 * A transaction. Once committed it survives the death of the process, a durable one the plug too.
 * A commit that fails has been rolled back.
 */
bool database_begin(struct database *db, bool is_durable) MUST_USE;
bool database_commit(struct database *db) MUST_USE;
void database_rollback(struct database *db);

/* Pages in the write-ahead log, as of the last commit. */
int database_wal_pages(struct database *db);

/* Copies the write-ahead log into the database as far as nobody else is in the way. */
bool database_checkpoint(struct database *db) MUST_USE;

/* Called for each row of a table until it says false. */
typedef bool database_log_row(void *arg, int64_t id, struct slice records);
typedef bool database_user_row(void *arg, struct slice aor, int64_t max_bindings,
                               struct slice secrets);
typedef bool database_alias_row(void *arg, struct slice alias, struct slice aor);

/* The log of bindings: rows in the order of their ids. */
bool database_add_to_log(struct database *db, int64_t id, struct slice records) MUST_USE;
bool database_read_log(struct database *db, database_log_row *each, void *arg) MUST_USE;
bool database_cut_log(struct database *db,
                      int64_t last_id) MUST_USE; /* removes it and older ones */

bool database_put_user(struct database *db, struct slice aor, int64_t max_bindings,
                       struct slice secrets) MUST_USE;

/*
 * Users staged by ids from 1 on, over many transactions, and sealed when they are all there: what
 * is sealed will be in the table of users, what is not will not. Finishing is a transaction of its
 * own, and nothing where nothing is staged.
 */
bool database_stage_user(struct database *db, int64_t id, struct slice aor, int64_t max_bindings,
                         struct slice secrets) MUST_USE;
bool database_seal_staged(struct database *db) MUST_USE;
bool database_unstage_users(struct database *db, int64_t last_id) MUST_USE; /* not the seal */
bool database_clear_staged(struct database *db) MUST_USE;
bool database_finish_staged(struct database *db) MUST_USE;

bool database_remove_user(struct database *db, struct slice aor) MUST_USE; /* with aliases */
bool database_put_alias(struct database *db, struct slice alias, struct slice aor) MUST_USE;
bool database_remove_alias(struct database *db, struct slice alias) MUST_USE;
bool database_read_users(struct database *db, database_user_row *each, void *arg) MUST_USE;
bool database_read_aliases(struct database *db, database_alias_row *each, void *arg) MUST_USE;

/* Single values under a name. */
enum database_kind { DATABASE_SECRET = 1, DATABASE_REMEMBERED = 2 };
bool database_keep(struct database *db, enum database_kind kind, const char *name,
                   struct slice value) MUST_USE;

/* `found`: there is one; then it is added to `out`. */
bool database_read_kept(struct database *db, enum database_kind kind, const char *name, bool *found,
                        struct buffer *out) MUST_USE;

#endif
