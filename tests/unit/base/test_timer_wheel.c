/*
 * The wheel against a model: the timers in an array, each with the time at which it is due. What is
 * done to both is chosen by a pseudo-random sequence that is the same in every run.
 */
#include "check.h"

#include "base/timer_wheel.h"

enum { TIMERS = 64, TURNS = 4000 };

struct world {
    struct timer_wheel wheel;
    struct timer timers[TIMERS];
    uint64_t due_ms[TIMERS]; /* TIMER_NEVER: not set */
    uint64_t now_ms;
    uint64_t random;
};

/* xorshift64* */
static uint64_t draw(struct world *w, uint64_t below)
{
    w->random ^= w->random >> 12;
    w->random ^= w->random << 25;
    w->random ^= w->random >> 27;
    return (w->random * 0x2545f4914f6cdd1dU) % below;
}

/* Of every order of magnitude, up to 70 years; half of them such as protocols have. */
static uint64_t draw_span(struct world *w)
{
    static const uint64_t usual_ms[] = {200, 500, 1000, 2000, 3500, 4000, 5000, 32000, 200 + 13};

    return draw(w, 2) == 0 ? usual_ms[draw(w, ARRAY_LEN(usual_ms))] : draw(w, 2ULL << draw(w, 41));
}

static void start_world(struct world *w, uint64_t now_ms)
{
    timer_wheel_init(&w->wheel, now_ms);
    for (int i = 0; i < TIMERS; i++) {
        timer_init(&w->timers[i]);
        w->due_ms[i] = TIMER_NEVER;
    }
    w->now_ms = now_ms;
    w->random = now_ms | 1;
}

static uint64_t earliest(const struct world *w)
{
    uint64_t due_ms = TIMER_NEVER;

    for (int i = 0; i < TIMERS; i++)
        due_ms = w->due_ms[i] < due_ms ? w->due_ms[i] : due_ms;
    return due_ms;
}

static void set(struct world *w, size_t i, uint64_t due_ms)
{
    timer_set(&w->wheel, &w->timers[i], due_ms);
    w->due_ms[i] = due_ms > w->wheel.now_ms ? due_ms : w->wheel.now_ms;
    assert_true(timer_is_set(&w->timers[i]));
}

static void set_or_clear_some(struct world *w)
{
    for (uint64_t count = draw(w, 8); count > 0; count--) {
        size_t i = draw(w, TIMERS);
        switch (draw(w, 8)) {
        case 0:
            timer_clear(&w->timers[i]);
            w->due_ms[i] = TIMER_NEVER;
            assert_false(timer_is_set(&w->timers[i]));
            break;
        case 1: set(w, i, w->now_ms - draw(w, w->now_ms + 1)); break;
        default: set(w, i, w->now_ms + draw_span(w)); break;
        }
    }
}

/* Takes all that is due, and sets some of it anew while there is more, as owners do. */
static void take_what_is_due(struct world *w)
{
    uint64_t last_ms = 0;
    struct timer *timer;

    while ((timer = timer_wheel_take(&w->wheel, w->now_ms)) != NULL) {
        size_t i = (size_t)(timer - w->timers);
        assert_true(w->due_ms[i] <= w->now_ms);
        assert_true(w->due_ms[i] >= last_ms);
        assert_false(timer_is_set(timer));
        last_ms = w->due_ms[i];
        w->due_ms[i] = TIMER_NEVER;
        if (draw(w, 4) == 0)
            set(w, i, w->wheel.now_ms + 1 + draw_span(w));
    }
    assert_true(earliest(w) > w->now_ms);
}

static void advance(struct world *w)
{
    uint64_t next_ms = timer_wheel_next_ms(&w->wheel);
    uint64_t due_ms = earliest(w);

    assert_true(next_ms <= due_ms);
    assert_true((next_ms == TIMER_NEVER) == (due_ms == TIMER_NEVER));
    if (next_ms != TIMER_NEVER && draw(w, 2) == 0)
        w->now_ms = next_ms > w->now_ms ? next_ms : w->now_ms;
    else
        w->now_ms += draw_span(w);
}

static void gives_each_timer_when_it_is_due(void **state)
{
    /* 2**36 ms is where the highest window ends: two years after the machine was started. */
    static const uint64_t starts_ms[] = {0, 1, 63, (1ULL << 36) - 5, 1700000000000, 3ULL << 38};
    struct world w;

    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(starts_ms); s++) {
        start_world(&w, starts_ms[s]);
        for (int turn = 0; turn < TURNS; turn++) {
            set_or_clear_some(&w);
            advance(&w);
            take_what_is_due(&w);
        }
    }
}

static void is_on_time_where_windows_end(void **state)
{
    struct world w;

    (void)state;
    for (unsigned bit = 0; bit < 42; bit++) {
        uint64_t end_ms = 1ULL << bit;
        for (uint64_t before_ms = 1; before_ms <= 2 && before_ms <= end_ms; before_ms++) {
            start_world(&w, end_ms - before_ms);
            set(&w, 0, end_ms + 500);
            assert_null(timer_wheel_take(&w.wheel, end_ms + 499));
            assert_ptr_equal(timer_wheel_take(&w.wheel, end_ms + 500), &w.timers[0]);
        }
    }
}

static void a_long_wait_takes_few_wake_ups(void **state)
{
    const uint64_t due_ms = 12345 + 40ULL * 365 * 86400 * 1000; /* forty years */
    uint64_t now_ms = 12345;
    struct timer_wheel wheel;
    struct timer timer;
    int wake_ups = 0;

    (void)state;
    timer_wheel_init(&wheel, now_ms);
    timer_init(&timer);
    timer_set(&wheel, &timer, due_ms);
    while (timer_wheel_take(&wheel, now_ms) == NULL) {
        uint64_t next_ms = timer_wheel_next_ms(&wheel);
        assert_true(next_ms > now_ms && next_ms <= due_ms);
        now_ms = next_ms;
        wake_ups++;
    }
    assert_true(now_ms == due_ms);
    assert_in_range(wake_ups, 1, 30);
}

/* As transactions do: all wait equally long, most until the end, and some not. */
static void what_waits_equally_long_wakes_its_owner_once(void **state)
{
    enum { WAIT_MS = 32000 };
    struct timer_wheel wheel;
    struct timer timers[TIMERS];
    uint64_t wake_ups = 0;

    (void)state;
    timer_wheel_init(&wheel, 0);
    for (uint64_t i = 0; i < TIMERS; i++) {
        assert_null(timer_wheel_take(&wheel, i));
        timer_init(&timers[i]);
        timer_set(&wheel, &timers[i], i + WAIT_MS);
    }
    timer_clear(&timers[5]);
    for (uint64_t now_ms = timer_wheel_next_ms(&wheel); now_ms != TIMER_NEVER; wake_ups++) {
        assert_ptr_equal(timer_wheel_take(&wheel, now_ms), &timers[now_ms - WAIT_MS]);
        assert_null(timer_wheel_take(&wheel, now_ms));
        now_ms = timer_wheel_next_ms(&wheel);
    }
    assert_int_equal(wake_ups, TIMERS - 1);
}

static void clearing_is_harmless(void **state)
{
    struct timer_wheel wheel;
    struct timer timer;

    (void)state;
    timer_wheel_init(&wheel, 0);
    timer_init(&timer);
    timer_clear(&timer);
    timer_set(&wheel, &timer, 5);
    timer_clear(&timer);
    timer_clear(&timer);
    assert_true(timer_wheel_next_ms(&wheel) == TIMER_NEVER);
    assert_null(timer_wheel_take(&wheel, 10));
}

static void time_that_runs_backwards_is_harmless(void **state)
{
    struct timer_wheel wheel;
    struct timer timer;

    (void)state;
    timer_wheel_init(&wheel, 1000);
    timer_init(&timer);
    assert_null(timer_wheel_take(&wheel, 2000));
    timer_set(&wheel, &timer, 2001);
    assert_null(timer_wheel_take(&wheel, 500));
    assert_null(timer_wheel_take(&wheel, 2000));
    assert_ptr_equal(timer_wheel_take(&wheel, 2001), &timer);
}

CHECK_MAIN(CHECK_TEST(gives_each_timer_when_it_is_due), CHECK_TEST(is_on_time_where_windows_end),
           CHECK_TEST(a_long_wait_takes_few_wake_ups),
           CHECK_TEST(what_waits_equally_long_wakes_its_owner_once),
           CHECK_TEST(clearing_is_harmless), CHECK_TEST(time_that_runs_backwards_is_harmless))
