/* Listing the users: the names are copied and sorted first, and no lock is held while they pass. */
#include <stdlib.h>

#include "store/inside.h"

struct listed {
    struct slice name;
    struct slice target;
};

struct listing {
    struct arena *arena;
    struct listed *items;
    size_t count;
    size_t max;
};

static bool make_room(struct listing *l)
{
    size_t max = l->max > 0 ? 2 * l->max : 1024;

    if (l->count < l->max)
        return true;
    struct listed *items = realloc(l->items, max * sizeof(*items));
    if (items == NULL)
        return false;
    l->items = items;
    l->max = max;
    return true;
}

static bool list_entry(struct listing *l, const struct user_entry *entry)
{
    if (!make_room(l))
        return false;

    struct listed *item = &l->items[l->count];
    if (!arena_copy(l->arena, user_entry_name(entry), &item->name)
        || !arena_copy(l->arena, user_entry_target(entry), &item->target))
        return false;
    l->count++;
    return true;
}

static bool list_shard(struct listing *l, struct shard *shard)
{
    bool ok = true;

    pthread_mutex_lock(&shard->lock);
    struct map_node *n = shard_walk(shard, NULL);
    for (; n != NULL && ok; n = shard_walk(shard, n))
        ok = list_entry(l, CONTAINER_OF(n, struct user_entry, node));
    pthread_mutex_unlock(&shard->lock);
    return ok;
}

static int compare(const void *a, const void *b)
{
    struct slice left = ((const struct listed *)a)->name;
    struct slice right = ((const struct listed *)b)->name;
    int order = memcmp(left.ptr, right.ptr, left.len < right.len ? left.len : right.len);

    return order != 0 ? order : (left.len > right.len) - (left.len < right.len);
}

bool user_walk(struct store *store, user_each *each, void *arg)
{
    struct listing l = {.arena = arena_new(1 << 16, SIZE_MAX)};
    bool ok = l.arena != NULL;

    for (size_t i = 0; i < SHARD_COUNT && ok; i++)
        ok = list_shard(&l, &store->users.shards.all[i]);
    if (ok && l.count > 0)
        qsort(l.items, l.count, sizeof(*l.items), compare);
    for (size_t i = 0; i < l.count && ok; i++) {
        if (!each(arg, l.items[i].name, l.items[i].target))
            break;
    }
    free(l.items);
    arena_free(l.arena);
    return ok;
}
