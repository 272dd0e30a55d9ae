/* The database itself: no server runs, and its lock sees to it that none starts meanwhile. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "store/location_remove.h"
#include "tools/keeper.h"

enum {
    ARENA_CHUNK = 1 << 16,
    ARENA_MAX = 1 << 24,
    NO_LIMIT = 1000000000, /* limits are the server's: it is the one that knows its settings */
};

struct keeper_store {
    struct keeper keeper;
    struct log log;
    struct store *store;
};

static struct store *store_of(struct keeper *keeper)
{
    return CONTAINER_OF(keeper, struct keeper_store, keeper)->store;
}

static uint64_t wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* As the server says it: "alice@example.org: it exists already". */
static bool conclude(struct slice name, enum err err, struct buffer *fault)
{
    if (err != ERR_NONE)
        buffer_printf(fault, "%.*s: %s", SLICE_ARGS(name), err_text(err));
    return err == ERR_NONE;
}

static bool add_user(struct keeper *keeper, const struct user *user, struct buffer *fault)
{
    struct slice aor = {user->aor, user->aor_len};

    return conclude(aor, user_add(store_of(keeper), user), fault);
}

static bool change_user(struct keeper *keeper, const struct user *user, struct buffer *fault)
{
    struct slice aor = {user->aor, user->aor_len};

    return conclude(aor, user_change(store_of(keeper), user), fault);
}

static bool remove_user(struct keeper *keeper, struct slice aor, struct buffer *fault)
{
    return conclude(aor, user_remove(store_of(keeper), aor), fault);
}

static bool import_users(struct keeper *keeper, const struct user *users, size_t count,
                         struct buffer *fault)
{
    return conclude(SLICE("import"), user_import(store_of(keeper), users, count), fault);
}

static bool list_users(struct keeper *keeper, keeper_each_user *each, void *arg,
                       struct buffer *fault)
{
    return conclude(SLICE("list"), user_walk(store_of(keeper), each, arg) ? ERR_NONE : ERR_MEMORY,
                    fault);
}

static bool add_alias(struct keeper *keeper, struct slice alias, struct slice aor,
                      struct buffer *fault)
{
    enum err err = user_add_alias(store_of(keeper), alias, aor);

    return conclude(err == ERR_ABSENT ? aor : alias, err, fault);
}

static bool remove_alias(struct keeper *keeper, struct slice alias, struct buffer *fault)
{
    return conclude(alias, user_remove_alias(store_of(keeper), alias), fault);
}

struct listing {
    keeper_each_binding *each;
    void *arg;
    uint64_t now_ms;
    bool is_complete;
};

static bool pass_bindings(void *arg, struct slice aor, const struct binding_list *bindings)
{
    struct listing *listing = arg;

    for (size_t i = 0; i < bindings->count && listing->is_complete; i++) {
        const struct binding *from = &bindings->items[i];
        const struct keeper_binding to = {
            .aor = aor,
            .contact = from->contact,
            .params = from->params,
            .path = from->path,
            .call_id = from->call_id,
            .user_agent = from->user_agent,
            .cseq = from->cseq,
            .q_thousandths = from->q_thousandths,
            .expires_s = (from->expires_at_ms - listing->now_ms) / 1000,
        };
        listing->is_complete = listing->each(listing->arg, &to);
    }
    return listing->is_complete;
}

/* Of an alias, the user's own name: under that the bindings are. */
static struct slice name_of_user(struct keeper *keeper, struct slice aor, struct buffer *out)
{
    return user_resolve(store_of(keeper), aor, out) ? buffer_slice(out) : aor;
}

static bool list_bindings_of(struct keeper *keeper, struct slice aor, struct listing *listing)
{
    char text[USER_MAX_NAME];
    struct buffer name = buffer_over(text, sizeof(text));
    struct arena *arena = arena_new(ARENA_CHUNK, ARENA_MAX);
    struct binding_list bindings;

    aor = name_of_user(keeper, aor, &name);
    bool ok = arena != NULL
              && location_find(store_of(keeper), aor, listing->now_ms, arena, &bindings)
              && pass_bindings(listing, aor, &bindings);
    arena_free(arena);
    return ok;
}

static bool list_bindings(struct keeper *keeper, struct slice aor, keeper_each_binding *each,
                          void *arg, struct buffer *fault)
{
    struct listing listing = {each, arg, wall_ms(), true};
    bool ok = aor.len > 0
                  ? list_bindings_of(keeper, aor, &listing)
                  : location_walk(store_of(keeper), listing.now_ms, pass_bindings, &listing);

    return conclude(SLICE("list"), ok && listing.is_complete ? ERR_NONE : ERR_MEMORY, fault);
}

static bool remove_bindings(struct keeper *keeper, struct slice aor, struct buffer *fault)
{
    char text[USER_MAX_NAME];
    struct buffer name = buffer_over(text, sizeof(text));

    aor = name_of_user(keeper, aor, &name);
    return conclude(aor, location_remove_all(store_of(keeper), aor, wall_ms()), fault);
}

static void close_store(struct keeper *keeper)
{
    store_close(store_of(keeper));
    free(CONTAINER_OF(keeper, struct keeper_store, keeper));
}

static const struct keeper_ways ways = {
    .add_user = add_user,
    .change_user = change_user,
    .remove_user = remove_user,
    .import_users = import_users,
    .list_users = list_users,
    .add_alias = add_alias,
    .remove_alias = remove_alias,
    .list_bindings = list_bindings,
    .remove_bindings = remove_bindings,
    .close = close_store,
};

struct keeper *keeper_store_open(const char *folder, enum err *err, struct buffer *fault)
{
    struct keeper_store *k = calloc(1, sizeof(*k));

    *err = ERR_MEMORY;
    if (k == NULL) {
        buffer_add_text(fault, err_text(*err));
        return NULL;
    }
    *k = (struct keeper_store){
        .keeper.ways = &ways, .log = {.fd = STDERR_FILENO, .level = LOG_WARNING}
    };
    const struct store_settings settings = {.folder = folder,
                                            .durability = STORE_POWER,
                                            .log = &k->log,
                                            .max_bindings = NO_LIMIT,
                                            .max_users = NO_LIMIT};
    k->store = store_open(&settings, wall_ms(), err, fault);
    if (k->store != NULL)
        return &k->keeper;
    free(k);
    return NULL;
}
