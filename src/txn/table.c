/* The table: its settings, its life and its turns. */
#include <assert.h>
#include <stdlib.h>

#include "txn/txn.h"

struct txn_settings txn_default_settings(void)
{
    return (struct txn_settings){
        .t1_ms = 500,
        .t2_ms = 4000,
        .t4_ms = 5000,
        .trying_ms = 200,
        .max_transactions = 500000,
        .max_message_bytes = (size_t)512 << 20,
    };
}

struct txn_table *txn_table_new(const struct txn_settings *settings, const struct txn_host *host,
                                void *host_arg, uint64_t now_ms)
{
    struct txn_table *table = calloc(1, sizeof(*table));

    assert(settings->t1_ms > 0 && settings->t2_ms > 0);
    if (table == NULL)
        return NULL;
    table->settings = *settings;
    table->host = *host;
    table->host_arg = host_arg;
    table->now_ms = now_ms;
    pool_init(&table->clients, sizeof(struct txn));
    pool_init(&table->servers, sizeof(struct txn_server) + txn_route_size(table));
    cells_init(&table->messages);
    txn_branches_init(table);
    txn_slots_init(table);
    timer_wheel_init(&table->wheel, now_ms);
    list_init(&table->put_aside);
    if (!map_init(&table->by_key, settings->max_transactions)) {
        txn_table_free(table);
        return NULL;
    }
    return table;
}

static void free_what_ended(struct txn_table *table)
{
    struct list_node *node;

    while ((node = list_take_first(&table->put_aside)) != NULL) {
        txn_free(CONTAINER_OF(node, struct txn, timer.node));
    }
}

void txn_table_free(struct txn_table *table)
{
    if (table == NULL)
        return;
    for (uint32_t slot = 0; slot < table->slot_count; slot++) {
        if (table->slots[slot].txn != NULL)
            txn_put_aside(table->slots[slot].txn);
    }
    free_what_ended(table);
    pool_fini(&table->clients);
    pool_fini(&table->servers);
    cells_fini(&table->messages);
    map_fini(&table->by_key);
    free(table->slots);
    free(table);
}

void txn_table_turn(struct txn_table *table, uint64_t now_ms)
{
    struct timer *timer;

    free_what_ended(table);
    if (now_ms > table->now_ms)
        table->now_ms = now_ms;
    for (int i = 0; i < TXN_MAX_WAKES; i++) {
        if ((timer = timer_wheel_take(&table->wheel, table->now_ms)) == NULL)
            return;
        txn_wake(CONTAINER_OF(timer, struct txn, timer));
    }
}

uint64_t txn_table_next_ms(struct txn_table *table)
{
    return timer_wheel_next_ms(&table->wheel);
}

size_t txn_table_count(const struct txn_table *table)
{
    return table->count;
}
