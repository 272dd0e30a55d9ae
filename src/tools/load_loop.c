/*
 * The loop of a load. A turn begins what is due, sends it, takes what has come, and runs the
 * timers: the clock is read when a message comes, and once a turn.
 */
#include <signal.h>

#include "tools/load_inside.h"

enum { LIVE_PATIENCE_NS = 100000000 };

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    is_interrupted = 1;
}

void load_watch_interrupt(void)
{
    const struct sigaction on_interrupt = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};

    is_interrupted = 0;
    (void)sigaction(SIGINT, &on_interrupt, NULL);
}

bool load_was_interrupted(void)
{
    return is_interrupted != 0;
}

static void begin_one(struct load *load, uint64_t due_ns)
{
    load->left--;
    load_caller_begin(load, due_ns);
}

static void begin_what_is_due(struct load *load)
{
    if (load->interval_ns == 0) {
        while (load->left > 0 && load->idle_count > 0)
            begin_one(load, load->now_ns);
        return;
    }
    while (load->left > 0 && load->next_ns <= (double)load->now_ns) {
        if (load->idle_count > 0) {
            begin_one(load, (uint64_t)load->next_ns);
        } else {
            load->left--;
            load->counts.skipped++;
        }
        load->next_ns += load->interval_ns;
    }
}

/* Until the next timer, or until something is to begin. */
static uint64_t patience(struct load *load, uint64_t until_ns)
{
    uint64_t callers_ms = timer_wheel_next_ms(&load->callers);
    uint64_t callees_ms = timer_wheel_next_ms(&load->callees);
    uint64_t first_ms = callers_ms < callees_ms ? callers_ms : callees_ms;
    uint64_t at_ns = load->now_ns + LIVE_PATIENCE_NS;

    if (first_ms < at_ns / 1000000)
        at_ns = first_ms * 1000000;
    if (load->left > 0 && load->interval_ns > 0 && load->next_ns < (double)at_ns)
        at_ns = (uint64_t)load->next_ns;
    if (until_ns < at_ns)
        at_ns = until_ns;
    return at_ns > load->now_ns ? at_ns - load->now_ns : 0;
}

static void run_timers(struct load *load)
{
    struct timer *timer;

    while ((timer = timer_wheel_take(&load->callers, load->now_ms)) != NULL)
        load_caller_due(load, CONTAINER_OF(timer, struct load_slot, timer));
    while ((timer = timer_wheel_take(&load->callees, load->now_ms)) != NULL)
        load_callee_due(load, CONTAINER_OF(timer, struct load_slot, callee.timer));
}

static bool is_under_way(const struct load *load)
{
    return load->left > 0 || load->idle_count < load->plan->window;
}

void load_go_on(struct load *load, const char *doing, uint64_t until_ns)
{
    load_clock(load);
    while (!is_interrupted && is_under_way(load) && load->now_ns < until_ns) {
        begin_what_is_due(load);
        load_wire_turn(load->wire, patience(load, until_ns));
        load_clock(load);
        run_timers(load);
        load_live_show(&load->live, doing, &load->counts, &load->recent, load->now_ns);
    }
}
