/* Opening, closing, and the few values that are kept under a name. */
#include "store/store.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "store/database.h"
#include "store/folder.h"
#include "store/inside.h"
#include "store/user_load.h"

static enum err open_all(struct store *store, uint64_t now_ms, struct buffer *fault);
static void give_back(struct store *store);

struct store *store_open(const struct store_settings *settings, uint64_t now_ms, enum err *err,
                         struct buffer *fault)
{
    struct store *store = calloc(1, sizeof(*store));

    *err = ERR_MEMORY;
    if (store != NULL) {
        store->settings = *settings;
        store->lock_fd = -1;
        pthread_mutex_init(&store->users_change, NULL);
        *err = open_all(store, now_ms, fault);
        if (*err == ERR_NONE)
            return store;
        give_back(store);
    }
    if (fault->len == 0)
        buffer_printf(fault, "cannot use %s: %s", settings->folder, err_text(*err));
    return NULL;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    writer_stop(store);
    checkpoint_stop(&store->checkpoint);
    give_back(store);
}

static void give_back(struct store *store)
{
    pthread_mutex_destroy(&store->users_change);
    batch_fini(&store->batch);
    unwritten_fini(&store->unwritten);
    index_fini(&store->index);
    user_table_fini(&store->users);
    database_close(store->db);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store);
}

static bool fill_randomly(void *out, size_t count)
{
    char *to = out;

    while (count > 0) {
        ssize_t got = getrandom(to, count < 256 ? count : 256, 0);
        if (got <= 0)
            return false;
        to += got;
        count -= (size_t)got;
    }
    return true;
}

/* One key, so that who asks both for a name need not hash it twice. */
static enum err make_tables(struct store *store)
{
    struct hash_key key;

    if (!fill_randomly(&key, sizeof(key)))
        return ERR_IO;
    index_init(&store->index, &key);
    user_table_init(&store->users, &key);
    bool has_memory = batch_init(&store->batch)
                      && (!store_is_relaxed(store) || unwritten_init(&store->unwritten));
    return has_memory ? ERR_NONE : ERR_MEMORY;
}

static enum err load_bindings(struct store *store, uint64_t now_ms, const char *path,
                              struct buffer *fault)
{
    enum err err =
        location_log_load(&store->log, store->db, &store->index, now_ms, store->settings.log);

    if (err != ERR_NONE)
        buffer_printf(fault, "cannot read %s: %s", path,
                      err == ERR_IO ? database_complaint(store->db) : err_text(err));
    return err;
}

static enum err load(struct store *store, uint64_t now_ms, const char *path, struct buffer *fault)
{
    struct user_load users;

    if (!user_load_start(&users, store, path))
        return ERR_MEMORY;
    enum err of_bindings = load_bindings(store, now_ms, path, fault);
    enum err of_users = user_load_wait(&users, fault);
    return of_bindings != ERR_NONE ? of_bindings : of_users;
}

static enum err start(struct store *store, uint64_t now_ms, const char *path, struct buffer *fault)
{
    enum err err = checkpoint_start(&store->checkpoint, path, fault);

    if (err != ERR_NONE)
        return err;
    if (writer_start(store, now_ms))
        return ERR_NONE;
    checkpoint_stop(&store->checkpoint);
    return ERR_MEMORY;
}

static enum err open_all(struct store *store, uint64_t now_ms, struct buffer *fault)
{
    const char *folder = store->settings.folder;
    char path[FOLDER_MAX_PATH];
    enum err err = make_tables(store);

    if (err == ERR_NONE)
        err = folder_lock(folder, &store->lock_fd, fault);
    if (err != ERR_NONE)
        return err;
    if (!folder_path(folder, "tchin.db", path))
        return ERR_MALFORMED;
    err = folder_make_file(path, fault);
    if (err != ERR_NONE)
        return err;
    store->db = database_open(path, fault);
    if (store->db == NULL)
        return ERR_IO;
    if (!database_finish_staged(store->db)) {
        buffer_printf(fault, "cannot write to %s: %s", path, database_complaint(store->db));
        return ERR_IO;
    }
    err = load(store, now_ms, path, fault);
    return err == ERR_NONE ? start(store, now_ms, path, fault) : err;
}

/* Values under a name: rare, and read from the database each time. */

static enum err keep(struct store *store, enum database_kind kind, const char *name,
                     struct slice value)
{
    if (database_begin(store->db, true) && database_keep(store->db, kind, name, value)
        && database_commit(store->db))
        return ERR_NONE;
    database_rollback(store->db);
    return ERR_IO;
}

struct secret {
    const char *name;
    void *out;
    size_t count;
};

static enum err read_or_make_secret(struct store *store, void *arg)
{
    struct secret *secret = arg;
    struct buffer out = buffer_over(secret->out, secret->count);
    bool found = false;

    if (!database_read_kept(store->db, DATABASE_SECRET, secret->name, &found, &out))
        return ERR_IO;
    if (found)
        return out.len == secret->count ? ERR_NONE : ERR_MALFORMED;
    if (!fill_randomly(secret->out, secret->count))
        return ERR_IO;
    return keep(store, DATABASE_SECRET, secret->name, (struct slice){secret->out, secret->count});
}

enum err store_secret(struct store *store, const char *name, void *out, size_t count)
{
    struct secret secret = {name, out, count};

    return writer_do(store, read_or_make_secret, &secret);
}

struct memory {
    const char *name;
    struct slice value;
    struct buffer *out;
};

static enum err recall(struct store *store, void *arg)
{
    struct memory *memory = arg;
    bool found = false;

    if (!database_read_kept(store->db, DATABASE_REMEMBERED, memory->name, &found, memory->out))
        return ERR_IO;
    return found && !memory->out->overflowed ? ERR_NONE : ERR_ABSENT;
}

bool store_remembered(struct store *store, const char *name, struct buffer *out)
{
    struct memory memory = {.name = name, .out = out};

    return writer_do(store, recall, &memory) == ERR_NONE;
}

static enum err remember(struct store *store, void *arg)
{
    const struct memory *memory = arg;

    return keep(store, DATABASE_REMEMBERED, memory->name, memory->value);
}

enum err store_remember(struct store *store, const char *name, struct slice value)
{
    struct memory memory = {.name = name, .value = value};

    return writer_do(store, remember, &memory);
}
