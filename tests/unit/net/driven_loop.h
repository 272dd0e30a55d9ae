/*
 * A real loop that runs until a test has seen what it waits for, or until it has waited too long.
 * Claims are checked after it has run: an assertion inside a callback would jump out of the loop.
 */
#ifndef TCHIN_TESTS_DRIVEN_LOOP_H
#define TCHIN_TESTS_DRIVEN_LOOP_H

#include <stdlib.h>

#include "base/timer_wheel.h"
#include "check.h"
#include "net/loop.h"

struct driven {
    struct net_loop *loop;
    bool (*is_done)(void *test); /* looked at when a turn ends */
    void (*flush)(void *test);   /* may be NULL */
    void *test;
    uint64_t until_ms;
    uint64_t wake_ms;   /* what turn_ends says; TIMER_NEVER */
    uint64_t begins_ms; /* of the last turn */
    size_t begun;
    size_t ended;
};

static inline void driven_turn_begins(void *host, uint64_t now_ms)
{
    struct driven *driven = host;

    driven->begins_ms = now_ms;
    driven->begun++;
}

static inline uint64_t driven_turn_ends(void *host, uint64_t now_ms)
{
    struct driven *driven = host;

    driven->ended++;
    if (driven->flush != NULL)
        driven->flush(driven->test);
    if (driven->is_done(driven->test) || now_ms >= driven->until_ms)
        net_loop_stop(driven->loop);
    return driven->wake_ms < driven->until_ms ? driven->wake_ms : driven->until_ms;
}

/* Zeroed memory that outlives the test function, as what check_later is handed must. */
static inline void *driven_memory(size_t bytes)
{
    void *memory = calloc(1, bytes);

    CHECK_MADE(memory);
    check_later(free, memory);
    return memory;
}

static inline void driven_free(void *loop)
{
    net_loop_free(loop);
}

static inline void driven_start(struct driven *driven, void *test, bool (*is_done)(void *test),
                                void (*flush)(void *test))
{
    static const struct net_loop_host host = {driven_turn_begins, driven_turn_ends};

    *driven =
        (struct driven){.test = test, .is_done = is_done, .flush = flush, .wake_ms = TIMER_NEVER};
    driven->loop = net_loop_new(&host, driven);
    CHECK_MADE(driven->loop);
    check_later(driven_free, driven->loop);
}

/* False: it did not come to pass within `limit_ms`. */
static inline bool driven_run(struct driven *driven, uint32_t limit_ms)
{
    driven->until_ms = net_loop_now_ms(driven->loop) + limit_ms;
    net_loop_wake_at(driven->loop, 0); /* or it would sleep as long as the last run told it to */
    net_loop_run(driven->loop);
    return driven->is_done(driven->test);
}

static inline bool driven_never(void *test)
{
    (void)test;
    return false;
}

#endif
