/* Wrong passwords: who is locked out, and for how long. */
#include "check.h"

#include <stdio.h>

#include "server/lockout.h"

static const struct hash_key key = {1, 2};
static const struct net_addr source = {
    .family = 4, .port = 5060, .ip = {192, 0, 2, 1}
};
static const struct net_addr other_source = {
    .family = 4, .port = 5060, .ip = {192, 0, 2, 2}
};

static void free_lockout(void *lockout)
{
    lockout_free(lockout);
}

static struct lockout *new_lockout(void)
{
    struct lockout *lockout = lockout_new(&key, 1024);

    CHECK_MADE(lockout);
    check_later(free_lockout, lockout);
    return lockout;
}

static bool fail_times(struct lockout *lockout, int times, uint64_t now_ms)
{
    bool is_locked = false;

    for (int i = 0; i < times; i++)
        is_locked = lockout_count_failure(lockout, &source, SLICE("alice"), now_ms);
    return is_locked;
}

static uint32_t remaining_s(struct lockout *lockout, uint64_t now_ms)
{
    return lockout_remaining_s(lockout, &source, SLICE("alice"), now_ms);
}

static void the_fifth_wrong_password_in_a_minute_locks_the_pair_out(void **state)
{
    struct lockout *lockout = new_lockout();

    (void)state;
    assert_false(fail_times(lockout, 4, 1000));
    assert_int_equal(remaining_s(lockout, 1000), 0);
    assert_true(fail_times(lockout, 1, 2000));
    assert_int_equal(remaining_s(lockout, 2000), 60);
    assert_int_equal(remaining_s(lockout, 61999), 1);
    assert_int_equal(remaining_s(lockout, 62000), 0);
}

static void other_users_and_other_sources_are_not_touched(void **state)
{
    struct lockout *lockout = new_lockout();

    (void)state;
    fail_times(lockout, 5, 1000);
    assert_int_equal(lockout_remaining_s(lockout, &source, SLICE("bob"), 1000), 0);
    assert_int_equal(lockout_remaining_s(lockout, &other_source, SLICE("alice"), 1000), 0);
}

static void the_lock_grows_for_who_goes_on(void **state)
{
    struct lockout *lockout = new_lockout();
    uint64_t now_ms = 1000;

    (void)state;
    fail_times(lockout, 5, now_ms);
    for (uint32_t expected_s = 60; expected_s <= 480; expected_s *= 2) {
        assert_int_equal(remaining_s(lockout, now_ms), expected_s);
        now_ms += expected_s * 1000;
        fail_times(lockout, 5, now_ms);
    }
}

static void wrong_passwords_far_apart_and_a_right_one_are_forgiven(void **state)
{
    struct lockout *lockout = new_lockout();

    (void)state;
    for (uint64_t i = 0; i < 20; i++)
        assert_false(fail_times(lockout, 1, 1000 + i * 30000));
    fail_times(lockout, 2, 1000000);
    lockout_forget(lockout, &source, SLICE("alice"));
    assert_false(fail_times(lockout, 4, 1000001));
}

/* Each worker reads the clock when its turn begins. */
static void a_clock_a_little_behind_forgets_nothing(void **state)
{
    struct lockout *lockout = new_lockout();

    (void)state;
    for (uint64_t i = 0; i < 4; i++)
        assert_false(fail_times(lockout, 1, 1000 - i));
    assert_true(fail_times(lockout, 1, 996));
    assert_int_equal(remaining_s(lockout, 996), 60);
}

static void very_many_pairs_are_forgotten_not_kept(void **state)
{
    struct lockout *lockout = new_lockout();
    char name[16];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        int len = snprintf(name, sizeof(name), "user%d", i);
        lockout_count_failure(lockout, &source, (struct slice){name, (size_t)len}, 1000);
    }
    assert_int_equal(remaining_s(lockout, 1000), 0);
}

CHECK_MAIN(CHECK_TEST(the_fifth_wrong_password_in_a_minute_locks_the_pair_out),
           CHECK_TEST(other_users_and_other_sources_are_not_touched),
           CHECK_TEST(the_lock_grows_for_who_goes_on),
           CHECK_TEST(wrong_passwords_far_apart_and_a_right_one_are_forgiven),
           CHECK_TEST(a_clock_a_little_behind_forgets_nothing),
           CHECK_TEST(very_many_pairs_are_forgotten_not_kept))
