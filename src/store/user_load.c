/* Every row is held against what the table may hold, whoever wrote it. */
#include "store/user_load.h"

#include "store/database.h"
#include "store/inside.h"

static void skip_row(struct store *store, const char *table, struct slice name)
{
    if (store->settings.log != NULL)
        LOG_NOW(store->settings.log, LOG_ERROR, "a damaged row was skipped",
                {"table", slice_of(table)}, {"name", name});
}

static int compare(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* The rows come in the order of their names: one beyond all before it need not be looked for. */
static void put(struct user_load *load, struct user_entry *entry)
{
    struct slice name = user_entry_name(entry);
    int order = compare(name, load->largest);

    if (order >= 0) /* if they are equal, the other one leaves */
        load->largest = name;
    if (order > 0)
        user_table_put_new(&load->store->users, entry);
    else
        user_table_put(&load->store->users, entry);
}

static bool take_entry(struct user_load *load, struct user_entry *entry)
{
    if (entry == NULL || !user_table_make_ready(&load->store->users, user_entry_name(entry))) {
        load->err = ERR_MEMORY;
        user_entry_free(entry);
        return false;
    }
    put(load, entry);
    return true;
}

static bool load_user(void *arg, struct slice aor, int64_t max_bindings, struct slice secrets)
{
    struct user_load *load = arg;
    struct user_secrets copy;

    if (aor.len == 0 || aor.len > USER_MAX_NAME || max_bindings < 0 || max_bindings > UINT16_MAX
        || secrets.len != sizeof(copy)) {
        skip_row(load->store, "user", aor);
        return true;
    }
    memcpy(&copy, secrets.ptr, sizeof(copy));
    return take_entry(load, user_entry_new(aor, (uint16_t)max_bindings, &copy));
}

static bool load_alias(void *arg, struct slice alias, struct slice aor)
{
    struct user_load *load = arg;
    const struct user_entry *user = user_table_find(&load->store->users, aor);

    if (alias.len == 0 || alias.len > USER_MAX_NAME || user == NULL || user->target_len > 0
        || user_table_find(&load->store->users, alias) != NULL) {
        skip_row(load->store, "alias", alias);
        return true;
    }
    return take_entry(load, user_entry_new_alias(alias, aor));
}

static void read_tables(struct user_load *load, struct database *db)
{
    bool done = database_read_users(db, load_user, load)
                && (load->err != ERR_NONE || database_read_aliases(db, load_alias, load));

    if (!done)
        load->err = ERR_IO;
    if (load->err != ERR_NONE)
        buffer_printf(&load->fault, "cannot read %s: %s", load->path,
                      done ? err_text(load->err) : database_complaint(db));
}

static void *run(void *arg)
{
    struct user_load *load = arg;
    struct database *db = database_open(load->path, &load->fault);

    if (db != NULL)
        read_tables(load, db);
    else
        load->err = ERR_IO;
    database_close(db);
    return NULL;
}

bool user_load_start(struct user_load *load, struct store *store, const char *path)
{
    *load = (struct user_load){.store = store, .path = path};
    load->fault = buffer_over(load->fault_text, sizeof(load->fault_text));
    return pthread_create(&load->thread, NULL, run, load) == 0;
}

enum err user_load_wait(struct user_load *load, struct buffer *fault)
{
    pthread_join(load->thread, NULL);
    if (fault->len == 0)
        buffer_add(fault, buffer_slice(&load->fault));
    return load->err;
}
