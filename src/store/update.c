/*
 * What a REGISTER asks for is packed as the record that it makes where it is the only one, which is
 * nearly always: then nothing is packed or copied any more.
 */
#include "store/update.h"

#include <stdlib.h>

static struct binding_list list_of(const struct location_changes *changes)
{
    return (struct binding_list){(struct binding *)changes->items, changes->count};
}

size_t location_update_bytes(const struct location_changes *changes)
{
    const struct binding_list list = list_of(changes);
    size_t bytes = record_size(changes->aor, &list);

    return bytes > 0 ? bytes + changes->call_id.len : 0;
}

void location_update_init(struct location_update *update, const struct location_changes *changes,
                          uint64_t now_ms, char *memory, size_t bytes)
{
    const struct binding_list list = list_of(changes);
    size_t record_bytes = bytes - changes->call_id.len;
    char *call_id = memory + record_bytes;

    record_write(changes->aor, &list, memory);
    if (changes->call_id.len > 0)
        memcpy(call_id, changes->call_id.ptr, changes->call_id.len);
    *update = (struct location_update){
        .wanted = {memory,  record_bytes        },
        .call_id = {call_id, changes->call_id.len},
        .hash = changes->hash,
        .cseq = changes->cseq,
        .removes_all = changes->removes_all,
        .max_bindings = changes->max_bindings,
        .now_ms = now_ms,
    };
}

void location_update_fini(struct location_update *update)
{
    free(update->merged);
    update->merged = NULL;
}

struct slice location_update_aor(const struct location_update *update)
{
    return record_aor(update->wanted);
}

bool location_update_list(const struct location_update *update, uint64_t now_ms,
                          struct arena *arena, struct binding_list *out)
{
    *out = (struct binding_list){0};
    return update->result.len == 0 || record_list(update->result, now_ms, arena, out);
}

bool update_unpack(const struct location_update *update, struct arena *arena,
                   struct location_changes *out)
{
    struct binding_list list;

    if (!record_list_all(update->wanted, arena, &list))
        return false;
    *out = (struct location_changes){
        .aor = location_update_aor(update),
        .items = list.items,
        .count = list.count,
        .removes_all = update->removes_all,
        .call_id = update->call_id,
        .cseq = update->cseq,
        .max_bindings = update->max_bindings,
    };
    return true;
}
