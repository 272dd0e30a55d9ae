/* Entries hold secrets: they are wiped before their memory is given back. */
#include "store/user_table.h"

#include <stdlib.h>

/* From the beginning of an entry to the HA1s of MD5, behind a name of the usual length. */
enum { USUAL_LOGIN_BYTES = 128 };

static struct user_entry *entry_of(struct map_node *node)
{
    return CONTAINER_OF(node, struct user_entry, node);
}

static void free_entry(struct map_node *node)
{
    user_entry_free(entry_of(node));
}

void user_table_init(struct user_table *table, const struct hash_key *key)
{
    atomic_init(&table->user_count, 0);
    atomic_init(&table->alias_count, 0);
    shards_init(&table->shards, key);
}

bool user_table_make_ready(struct user_table *table, struct slice name)
{
    return shards_make_ready(&table->shards, shards_hash(&table->shards, name));
}

void user_table_fini(struct user_table *table)
{
    shards_fini(&table->shards, free_entry);
}

static struct user_entry *entry_new(struct slice name, struct slice rest)
{
    struct user_entry *entry = malloc(sizeof(*entry) + name.len + rest.len);

    if (entry == NULL)
        return NULL;
    *entry = (struct user_entry){.name_len = (uint16_t)name.len};
    memcpy(entry->bytes, name.ptr, name.len);
    memcpy(entry->bytes + name.len, rest.ptr, rest.len);
    return entry;
}

struct user_entry *user_entry_new(struct slice aor, uint16_t max_bindings,
                                  const struct user_secrets *secrets)
{
    struct user_entry *entry =
        entry_new(aor, (struct slice){(const char *)secrets, sizeof(*secrets)});

    if (entry != NULL)
        entry->max_bindings = max_bindings;
    return entry;
}

struct user_entry *user_entry_new_alias(struct slice alias, struct slice aor)
{
    struct user_entry *entry = entry_new(alias, aor);

    if (entry != NULL)
        entry->target_len = (uint16_t)aor.len;
    return entry;
}

void user_entry_free(struct user_entry *entry)
{
    if (entry != NULL && entry->target_len == 0)
        explicit_bzero(entry->bytes + entry->name_len, sizeof(struct user_secrets));
    free(entry);
}

struct slice user_entry_name(const struct user_entry *entry)
{
    return (struct slice){entry->bytes, entry->name_len};
}

struct slice user_entry_target(const struct user_entry *entry)
{
    return (struct slice){entry->bytes + entry->name_len, entry->target_len};
}

static struct user_entry *find_in(const struct shard *shard, struct slice name, uint64_t hash)
{
    for (struct map_node *n = shard_first(shard, hash); n != NULL; n = map_next(n)) {
        if (slice_equal(user_entry_name(entry_of(n)), name))
            return entry_of(n);
    }
    return NULL;
}

struct user_entry *user_table_find(struct user_table *table, struct slice name)
{
    uint64_t hash = shards_hash(&table->shards, name);

    return find_in(shards_of(&table->shards, hash), name, hash);
}

static void count(struct user_table *table, const struct user_entry *entry, size_t by)
{
    atomic_fetch_add(entry->target_len == 0 ? &table->user_count : &table->alias_count, by);
}

/* `old` leaves in the same moment, if it is not NULL. */
static void put(struct user_table *table, struct user_entry *entry, uint64_t hash,
                struct user_entry *old)
{
    struct shard *shard = shards_of(&table->shards, hash);

    pthread_mutex_lock(&shard->lock);
    if (old != NULL)
        map_remove(&shard->map, &old->node);
    bool added = map_add(&shard->map, &entry->node, hash);
    pthread_mutex_unlock(&shard->lock);

    if (old != NULL)
        count(table, old, (size_t)-1);
    if (added)
        count(table, entry, 1);
    user_entry_free(old);
}

void user_table_put(struct user_table *table, struct user_entry *entry)
{
    struct slice name = user_entry_name(entry);
    uint64_t hash = shards_hash(&table->shards, name);

    put(table, entry, hash, find_in(shards_of(&table->shards, hash), name, hash));
}

void user_table_put_new(struct user_table *table, struct user_entry *entry)
{
    put(table, entry, shards_hash(&table->shards, user_entry_name(entry)), NULL);
}

void user_table_remove(struct user_table *table, struct user_entry *entry)
{
    struct shard *shard = shards_of(&table->shards, entry->node.hash);

    pthread_mutex_lock(&shard->lock);
    map_remove(&shard->map, &entry->node);
    pthread_mutex_unlock(&shard->lock);
    count(table, entry, (size_t)-1);
    user_entry_free(entry);
}

/* The one HA1 alone: of an entry that has not been looked at for long, each line has to be fetched.
 */
static void copy_login(const struct user_entry *entry, struct user_ha1_choice choice,
                       struct user_login *out)
{
    size_t index = (size_t)choice.algorithm * USER_HA1_FORMS + choice.form;
    const char *secrets = entry->bytes + entry->name_len;

    out->hash = entry->node.hash;
    out->max_bindings = entry->max_bindings;
    memcpy(out->ha1, secrets + index * USER_HA1_BYTES, sizeof(out->ha1));
}

/* A table without names is that of a lab: it is asked for each REGISTER. */
static bool is_empty(struct user_table *table)
{
    return atomic_load_explicit(&table->user_count, memory_order_relaxed) == 0
           && atomic_load_explicit(&table->alias_count, memory_order_relaxed) == 0;
}

/* The shard of the name, locked, and the entry in it, or NULL. */
static struct shard *lock_shard(struct user_table *table, struct slice name, uint64_t hash,
                                const struct user_entry **entry)
{
    struct shard *shard = shards_of(&table->shards, hash);

    pthread_mutex_lock(&shard->lock);
    *entry = find_in(shard, name, hash);
    return shard;
}

void user_table_warm(struct user_table *table, uint64_t hash)
{
    struct shard *shard = shards_of(&table->shards, hash);

    pthread_mutex_lock(&shard->lock);
    if (shard->map.count > 0)
        map_warm_object(&shard->map, hash, USUAL_LOGIN_BYTES);
    pthread_mutex_unlock(&shard->lock);
}

bool user_table_copy_login(struct user_table *table, struct slice name, uint64_t hash,
                           struct user_ha1_choice choice, struct user_login *out)
{
    const struct user_entry *entry;
    struct shard *shard = lock_shard(table, name, hash, &entry);
    bool is_user = entry != NULL && entry->target_len == 0;

    if (is_user)
        copy_login(entry, choice, out);
    pthread_mutex_unlock(&shard->lock);
    return is_user;
}

bool user_table_copy_target(struct user_table *table, struct slice name, struct buffer *out)
{
    const struct user_entry *entry;

    if (is_empty(table))
        return false;
    struct shard *shard = lock_shard(table, name, shards_hash(&table->shards, name), &entry);
    if (entry != NULL)
        buffer_add(out, entry->target_len > 0 ? user_entry_target(entry) : name);
    pthread_mutex_unlock(&shard->lock);
    return entry != NULL;
}

void user_table_look_up(struct user_table *table, struct slice name, struct user_name *out)
{
    const struct user_entry *entry;

    out->hash = shards_hash(&table->shards, name);
    out->max_bindings = out->owner_len = 0;
    if (is_empty(table))
        return;
    struct shard *shard = lock_shard(table, name, out->hash, &entry);
    if (entry != NULL) {
        out->max_bindings = entry->max_bindings;
        out->owner_len = entry->target_len;
        if (entry->target_len > 0)
            memcpy(out->owner, user_entry_target(entry).ptr, entry->target_len);
    }
    pthread_mutex_unlock(&shard->lock);
}
