/*
 * As malloc counts it: what was asked for, rounded up, with its own words beside it. Of tables that
 * grow in steps each thing has its share, so there are many of a thing.
 */
#include "memory.h"

#include <malloc.h>
#include <sqlite3.h>
#include <stdio.h>

#include "peer.h"
#include "txn/table.h"
#include "virtual.h"
#include "world.h"

enum {
    MANY = 4000,
    BINDINGS = 31250, /* fill a table of 32,768 as a million fills one of 2^20 */
    AT_A_TIME = 1250,
    LIFE_MS = 40000, /* by then all transactions are over: 64*T1 after the answer */
};

static struct datagrams next;

/* SQLite's page cache has a size of its own, whatever is stored. */
static size_t bytes_held(void)
{
    struct mallinfo2 heap = mallinfo2();

    return heap.uordblks + heap.hblkhd - (size_t)sqlite3_memory_used();
}

static void print_each(const char *name, size_t before, size_t count)
{
    size_t now = bytes_held();

    printf("%s %zu\n", name, now > before ? (now - before + count / 2) / count : 0);
}

/* So many at most end in a turn, and are freed in the next. */
static void let_all_end(void)
{
    virtual_now_ms += LIFE_MS;
    for (int turns = 2 * MANY / TXN_MAX_WAKES + 2; turns > 0; turns--)
        world_turn(&next);
}

/* The callees' answers to all that they have been sent. */
static void answer_all(const char *status)
{
    for (size_t i = 0; i < stand_in_sent.count; i++) {
        if (slice_starts_with(datagram_text(&stand_in_sent.items[i]), SLICE("MESSAGE ")))
            peer_answer(&next, &stand_in_sent.items[i], status);
    }
}

static void register_many(unsigned first, unsigned count)
{
    for (unsigned phone = first; phone < first + count; phone++)
        peer_register(&next, phone, 1, "");
    world_turn(&next);
    world_let_store_work();
    world_expect(count, "SIP/2.0 200 OK\r\n");
}

static void send_messages(unsigned first_call, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        peer_message(&next, i % USERS, USERS - 1 - i % USERS, first_call + i);
    world_turn(&next);
    world_expect(count, "MESSAGE ");
}

static void print_message(void)
{
    size_t before = bytes_held();

    send_messages(1, MANY);
    print_each("memory-message-pending", before, MANY);
    answer_all("200 OK");
    world_turn(&next);
    world_expect(MANY, "SIP/2.0 200 OK\r\n");
    print_each("memory-message-answered", before, MANY);
    let_all_end();
    print_each("memory-message-over", before, MANY);
}

static void print_binding(void)
{
    size_t before = bytes_held();

    for (unsigned i = 0; i < BINDINGS; i += AT_A_TIME) {
        register_many(USERS + i, AT_A_TIME);
        let_all_end();
    }
    print_each("memory-binding", before, BINDINGS);
}

void memory_print(void)
{
    world_begin(&(struct world_settings){.durability = STORE_PROCESS});
    register_many(0, USERS);
    let_all_end();
    print_message();
    print_binding();
}
