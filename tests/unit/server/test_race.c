/* Happy Eyeballs in the proxy: RFC 8305 5, with virtual time. */
#include "proxy_world.h"
#include "server/race.h"

#define CALLEE NAMED("bob@pc.example;transport=tcp", 1000)

/* An INVITE for a name with the addresses 192.0.2.1 to 192.0.2.`last`. */
static struct world *calling(unsigned last)
{
    struct world *world = new_world();

    world->streams_take_time = true;
    ASK(world, "INVITE", CALLEE);
    resolve(world, 1, last);
    return world;
}

static void what_opens_in_time_is_alone(void **state)
{
    struct world *world = calling(2);

    (void)state;
    let_pass(world, RACE_STEP_MS - 1);
    connected(world, 1, true);
    let_pass(world, RACE_STEP_MS);
    check_story(world, "connect 1, 100 up, INVITE 1");
}

static void after_a_quarter_of_a_second_the_next_begins_and_may_win(void **state)
{
    struct world *world = calling(3);

    (void)state;
    let_pass(world, RACE_STEP_MS - 1);
    check_story(world, "connect 1, 100 up");
    let_pass(world, 1);
    check_story(world, "connect 2");
    connected(world, 2, true);
    check_story(world, "give up 1, INVITE 2");
    let_pass(world, 2 * RACE_STEP_MS);
    check_story(world, "");
}

static void the_first_may_win_late(void **state)
{
    struct world *world = calling(2);

    (void)state;
    let_pass(world, RACE_STEP_MS + 50);
    connected(world, 1, true);
    check_story(world, "connect 1, 100 up, connect 2, give up 2, INVITE 1");
}

static void what_fails_is_followed_at_once(void **state)
{
    struct world *world = calling(3);

    (void)state;
    connected(world, 1, false);
    check_story(world, "connect 1, connect 2");
    let_pass(world, RACE_STEP_MS);
    connected(world, 2, false);
    connected(world, 3, true);
    check_story(world, "100 up, connect 3, INVITE 3");
}

static void when_all_fail_the_caller_is_told(void **state)
{
    struct world *world = calling(2);

    (void)state;
    connected(world, 1, false);
    connected(world, 2, false);
    check_story(world, "connect 1, connect 2, 500 up");
    assert_int_equal(world->w.waiting, 0);
}

static void a_cancel_gives_up_all(void **state)
{
    struct world *world = calling(2);

    (void)state;
    let_pass(world, RACE_STEP_MS);
    cancel(world, "");
    check_story(world, "connect 1, 100 up, connect 2, give up 1, give up 2, 487 up");
    assert_int_equal(world->w.waiting, 0);
}

static void so_many_run_and_no_more(void **state)
{
    struct world *world = calling(RACE_MAX + 1);

    (void)state;
    let_pass(world, 20 * RACE_STEP_MS);
    check_story(world, "connect 1, 100 up, connect 2, connect 3, connect 4, connect 5, connect 6");
    connected(world, 3, false);
    check_story(world, "connect 7");
}

static void a_winner_that_refuses_is_followed_by_the_next(void **state)
{
    struct world *world = calling(2);

    (void)state;
    connected(world, 1, true);
    respond(world, 1, 503);
    check_story(world, "connect 1, INVITE 1, ACK 1, connect 2");
    connected(world, 2, true);
    respond(world, 2, 180);
    check_story(world, "INVITE 2, 180 up");
}

static void what_is_open_already_needs_no_race(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", CALLEE);
    resolve(world, 1, 2);
    check_story(world, "INVITE 1");
}

static void who_was_overtaken_comes_last_the_next_time(void **state)
{
    struct world *world = calling(2);

    (void)state;
    let_pass(world, RACE_STEP_MS);
    connected(world, 2, true);
    respond(world, 2, 486);
    forget_story(world);
    ASK(world, "MESSAGE", CALLEE);
    resolve(world, 1, 2);
    check_story(world, "connect 2");
}

static void it_may_end_in_the_middle(void **state)
{
    struct world *world = calling(2);

    (void)state;
    let_pass(world, RACE_STEP_MS);
    proxy_free_all(&world->w);
    check_story(world, "connect 1, 100 up, connect 2, give up 1, give up 2");
}

CHECK_MAIN(CHECK_TEST(what_opens_in_time_is_alone),
           CHECK_TEST(after_a_quarter_of_a_second_the_next_begins_and_may_win),
           CHECK_TEST(the_first_may_win_late), CHECK_TEST(what_fails_is_followed_at_once),
           CHECK_TEST(when_all_fail_the_caller_is_told), CHECK_TEST(a_cancel_gives_up_all),
           CHECK_TEST(so_many_run_and_no_more),
           CHECK_TEST(a_winner_that_refuses_is_followed_by_the_next),
           CHECK_TEST(what_is_open_already_needs_no_race),
           CHECK_TEST(who_was_overtaken_comes_last_the_next_time),
           CHECK_TEST(it_may_end_in_the_middle))
