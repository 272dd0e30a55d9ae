/*
 * Each change is a job of the writer thread: checked against the table, written in a durable
 * transaction, and only then seen in the table. What needs memory takes it before the commit.
 */
#include "store/user.h"

#include <stdlib.h>

#include "store/database.h"
#include "store/inside.h"

bool user_find(struct store *store, struct slice aor, struct user *out)
{
    return user_table_copy_user(&store->users, aor, out);
}

bool user_resolve(struct store *store, struct slice aor, struct buffer *out)
{
    return user_table_copy_target(&store->users, aor, out);
}

uint16_t user_max_bindings(struct store *store, struct slice aor)
{
    return user_table_max_bindings(&store->users, aor);
}

size_t user_count(struct store *store)
{
    return atomic_load(&store->users.user_count);
}

static bool is_name(struct slice name)
{
    return name.len > 0 && name.len <= USER_MAX_NAME;
}

static struct slice name_of(const struct user *user)
{
    return (struct slice){user->aor, user->aor_len};
}

/* Ends the transaction that `is_written` speaks of. */
static enum err conclude(struct store *store, bool is_written)
{
    if (is_written && database_commit(store->db))
        return ERR_NONE;
    database_rollback(store->db);
    writer_complain(store, "users could not be written", database_complaint(store->db));
    return ERR_IO;
}

/* Adding and changing: one user or many. */

struct put {
    const struct user *users;
    size_t count;
    bool may_add;
    bool may_change;
    struct map_node *entries; /* linked by `next` until they are in the table */
    size_t added;
};

static enum err make_entry(struct store *store, struct put *put, const struct user *user)
{
    struct slice name = name_of(user);

    if (!is_name(name))
        return ERR_MALFORMED;

    const struct user_entry *old = user_table_find(&store->users, name);
    if (old == NULL && !put->may_add)
        return ERR_ABSENT;
    if (old != NULL && old->target_len > 0)
        return put->may_add ? ERR_EXISTS : ERR_ABSENT;
    if (old != NULL && !put->may_change)
        return ERR_EXISTS;
    if (old == NULL && user_count(store) + ++put->added > store->settings.max_users)
        return ERR_FULL;

    if (!user_table_make_ready(&store->users, name))
        return ERR_MEMORY;
    struct user_entry *entry = user_entry_new(name, user->max_bindings, &user->secrets);
    if (entry == NULL)
        return ERR_MEMORY;
    entry->node.next = put->entries;
    put->entries = &entry->node;
    return ERR_NONE;
}

static enum err write_users(struct store *store, const struct put *put)
{
    bool ok = database_begin(store->db, true);

    for (size_t i = 0; i < put->count && ok; i++) {
        const struct user *user = &put->users[i];
        struct slice secrets = {(const char *)&user->secrets, sizeof(user->secrets)};
        ok = database_put_user(store->db, name_of(user), user->max_bindings, secrets);
    }
    return conclude(store, ok);
}

static struct user_entry *take_entry(struct put *put)
{
    struct map_node *node = put->entries;

    if (node == NULL)
        return NULL;
    put->entries = node->next;
    return CONTAINER_OF(node, struct user_entry, node);
}

/* Made from the last to the first, so that the table sees them in their order. */
static enum err put_users(struct store *store, void *arg)
{
    struct put *put = arg;
    enum err err = ERR_NONE;

    for (size_t i = put->count; i-- > 0 && err == ERR_NONE;)
        err = make_entry(store, put, &put->users[i]);
    if (err == ERR_NONE)
        err = write_users(store, put);

    struct user_entry *entry;
    while ((entry = take_entry(put)) != NULL) {
        if (err == ERR_NONE)
            user_table_put(&store->users, entry);
        else
            user_entry_free(entry);
    }
    return err;
}

enum err user_add(struct store *store, const struct user *user)
{
    struct put put = {.users = user, .count = 1, .may_add = true};

    return writer_do(store, put_users, &put);
}

enum err user_change(struct store *store, const struct user *user)
{
    struct put put = {.users = user, .count = 1, .may_change = true};

    return writer_do(store, put_users, &put);
}

enum err user_import(struct store *store, const struct user *users, size_t count)
{
    struct put put = {.users = users, .count = count, .may_add = true, .may_change = true};

    return writer_do(store, put_users, &put);
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
    err = conclude(store, ok);
    location_log_settle(&store->log, err == ERR_NONE);
    if (err != ERR_NONE) {
        free(record);
        return err;
    }
    index_put(&store->index, record, shards_hash(&store->index.shards, aor));
    remove_aliases(&store->users, aor);
    user_table_remove(&store->users, entry);
    return ERR_NONE;
}

enum err user_remove(struct store *store, struct slice aor)
{
    return writer_do(store, remove_user, &aor);
}

/* Aliases. */

struct alias {
    struct slice name;
    struct slice aor;
};

static enum err check_alias(struct store *store, const struct alias *alias)
{
    const struct user_entry *user = user_table_find(&store->users, alias->aor);

    if (!is_name(alias->name))
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
    err = conclude(store, database_begin(store->db, true)
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

    return writer_do(store, add_alias, &wanted);
}

static enum err remove_alias(struct store *store, void *arg)
{
    struct slice name = *(const struct slice *)arg;
    struct user_entry *entry = user_table_find(&store->users, name);

    if (entry == NULL || entry->target_len == 0)
        return ERR_ABSENT;
    enum err err =
        conclude(store, database_begin(store->db, true) && database_remove_alias(store->db, name));
    if (err == ERR_NONE)
        user_table_remove(&store->users, entry);
    return err;
}

enum err user_remove_alias(struct store *store, struct slice alias)
{
    return writer_do(store, remove_alias, &alias);
}
