/*
 * Timers in a hierarchical wheel: setting and clearing one costs the same however many there are,
 * and least where many are to wait equally long. The wheel knows no clock and calls nobody; its
 * owner asks what is due.
 */
#ifndef TCHIN_BASE_TIMER_WHEEL_H
#define TCHIN_BASE_TIMER_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

enum { TIMER_WHEEL_LEVELS = 6, TIMER_WHEEL_SLOTS = 64, TIMER_WHEEL_LINES = 13 };

#define TIMER_NEVER UINT64_MAX

/* Inside the object that waits. Initialised by timer_init, or it must not be cleared. */
struct timer {
    struct list_node node;
    uint64_t due_ms;
};

/* Timers that wait equally long, in the order in which they are due. */
struct timer_line {
    struct list_node timers;
    uint64_t wait_ms;
    uint64_t first_ms; /* before it none of them is due */
};

struct timer_wheel {
    struct list_node slots[TIMER_WHEEL_LEVELS][TIMER_WHEEL_SLOTS];
    uint64_t occupied[TIMER_WHEEL_LEVELS]; /* a bit a slot; may be set for an emptied one */
    struct timer_line lines[TIMER_WHEEL_LINES];
    struct list_node due;
    uint64_t now_ms;
};

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms);

void timer_init(struct timer *timer);

/* Sets it, or sets it anew. A time not in the future is due at once. */
void timer_set(struct timer_wheel *wheel, struct timer *timer, uint64_t due_ms);

/* Harmless when it is not set. */
void timer_clear(struct timer *timer);

bool timer_is_set(const struct timer *timer);

/* Takes one timer out that is due at `now_ms`, earlier ones first. NULL: no more. */
struct timer *timer_wheel_take(struct timer_wheel *wheel, uint64_t now_ms);

/* When to come back: not later than the first timer is due. TIMER_NEVER: none is set. */
uint64_t timer_wheel_next_ms(struct timer_wheel *wheel);

#endif
