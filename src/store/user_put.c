/*
 * Adding and changing users. A few are one transaction. Many are cut into slices, between which the
 * writer thread commits what else has come: they are judged, then staged in a table of their own,
 * and once all are there a seal on it, the one commit that waits for the disk, decides that they
 * are users. Should the end come before they have all been moved, the next start moves the rest.
 */
#include <stdlib.h>

#include "store/database.h"
#include "store/folder.h"
#include "store/user_change.h"

enum { SLICE_USERS = 128 };

struct put {
    const struct user *users;
    size_t count;
    size_t done; /* of the step under way */
    bool may_add;
    bool may_change;
    struct map_node *entries; /* linked by `next` until they are in the table */
    size_t added;
};

static struct slice name_of(const struct user *user)
{
    return (struct slice){user->aor, user->aor_len};
}

static struct slice secrets_of(const struct user *user)
{
    return (struct slice){(const char *)&user->secrets, sizeof(user->secrets)};
}

static enum err make_entry(struct store *store, struct put *put, const struct user *user)
{
    struct slice name = name_of(user);

    if (!user_is_name(name))
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

/* Where the slice that begins at `done` ends. */
static size_t end_of_slice(const struct put *put)
{
    size_t left = put->count - put->done;

    return put->done + (left < SLICE_USERS ? left : SLICE_USERS);
}

/* From the last to the first, so that the table sees them in their order. */
static enum err make_entries(struct store *store, void *arg)
{
    struct put *put = arg;
    size_t end = end_of_slice(put);
    enum err err = ERR_NONE;

    for (; put->done < end && err == ERR_NONE; put->done++)
        err = make_entry(store, put, &put->users[put->count - 1 - put->done]);
    return err;
}

static bool write_users(struct store *store, const struct put *put, size_t end)
{
    bool ok = true;

    for (size_t i = put->done; i < end && ok; i++) {
        const struct user *user = &put->users[i];
        ok = database_put_user(store->db, name_of(user), user->max_bindings, secrets_of(user));
    }
    return ok;
}

static struct user_entry *take_entry(struct put *put)
{
    struct map_node *node = put->entries;

    if (node == NULL)
        return NULL;
    put->entries = node->next;
    return CONTAINER_OF(node, struct user_entry, node);
}

static void free_entries(struct put *put)
{
    struct user_entry *entry;

    while ((entry = take_entry(put)) != NULL)
        user_entry_free(entry);
}

/* As many as one slice holds. */
static enum err put_few(struct store *store, void *arg)
{
    struct put *put = arg;
    enum err err = make_entries(store, put);

    put->done = 0;
    if (err == ERR_NONE)
        err = user_conclude(store,
                            database_begin(store->db, true) && write_users(store, put, put->count));
    for (size_t i = 0; i < put->count && err == ERR_NONE; i++)
        user_table_put(&store->users, take_entry(put));
    free_entries(put);
    return err;
}

enum err user_add(struct store *store, const struct user *user)
{
    struct put put = {.users = user, .count = 1, .may_add = true};

    return user_do(store, put_few, &put);
}

enum err user_change(struct store *store, const struct user *user)
{
    struct put put = {.users = user, .count = 1, .may_change = true};

    return user_do(store, put_few, &put);
}

/* Many. Row `id` of the staged is user `id - 1`. */

static enum err stage_slice(struct store *store, void *arg)
{
    struct put *put = arg;
    size_t end = end_of_slice(put);
    bool ok =
        database_begin(store->db, false) && (put->done > 0 || database_clear_staged(store->db));

    for (; put->done < end && ok; put->done++) {
        const struct user *user = &put->users[put->done];
        ok = database_stage_user(store->db, (int64_t)put->done + 1, name_of(user),
                                 user->max_bindings, secrets_of(user));
    }
    return user_conclude(store, ok);
}

static enum err seal(struct store *store, void *arg)
{
    (void)arg;
    return user_conclude(store, database_begin(store->db, true) && database_seal_staged(store->db));
}

/* What cannot be written now stays staged: they are users all the same. */
static enum err move_slice(struct store *store, void *arg)
{
    struct put *put = arg;
    size_t end = end_of_slice(put);

    if (!store->has_unfinished_import
        && user_conclude(store, database_begin(store->db, false) && write_users(store, put, end)
                                    && database_unstage_users(store->db, (int64_t)end))
               != ERR_NONE)
        store->has_unfinished_import = true;
    for (; put->done < end; put->done++)
        user_table_put(&store->users, take_entry(put));
    return ERR_NONE;
}

static enum err clear_stage(struct store *store, void *arg)
{
    (void)arg;
    if (store->has_unfinished_import)
        return ERR_NONE;
    enum err err =
        user_conclude(store, database_begin(store->db, false) && database_clear_staged(store->db));
    store->has_unfinished_import = err != ERR_NONE;
    return ERR_NONE;
}

static enum err in_slices(struct store *store, writer_work *work, struct put *put)
{
    enum err err = ERR_NONE;

    for (put->done = 0; put->done < put->count && err == ERR_NONE;)
        err = writer_do(store, work, put);
    return err;
}

/* The disk is waited for here, so that the writer thread finds little to wait for. */
static enum err sync_staged(struct store *store)
{
    char path[FOLDER_MAX_PATH];

    if (!folder_path(store->settings.folder, "tchin.db-wal", path))
        return ERR_MALFORMED;
    return folder_sync_file(path) ? ERR_NONE : ERR_IO;
}

static enum err put_many(struct store *store, struct put *put)
{
    enum err err = in_slices(store, make_entries, put);

    if (err == ERR_NONE)
        err = in_slices(store, stage_slice, put);
    if (err == ERR_NONE)
        err = sync_staged(store);
    if (err == ERR_NONE)
        err = writer_do(store, seal, NULL);
    if (err != ERR_NONE) {
        free_entries(put);
        return err;
    }
    (void)in_slices(store, move_slice, put);
    return writer_do(store, clear_stage, NULL);
}

enum err user_import(struct store *store, const struct user *users, size_t count)
{
    struct put put = {.users = users, .count = count, .may_add = true, .may_change = true};

    if (count <= SLICE_USERS)
        return user_do(store, put_few, &put);
    enum err err = user_begin_changes(store);
    if (err == ERR_NONE)
        err = put_many(store, &put);
    user_end_changes(store);
    return err;
}
