/*
 * Level 0 has a slot for each of the next 64 milliseconds, level 1 one for each of the next 64
 * times 64, and so on: two years in six levels. A timer lies in the lowest level whose window,
 * aligned to its own size, holds both it and the present; when the present enters a slot of a
 * higher level, that slot's timers move down. The highest level alone is a ring.
 *
 * But protocols wait for the same few times again and again. What waits as long as others before it
 * is due after them: it joins them in a line, and need not be moved until it is due.
 */
#include "base/timer_wheel.h"

#include <stddef.h>

#include "base/macros.h"

enum { SLOT_BITS = 6, SLOT_MASK = TIMER_WHEEL_SLOTS - 1 };

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms)
{
    for (int level = 0; level < TIMER_WHEEL_LEVELS; level++) {
        for (int slot = 0; slot < TIMER_WHEEL_SLOTS; slot++)
            list_init(&wheel->slots[level][slot]);
        wheel->occupied[level] = 0;
    }
    for (int i = 0; i < TIMER_WHEEL_LINES; i++) {
        list_init(&wheel->lines[i].timers);
        wheel->lines[i].first_ms = TIMER_NEVER;
    }
    list_init(&wheel->due);
    wheel->now_ms = now_ms;
}

void timer_init(struct timer *timer)
{
    list_init(&timer->node);
    timer->due_ms = TIMER_NEVER;
}

static void place(struct timer_wheel *wheel, struct timer *timer)
{
    uint64_t due_ms = timer->due_ms;

    if (due_ms <= wheel->now_ms) {
        list_add(&wheel->due, &timer->node);
        return;
    }
    int level = (63 - __builtin_clzll(due_ms ^ wheel->now_ms)) / SLOT_BITS;
    if (level >= TIMER_WHEEL_LEVELS) { /* across the end of the highest window, or years ahead */
        level = TIMER_WHEEL_LEVELS - 1;
        uint64_t farthest_ms = wheel->now_ms + ((uint64_t)SLOT_MASK << (level * SLOT_BITS));
        due_ms = due_ms < farthest_ms ? due_ms : farthest_ms; /* looked at again then */
    }
    unsigned slot = (unsigned)(due_ms >> (level * SLOT_BITS)) & SLOT_MASK;
    list_add(&wheel->slots[level][slot], &timer->node);
    wheel->occupied[level] |= 1ULL << slot;
}

/*
 * False: those in the line wait for another time. There are so many lines that the times of RFC
 * 3261 17 have one each.
 */
static bool join_line(struct timer_wheel *wheel, struct timer *timer)
{
    uint64_t wait_ms = timer->due_ms - wheel->now_ms;
    struct timer_line *line = &wheel->lines[wait_ms % TIMER_WHEEL_LINES];

    if (list_is_empty(&line->timers)) {
        line->wait_ms = wait_ms;
        line->first_ms = timer->due_ms;
    }
    if (line->wait_ms != wait_ms)
        return false;
    list_add(&line->timers, &timer->node);
    return true;
}

void timer_set(struct timer_wheel *wheel, struct timer *timer, uint64_t due_ms)
{
    list_remove(&timer->node);
    timer->due_ms = due_ms;
    if (due_ms <= wheel->now_ms || !join_line(wheel, timer))
        place(wheel, timer);
}

void timer_clear(struct timer *timer)
{
    list_remove(&timer->node);
    timer->due_ms = TIMER_NEVER;
}

bool timer_is_set(const struct timer *timer)
{
    return !list_is_empty(&timer->node);
}

/* The start of the first occupied slot after the present in `level`. */
static uint64_t next_slot_ms(struct timer_wheel *wheel, int level)
{
    unsigned shift = (unsigned)level * SLOT_BITS;
    unsigned current = (unsigned)(wheel->now_ms >> shift) & SLOT_MASK;

    while (wheel->occupied[level] != 0) {
        uint64_t bits = wheel->occupied[level];
        uint64_t turned = current == 0 ? bits : (bits >> current) | (bits << (64 - current));
        unsigned distance = (unsigned)__builtin_ctzll(turned);
        unsigned slot = (current + distance) & SLOT_MASK;

        if (list_is_empty(&wheel->slots[level][slot])) {
            wheel->occupied[level] &= ~(1ULL << slot);
            continue;
        }
        return ((wheel->now_ms >> shift) + distance) << shift;
    }
    return TIMER_NEVER;
}

static uint64_t next_of_lines_ms(const struct timer_wheel *wheel)
{
    uint64_t next_ms = TIMER_NEVER;

    for (int i = 0; i < TIMER_WHEEL_LINES; i++) {
        const struct timer_line *line = &wheel->lines[i];
        if (!list_is_empty(&line->timers) && line->first_ms < next_ms)
            next_ms = line->first_ms;
    }
    return next_ms;
}

uint64_t timer_wheel_next_ms(struct timer_wheel *wheel)
{
    uint64_t next_ms = next_of_lines_ms(wheel);

    if (!list_is_empty(&wheel->due))
        return wheel->now_ms;
    for (int level = 0; level < TIMER_WHEEL_LEVELS; level++) {
        uint64_t slot_ms = next_slot_ms(wheel, level);
        if (slot_ms < next_ms)
            next_ms = slot_ms;
    }
    return next_ms;
}

static struct timer *timer_of(struct list_node *node)
{
    return CONTAINER_OF(node, struct timer, node);
}

static void take_from_line(struct timer_wheel *wheel, struct timer_line *line)
{
    while (!list_is_empty(&line->timers)) {
        struct timer *first = timer_of(line->timers.next);
        line->first_ms = first->due_ms;
        if (first->due_ms > wheel->now_ms)
            return;
        list_remove(&first->node);
        list_add(&wheel->due, &first->node);
    }
}

/* The present reaches `now_ms`, where a line has its first or a slot of some levels begins. */
static void enter(struct timer_wheel *wheel, uint64_t now_ms)
{
    wheel->now_ms = now_ms;
    for (int i = 0; i < TIMER_WHEEL_LINES; i++) {
        if (wheel->lines[i].first_ms <= now_ms)
            take_from_line(wheel, &wheel->lines[i]);
    }
    for (int level = TIMER_WHEEL_LEVELS - 1; level >= 0; level--) {
        unsigned slot = (unsigned)(now_ms >> (level * SLOT_BITS)) & SLOT_MASK;
        struct list_node moving;
        struct list_node *node;

        if ((wheel->occupied[level] & 1ULL << slot) == 0)
            continue;
        wheel->occupied[level] &= ~(1ULL << slot);
        list_init(&moving);
        list_move_all(&wheel->slots[level][slot], &moving);
        while ((node = list_take_first(&moving)) != NULL)
            place(wheel, timer_of(node));
    }
}

struct timer *timer_wheel_take(struct timer_wheel *wheel, uint64_t now_ms)
{
    struct list_node *node;

    while ((node = list_take_first(&wheel->due)) == NULL) {
        uint64_t next_ms = timer_wheel_next_ms(wheel);
        if (next_ms > now_ms) {
            if (now_ms > wheel->now_ms)
                enter(wheel, now_ms);
            return NULL;
        }
        enter(wheel, next_ms);
    }
    struct timer *timer = timer_of(node);
    timer->due_ms = TIMER_NEVER;
    return timer;
}
