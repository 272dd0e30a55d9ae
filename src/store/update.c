/* The object, its bindings, and behind them the bytes that their slices point to. */
#include "store/update.h"

#include <stdlib.h>

static size_t bytes_of(const struct binding *b)
{
    return b->contact.len + b->params.len + b->call_id.len + b->path.len + b->flow.len
           + b->user_agent.len;
}

static size_t bytes_behind(const struct location_changes *changes)
{
    size_t bytes = changes->aor.len + changes->call_id.len;

    for (size_t i = 0; i < changes->count; i++)
        bytes += sizeof(struct binding) + bytes_of(&changes->items[i]);
    return bytes;
}

/* Copies to *end what the slice points to, and lets it point there. */
static void move_slice(struct slice *slice, char **end)
{
    if (slice->len > 0)
        memcpy(*end, slice->ptr, slice->len);
    slice->ptr = *end;
    *end += slice->len;
}

static void move_binding(struct binding *binding, char **end)
{
    move_slice(&binding->contact, end);
    move_slice(&binding->params, end);
    move_slice(&binding->call_id, end);
    move_slice(&binding->path, end);
    move_slice(&binding->flow, end);
    move_slice(&binding->user_agent, end);
}

struct update *update_new(const struct location_changes *changes)
{
    struct update *update = malloc(sizeof(*update) + bytes_behind(changes));

    if (update == NULL)
        return NULL;
    *update = (struct update){.changes = *changes};

    struct binding *items = (struct binding *)(update + 1);
    char *end = (char *)(items + changes->count);
    if (changes->count > 0)
        memcpy(items, changes->items, changes->count * sizeof(*items));
    for (size_t i = 0; i < changes->count; i++)
        move_binding(&items[i], &end);
    move_slice(&update->changes.aor, &end);
    move_slice(&update->changes.call_id, &end);
    update->changes.items = items;
    return update;
}
