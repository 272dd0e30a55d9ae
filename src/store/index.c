/* A shard's lock is held for a look-up and a copy, never for anything that waits. */
#include "store/index.h"

#include <assert.h>
#include <stdlib.h>

static void free_record(struct map_node *node)
{
    free(index_record_of(node));
}

void index_init(struct index *index, const struct hash_key *key)
{
    atomic_init(&index->binding_count, 0);
    shards_init(&index->shards, key);
}

bool index_make_ready(struct index *index, uint64_t hash)
{
    return shards_make_ready(&index->shards, hash);
}

void index_fini(struct index *index)
{
    shards_fini(&index->shards, free_record);
}

void index_warm_bucket(struct index *index, uint64_t hash)
{
    const struct map *map = &shards_of(&index->shards, hash)->map;

    if (map->count > 0)
        map_warm_bucket(map, hash);
}

void index_warm_record(struct index *index, uint64_t hash)
{
    const struct map *map = &shards_of(&index->shards, hash)->map;

    if (map->count > 0)
        map_warm_node(map, hash);
}

static void count_out(struct index *index, const struct record *record)
{
    index->aor_count--;
    atomic_fetch_sub(&index->binding_count, record_binding_count(record_bytes(record)));
}

void index_put(struct index *index, struct record *record, uint64_t hash)
{
    struct shard *shard = shards_of(&index->shards, hash);
    struct record *old = index_find(index, record_aor(record_bytes(record)), hash);
    size_t bindings = record_binding_count(record_bytes(record));

    if (old != NULL) {
        map_remove(&shard->map, &old->node);
        count_out(index, old);
        free(old);
    }
    bool stays = bindings > 0 || record->note > 0;
    if (stays && map_add(&shard->map, &record->node, hash)) {
        index->aor_count++;
        atomic_fetch_add(&index->binding_count, bindings);
    } else {
        free(record);
    }
}

void index_overwrite(struct index *index, struct record *record, struct slice packed)
{
    size_t before = record_binding_count(record_bytes(record));
    size_t now = record_binding_count(packed);

    assert(packed.len == record->len && now > 0);
    memcpy(record->packed, packed.ptr, packed.len);
    if (now != before)
        atomic_fetch_add(&index->binding_count, now - before);
}

bool index_copy(struct index *index, struct slice aor, struct arena *arena, struct slice *out)
{
    uint64_t hash = shards_hash(&index->shards, aor);

    index_lock(index, hash);
    const struct record *record = index_find(index, aor, hash);
    *out = SLICE_NONE;
    bool copied = record == NULL || arena_copy(arena, record_bytes(record), out);
    index_unlock(index, hash);
    return copied;
}

static bool copy_all(const struct shard *shard, struct arena *arena, struct slice **out,
                     size_t *count)
{
    struct slice *copies = arena_alloc(arena, shard->map.count * sizeof(*copies));
    size_t done = 0;

    if (copies == NULL)
        return false;
    for (struct map_node *n = shard_walk(shard, NULL); n != NULL; n = shard_walk(shard, n)) {
        if (!arena_copy(arena, record_bytes(index_record_of(n)), &copies[done++]))
            return false;
    }
    *out = copies;
    *count = done;
    return true;
}

bool index_copy_shard(struct index *index, size_t shard, struct arena *arena, struct slice **out,
                      size_t *count)
{
    struct shard *from = &index->shards.all[shard];

    pthread_mutex_lock(&from->lock);
    bool copied = copy_all(from, arena, out, count);
    pthread_mutex_unlock(&from->lock);
    return copied;
}

static void take_out(struct index *index, struct record *record)
{
    map_remove(&shards_of(&index->shards, record->node.hash)->map, &record->node);
    count_out(index, record);
}

void index_drop(struct index *index, struct record *record)
{
    uint64_t hash = record->node.hash;

    index_lock(index, hash);
    take_out(index, record);
    index_unlock(index, hash);
    free(record);
}

static void drop_if_over(struct index *index, struct record *record, uint64_t now_ms)
{
    uint64_t hash = record->node.hash;

    index_lock(index, hash);
    bool goes = record->note == 0 && record_is_over(record_bytes(record), now_ms);
    if (goes)
        take_out(index, record);
    index_unlock(index, hash);
    if (goes)
        free(record);
}

/* The database needs no word of it: what is over counts for nothing when it is read again. */
void index_sweep(struct index *index, uint64_t now_ms)
{
    struct shard *shard = &index->shards.all[index->next_to_sweep];
    struct map_node *node = shard_walk(shard, NULL);

    index->next_to_sweep = (index->next_to_sweep + 1) % SHARD_COUNT;
    while (node != NULL) {
        struct record *record = index_record_of(node);
        node = shard_walk(shard, node);
        drop_if_over(index, record, now_ms);
    }
}
