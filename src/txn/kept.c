/*
 * The one message that a transaction keeps in order to send it again. All of a table's count
 * against settings.max_message_bytes.
 */
#include "txn/txn.h"

enum { MAX_WASTE = 256 }; /* more unused bytes than these are given back */

static void overwrite(struct txn *t, struct slice message)
{
    memmove(t->kept, message.ptr, message.len);
    t->kept_len = (uint32_t)message.len;
}

static bool may_grow(const struct txn *t, size_t bytes)
{
    const struct txn_table *table = t->table;
    size_t of_others = table->kept_bytes - t->kept_size;

    return bytes <= UINT32_MAX && of_others <= table->settings.max_message_bytes
           && bytes <= table->settings.max_message_bytes - of_others;
}

/* Of a client, its route lies before the message. */
static size_t route_bytes(const struct txn *t)
{
    return t->is_server ? 0 : txn_route_size(t->table);
}

static const void *route_before(const struct txn *t)
{
    return t->kept != NULL ? t->kept - route_bytes(t) : NULL;
}

static bool keep_anew(struct txn *t, const void *route, struct slice message)
{
    size_t before = route_bytes(t);
    char *block = NULL;

    if (may_grow(t, message.len))
        block = cells_take(&t->table->messages, before + message.len);
    if (block == NULL)
        return false;
    if (before > 0)
        memcpy(block, route, t->table->settings.route_bytes);
    memcpy(block + before, message.ptr, message.len);
    txn_drop_kept(t);
    t->kept = block + before;
    t->kept_len = t->kept_size = (uint32_t)message.len;
    t->table->kept_bytes += t->kept_size;
    return true;
}

bool txn_keep(struct txn *t, const void *route, struct slice message)
{
    bool fits = t->kept != NULL && message.len <= t->kept_size;
    bool is_tight = fits && t->kept_size - message.len <= MAX_WASTE;

    if (!is_tight && keep_anew(t, route != NULL ? route : route_before(t), message))
        return true;
    if (fits)
        overwrite(t, message);
    return fits;
}

void txn_drop_kept(struct txn *t)
{
    if (t->kept == NULL)
        return;
    cells_give_back(&t->table->messages, t->kept - route_bytes(t), route_bytes(t) + t->kept_size);
    t->table->kept_bytes -= t->kept_size;
    t->kept = NULL;
    t->kept_len = t->kept_size = 0;
}

const void *txn_route(const struct txn *t)
{
    return t->is_server ? txn_server_of(t)->route : route_before(t);
}
