/*
 * Slots, by which transactions are named. The name (txn_id) is the number of the slot, with the
 * generation of the slot above it; a slot that becomes free goes on to its next generation, so
 * that no name is ever used again.
 */
#include <stdlib.h>

#include "txn/txn.h"

enum { FIRST_SLOTS = 64 };

static const uint32_t no_slot = UINT32_MAX;

static uint32_t number_of(txn_id id)
{
    return (uint32_t)id;
}

static void make_free(struct txn_table *table, uint32_t number)
{
    table->slots[number].next_free = table->first_free;
    table->first_free = number;
}

/*
 * One that was never used, of twice as many as before: how many there may be is up to
 * settings.max_transactions. Memory that is not used yet is not touched either.
 */
static bool add_slot(struct txn_table *table)
{
    if (table->slot_count == table->slot_room) {
        uint32_t room = table->slot_room == 0 ? FIRST_SLOTS : 2 * table->slot_room;
        struct txn_slot *slots = NULL;
        if (room > table->slot_room)
            slots = realloc(table->slots, room * sizeof(*slots));
        if (slots == NULL)
            return false;
        table->slots = slots;
        table->slot_room = room;
    }
    table->slots[table->slot_count] = (struct txn_slot){.generation = 1};
    make_free(table, table->slot_count++);
    return true;
}

void txn_slots_init(struct txn_table *table)
{
    table->first_free = no_slot;
}

bool txn_slot_take(struct txn_table *table, struct txn *t)
{
    if (table->first_free == no_slot && !add_slot(table))
        return false;
    uint32_t number = table->first_free;
    struct txn_slot *slot = &table->slots[number];

    table->first_free = slot->next_free;
    slot->txn = t;
    t->branch_slot = number;
    t->id = txn_slot_id(table, number);
    return true;
}

txn_id txn_slot_id(const struct txn_table *table, uint32_t number)
{
    return (txn_id)table->slots[number].generation << 32 | number;
}

/* A slot that has had all its generations is not used any more. */
static void free_if_unused(struct txn_table *table, uint32_t number)
{
    struct txn_slot *slot = &table->slots[number];

    if (slot->txn != NULL || slot->cancel != NULL || slot->generation == UINT32_MAX)
        return;
    slot->generation++;
    make_free(table, number);
}

void txn_slot_give_back(struct txn *t)
{
    struct txn_table *table = t->table;

    table->slots[number_of(t->id)].txn = NULL;
    free_if_unused(table, number_of(t->id));
    if (t->branch_slot != number_of(t->id)) {
        table->slots[t->branch_slot].cancel = NULL;
        free_if_unused(table, t->branch_slot);
    }
}

bool txn_slot_share(struct txn *invite, struct txn *cancel)
{
    struct txn_slot *slot = &invite->table->slots[number_of(invite->id)];

    if (invite->is_put_aside || slot->cancel != NULL)
        return false;
    slot->cancel = cancel;
    cancel->branch_slot = number_of(invite->id);
    return true;
}

const struct txn_slot *txn_slot_find(const struct txn_table *table, txn_id id)
{
    uint32_t number = number_of(id);

    if (number >= table->slot_count || table->slots[number].generation != id >> 32)
        return NULL;
    return &table->slots[number];
}

struct txn *txn_table_find(struct txn_table *table, txn_id id)
{
    const struct txn_slot *slot = txn_slot_find(table, id);

    return slot != NULL ? slot->txn : NULL;
}

void txn_table_warm_server(const struct txn_table *table, txn_id id)
{
    const struct txn_slot *slot = txn_slot_find(table, id);

    if (slot != NULL && slot->txn != NULL)
        prefetch_bytes(txn_server_of(slot->txn), table->servers.object_bytes);
}
