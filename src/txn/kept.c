/*
 * The one message that a transaction keeps in order to send it again. All of a table's count
 * against settings.max_message_bytes.
 */
#include <stdlib.h>

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

bool txn_keep(struct txn *t, struct slice message)
{
    bool fits = t->kept != NULL && message.len <= t->kept_size;

    if (!fits || t->kept_size - message.len > MAX_WASTE) {
        char *copy = may_grow(t, message.len) ? malloc(message.len) : NULL;
        if (copy != NULL) {
            memcpy(copy, message.ptr, message.len);
            txn_drop_kept(t);
            t->kept = copy;
            t->kept_len = t->kept_size = (uint32_t)message.len;
            t->table->kept_bytes += t->kept_size;
            return true;
        }
    }
    if (fits)
        overwrite(t, message);
    return fits;
}

void txn_drop_kept(struct txn *t)
{
    free(t->kept);
    t->table->kept_bytes -= t->kept_size;
    t->kept = NULL;
    t->kept_len = t->kept_size = 0;
}
