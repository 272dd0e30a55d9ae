/* Every row is held against what the table may hold, whoever wrote it. */
#include "store/user_load.h"

#include "store/database.h"
#include "store/inside.h"

struct loading {
    struct store *store;
    enum err err;
};

static void skip_row(struct store *store, const char *table, struct slice name)
{
    if (store->settings.log != NULL)
        LOG_NOW(store->settings.log, LOG_ERROR, "a damaged row was skipped",
                {"table", slice_of(table)}, {"name", name});
}

static bool take_entry(struct loading *load, struct user_entry *entry)
{
    struct user_table *users = &load->store->users;

    if (entry == NULL || !user_table_make_ready(users, user_entry_name(entry))) {
        load->err = ERR_MEMORY;
        user_entry_free(entry);
        return false;
    }
    user_table_put(users, entry);
    return true;
}

static bool load_user(void *arg, struct slice aor, int64_t max_bindings, struct slice secrets)
{
    struct loading *load = arg;
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
    struct loading *load = arg;
    const struct user_entry *user = user_table_find(&load->store->users, aor);

    if (alias.len == 0 || alias.len > USER_MAX_NAME || user == NULL || user->target_len > 0
        || user_table_find(&load->store->users, alias) != NULL) {
        skip_row(load->store, "alias", alias);
        return true;
    }
    return take_entry(load, user_entry_new_alias(alias, aor));
}

enum err user_load(struct store *store)
{
    struct loading load = {store, ERR_NONE};

    if (!database_read_users(store->db, load_user, &load))
        return ERR_IO;
    if (load.err == ERR_NONE && !database_read_aliases(store->db, load_alias, &load))
        return ERR_IO;
    return load.err;
}
