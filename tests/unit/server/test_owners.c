/* Which worker a call is of: who had it first, and what one gives away to whom more calls come. */
#include "check.h"

#include <pthread.h>
#include <stdio.h>

#include "server/owners.h"

enum { WORKERS = 4, PERIOD_MS = 100, MANY = 4000 };

static const struct hash_key key = {1, 2};

static void free_owners(void *owners)
{
    owners_free(owners);
}

static struct owners *new_owners(void)
{
    struct owners *owners = owners_new(&key, WORKERS);

    CHECK_MADE(owners);
    check_later(free_owners, owners);
    return owners;
}

static size_t find(struct owners *owners, size_t number, size_t here, uint64_t now_ms)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "call-%zu", number);

    return owners_find(owners, (struct slice){text, (size_t)len}, false, here, now_ms);
}

static void a_call_is_of_whom_it_came_to_first(void **state)
{
    struct owners *owners = new_owners();

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(find(owners, i, i % WORKERS, i), i % WORKERS); /* slowly: nobody is busy */
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(find(owners, i, (i + 1) % WORKERS, MANY), i % WORKERS);
}

static void who_is_silent_is_forgotten_and_who_speaks_is_not(void **state)
{
    struct owners *owners = new_owners();
    size_t number = MANY;

    (void)state;
    find(owners, 0, 2, 1);
    find(owners, 1, 2, 1);
    for (uint64_t second = 1; second < 100; second++) {
        for (size_t i = 0; i < 10 * MANY; i++)
            find(owners, number++, 1, second * 1000);
        assert_int_equal(find(owners, 0, 3, second * 1000), 2);
    }
    assert_int_equal(find(owners, 1, 3, 100 * 1000), 3);
}

static void a_call_that_rings_is_remembered_while_phones_register(void **state)
{
    const struct slice ringing = SLICE("ringing");
    struct owners *owners = new_owners();
    size_t number = MANY;

    (void)state;
    assert_int_equal(owners_find(owners, ringing, true, 2, 1000), 2);
    for (uint64_t second = 1; second < 180; second++) {
        for (size_t i = 0; i < 10 * MANY; i++)
            find(owners, number++, 1, second * 1000);
    }
    assert_int_equal(owners_find(owners, ringing, false, 3, 180 * 1000), 2);
}

/* New calls come to `here` during one period; `got` counts whose they are. */
static void come(struct owners *owners, size_t period, size_t count, size_t here,
                 size_t got[WORKERS])
{
    memset(got, 0, WORKERS * sizeof(*got));
    for (size_t i = 0; i < count; i++) {
        uint64_t now_ms = (10 + period) * PERIOD_MS + i * PERIOD_MS / count;
        got[find(owners, period * MANY + i, here, now_ms)]++;
    }
}

static void one_to_whom_all_calls_come_keeps_its_share(void **state)
{
    struct owners *owners = new_owners();
    size_t got[WORKERS];

    (void)state;
    come(owners, 0, MANY, 1, got);
    assert_int_equal(got[1], MANY); /* until it has seen that they are many */
    come(owners, 1, MANY, 1, got);
    for (size_t i = 0; i < WORKERS; i++)
        assert_in_range(got[i], MANY / WORKERS * 8 / 10, MANY / WORKERS * 12 / 10);
}

static void few_calls_stay_where_they_came(void **state)
{
    struct owners *owners = new_owners();
    size_t got[WORKERS];

    (void)state;
    for (size_t period = 0; period < 3; period++) {
        come(owners, period, 10, 1, got);
        assert_int_equal(got[1], 10);
    }
}

static void calls_that_come_to_all_stay_where_they_came(void **state)
{
    struct owners *owners = new_owners();

    (void)state;
    for (size_t i = 0; i < WORKERS * MANY; i++)
        assert_int_equal(find(owners, i, i % WORKERS, i * PERIOD_MS / MANY), i % WORKERS);
}

struct claimant {
    pthread_t thread;
    struct owners *owners;
    size_t here;
    size_t found[MANY];
};

static void *claim_all(void *arg)
{
    struct claimant *c = arg;

    for (size_t i = 0; i < MANY; i++)
        c->found[i] = find(c->owners, i, c->here, i);
    return NULL;
}

static void of_several_who_claim_a_call_at_once_one_gets_it(void **state)
{
    static struct claimant claimants[WORKERS];
    struct owners *owners = new_owners();

    (void)state;
    for (size_t i = 0; i < WORKERS; i++) {
        claimants[i].owners = owners;
        claimants[i].here = i;
        assert_int_equal(pthread_create(&claimants[i].thread, NULL, claim_all, &claimants[i]), 0);
    }
    for (size_t i = 0; i < WORKERS; i++)
        pthread_join(claimants[i].thread, NULL);
    for (size_t i = 0; i < MANY; i++) {
        for (size_t w = 1; w < WORKERS; w++)
            assert_int_equal(claimants[w].found[i], claimants[0].found[i]);
    }
}

CHECK_MAIN(CHECK_TEST(a_call_is_of_whom_it_came_to_first),
           CHECK_TEST(who_is_silent_is_forgotten_and_who_speaks_is_not),
           CHECK_TEST(a_call_that_rings_is_remembered_while_phones_register),
           CHECK_TEST(one_to_whom_all_calls_come_keeps_its_share),
           CHECK_TEST(few_calls_stay_where_they_came),
           CHECK_TEST(calls_that_come_to_all_stay_where_they_came),
           CHECK_TEST(of_several_who_claim_a_call_at_once_one_gets_it))
