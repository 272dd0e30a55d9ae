/*
 * Each change is a job of the writer thread: checked against the table, written in a durable
 * transaction, and only then seen in the table. What needs memory takes it before the commit.
 * Adding and changing is in user_put.c.
 */
#include "store/user.h"

#include <stdlib.h>

#include "store/database.h"
#include "store/inside.h"
#include "store/user_change.h"

uint64_t user_warm_place(struct store *store, struct slice aor)
{
    uint64_t hash = shards_hash(&store->users.shards, aor);

    shards_warm(&store->users.shards, hash);
    return hash;
}

void user_warm(struct store *store, uint64_t hash)
{
    user_table_warm(&store->users, hash);
}

bool user_find_login(struct store *store, struct slice aor, uint64_t hash,
                     struct user_ha1_choice choice, struct user_login *out)
{
    if (hash == 0)
        hash = shards_hash(&store->users.shards, aor);
    return user_table_copy_login(&store->users, aor, hash, choice, out);
}

bool user_resolve(struct store *store, struct slice aor, struct buffer *out)
{
    return user_table_copy_target(&store->users, aor, out);
}

void user_look_up(struct store *store, struct slice aor, struct user_name *out)
{
    user_table_look_up(&store->users, aor, out);
}

size_t user_count(struct store *store)
{
    return atomic_load(&store->users.user_count);
}

/* Changes. */

static enum err finish_import(struct store *store, void *arg)
{
    (void)arg;
    if (store->has_unfinished_import && !database_finish_staged(store->db))
        return ERR_IO;
    store->has_unfinished_import = false;
    return ERR_NONE;
}

enum err user_begin_changes(struct store *store)
{
    pthread_mutex_lock(&store->users_change);
    return writer_do(store, finish_import, NULL);
}

void user_end_changes(struct store *store)
{
    pthread_mutex_unlock(&store->users_change);
}

enum err user_do(struct store *store, writer_work *work, void *arg)
{
    enum err err = user_begin_changes(store);

    if (err == ERR_NONE)
        err = writer_do(store, work, arg);
    user_end_changes(store);
    return err;
}

enum err user_conclude(struct store *store, bool is_written)
{
    if (is_written && database_commit(store->db))
        return ERR_NONE;
    database_rollback(store->db);
    writer_complain(store, "users could not be written", database_complaint(store->db));
    return ERR_IO;
}

/* Removing a user, with aliases and bindings. */

static void remove_aliases(struct user_table *table, struct slice aor)
{
    struct map_node *node = shards_walk(&table->shards, NULL);

    while (node != NULL) {
        struct user_entry *entry = CONTAINER_OF(node, struct user_entry, node);
        node = shards_walk(&table->shards, node);
        if (slice_equal(user_entry_target(entry), aor))
            user_table_remove(table, entry);
    }
}

/* `none` is written: whatever had yet to be, need not be any more. */
static void drop_bindings(struct store *store, struct record *none)
{
    struct slice aor = record_aor(record_bytes(none));
    uint64_t hash = shards_hash(&store->index.shards, aor);

    index_lock(&store->index, hash);
    struct record *record = index_find(&store->index, aor, hash);
    if (record != NULL)
        unwritten_forget(&store->unwritten, record);
    index_put(&store->index, none, hash);
    index_unlock(&store->index, hash);
}

static enum err remove_user(struct store *store, void *arg)
{
    static const struct binding_list none = {0};
    struct slice aor = *(const struct slice *)arg;
    struct user_entry *entry = user_table_find(&store->users, aor);
    struct record *record = NULL;

    if (entry == NULL || entry->target_len > 0)
        return ERR_ABSENT;
    enum err err = record_new(aor, &none, &record);
    if (err != ERR_NONE)
        return err;

    bool ok = database_begin(store->db, true) && database_remove_user(store->db, aor)
              && location_log_add(&store->log, record_bytes(record), &record->log_id)
              && location_log_flush(&store->log);
    err = user_conclude(store, ok);
    location_log_settle(&store->log, err == ERR_NONE);
    if (err != ERR_NONE) {
        free(record);
        return err;
    }
    drop_bindings(store, record);
    remove_aliases(&store->users, aor);
    user_table_remove(&store->users, entry);
    return ERR_NONE;
}

enum err user_remove(struct store *store, struct slice aor)
{
    return user_do(store, remove_user, &aor);
}

/* Aliases. */

struct alias {
    struct slice name;
    struct slice aor;
};

static enum err check_alias(struct store *store, const struct alias *alias)
{
    const struct user_entry *user = user_table_find(&store->users, alias->aor);

    if (!user_is_name(alias->name))
        return ERR_MALFORMED;
    if (user == NULL || user->target_len > 0)
        return ERR_ABSENT;
    if (user_table_find(&store->users, alias->name) != NULL)
        return ERR_EXISTS;
    bool is_full = atomic_load(&store->users.alias_count) >= store->settings.max_users;
    return is_full ? ERR_FULL : ERR_NONE;
}

static enum err add_alias(struct store *store, void *arg)
{
    const struct alias *alias = arg;
    enum err err = check_alias(store, alias);
    if (err != ERR_NONE)
        return err;

    if (!user_table_make_ready(&store->users, alias->name))
        return ERR_MEMORY;
    struct user_entry *entry = user_entry_new_alias(alias->name, alias->aor);
    if (entry == NULL)
        return ERR_MEMORY;
    err = user_conclude(store, database_begin(store->db, true)
                                   && database_put_alias(store->db, alias->name, alias->aor));
    if (err == ERR_NONE)
        user_table_put(&store->users, entry);
    else
        user_entry_free(entry);
    return err;
}

enum err user_add_alias(struct store *store, struct slice alias, struct slice aor)
{
    struct alias wanted = {alias, aor};

    return user_do(store, add_alias, &wanted);
}

static enum err remove_alias(struct store *store, void *arg)
{
    struct slice name = *(const struct slice *)arg;
    struct user_entry *entry = user_table_find(&store->users, name);

    if (entry == NULL || entry->target_len == 0)
        return ERR_ABSENT;
    enum err err = user_conclude(store, database_begin(store->db, true)
                                            && database_remove_alias(store->db, name));
    if (err == ERR_NONE)
        user_table_remove(&store->users, entry);
    return err;
}

enum err user_remove_alias(struct store *store, struct slice alias)
{
    return user_do(store, remove_alias, &alias);
}
