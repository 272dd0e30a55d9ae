#include <pthread.h>

#include "driven_loop.h"

/* --- one loop --------------------------------------------------------------------------------- */

struct counting {
    struct driven driven;
    struct net_guest guest;
    struct mail mail;
    size_t guest_turns;
    size_t mails;
    size_t turns_wanted;
    bool is_out_of_order;
};

static bool has_turned(void *test)
{
    const struct counting *counting = test;

    return counting->driven.ended >= counting->turns_wanted;
}

static void guest_turns(struct net_guest *guest, uint64_t now_ms)
{
    struct counting *counting = CONTAINER_OF(guest, struct counting, guest);

    counting->guest_turns++;
    if (counting->driven.begun != counting->driven.ended + 1
        || now_ms != counting->driven.begins_ms)
        counting->is_out_of_order = true;
    net_loop_wake_at(counting->driven.loop, now_ms);
}

static void leave(void *guest)
{
    list_remove(&((struct net_guest *)guest)->node);
}

static void every_turn_begins_once_calls_its_guests_and_ends(void **state)
{
    struct counting *counting = driven_memory(sizeof(*counting));

    (void)state;
    counting->turns_wanted = 10;
    counting->guest.turn = guest_turns;
    driven_start(&counting->driven, counting, has_turned, NULL);
    net_loop_join(counting->driven.loop, &counting->guest);
    check_later(leave, &counting->guest);
    assert_true(driven_run(&counting->driven, 2000));
    assert_int_equal(counting->driven.begun, 10);
    assert_int_equal(counting->guest_turns, 10);
    assert_false(counting->is_out_of_order);
}

static void it_sleeps_until_it_is_told_to_wake(void **state)
{
    struct driven *driven = driven_memory(sizeof(*driven));

    (void)state;
    driven_start(driven, NULL, driven_never, NULL);
    uint64_t from_ms = net_loop_now_ms(driven->loop);
    (void)driven_run(driven, 50);
    assert_in_range(net_loop_now_ms(driven->loop) - from_ms, 50, 1000);
    assert_in_range(driven->ended, 2, 4); /* the first one, and the one at the limit */
}

static void count_mail(struct mail *mail, void *owner)
{
    struct counting *counting = CONTAINER_OF(mail, struct counting, mail);

    counting->mails++;
    if (owner != &counting->driven || counting->driven.begun != counting->driven.ended + 1)
        counting->is_out_of_order = true;
    if (counting->mails < 100)
        mailbox_send(net_loop_mailbox(counting->driven.loop), mail);
}

static bool has_mail(void *test)
{
    const struct counting *counting = test;

    return counting->mails == 100;
}

static void mail_that_brings_new_mail_does_not_let_it_sleep(void **state)
{
    struct counting *counting = driven_memory(sizeof(*counting));

    (void)state;
    counting->mail.deliver = count_mail;
    driven_start(&counting->driven, counting, has_mail, NULL);
    mailbox_send(net_loop_mailbox(counting->driven.loop), &counting->mail);
    assert_true(driven_run(&counting->driven, 2000));
    assert_false(counting->is_out_of_order);
}

enum { MUCH_MAIL = 3 * NET_MAIL_A_TURN };

struct flooded {
    struct driven driven;
    struct mail mails[MUCH_MAIL];
    size_t delivered;
    size_t of_turn; /* that `in_turn` were delivered in */
    size_t in_turn;
    size_t most;
};

static void count_of_turn(struct mail *mail, void *owner)
{
    struct flooded *flooded = CONTAINER_OF((struct driven *)owner, struct flooded, driven);

    (void)mail;
    if (flooded->of_turn != flooded->driven.begun)
        flooded->in_turn = 0;
    flooded->of_turn = flooded->driven.begun;
    flooded->delivered++;
    if (++flooded->in_turn > flooded->most)
        flooded->most = flooded->in_turn;
}

static bool has_all_mail(void *test)
{
    const struct flooded *flooded = test;

    return flooded->delivered == MUCH_MAIL;
}

static void
however_much_mail_there_is_a_turn_takes_its_part_and_the_next_does_not_wait(void **state)
{
    struct flooded *flooded = driven_memory(sizeof(*flooded));

    (void)state;
    driven_start(&flooded->driven, flooded, has_all_mail, NULL);
    for (size_t i = 0; i < MUCH_MAIL; i++) {
        flooded->mails[i].deliver = count_of_turn;
        mailbox_send(net_loop_mailbox(flooded->driven.loop), &flooded->mails[i]);
    }
    assert_true(driven_run(&flooded->driven, 2000));
    assert_int_equal(flooded->most, NET_MAIL_A_TURN);
}

static void close_timer(void *timer)
{
    uv_close(timer, NULL);
}

static void stop_it(uv_timer_t *timer)
{
    struct counting *counting = timer->data;

    net_loop_enter(counting->driven.loop);
    if (counting->driven.begun != counting->driven.ended + 1)
        counting->is_out_of_order = true;
    net_loop_stop(counting->driven.loop);
}

static void a_timer_of_libuv_opens_a_turn_that_ends(void **state)
{
    struct counting *counting = driven_memory(sizeof(*counting));
    uv_timer_t *timer = driven_memory(sizeof(*timer));

    (void)state;
    counting->turns_wanted = SIZE_MAX;
    driven_start(&counting->driven, counting, has_turned, NULL);
    (void)uv_timer_init(net_loop_uv(counting->driven.loop), timer);
    check_later(close_timer, timer);
    timer->data = counting;
    (void)uv_timer_start(timer, stop_it, 10, 0);
    (void)driven_run(&counting->driven, 2000);
    assert_false(counting->is_out_of_order);
    assert_int_equal(counting->driven.begun, counting->driven.ended);
}

/* --- two loops in two threads ----------------------------------------------------------------- */

enum { ROUNDS = 2000, BALLS = 16 };

struct player {
    struct driven driven;
    struct player *other;
    size_t hits;
    size_t done;
};

struct ball {
    struct mail mail;
    size_t rounds;
};

static void hit(struct mail *mail, void *owner)
{
    struct ball *ball = CONTAINER_OF(mail, struct ball, mail);
    struct driven *driven = owner;
    struct player *player = driven->test;

    player->hits++;
    if (++ball->rounds >= ROUNDS)
        player->done++;
    if (ball->rounds <= ROUNDS) /* the other one gets it a last time, to know that it is over */
        mailbox_send(net_loop_mailbox(player->other->driven.loop), &ball->mail);
}

static bool has_played(void *test)
{
    const struct player *player = test;

    return player->done == BALLS;
}

static void *play(void *arg)
{
    struct player *player = arg;

    (void)driven_run(&player->driven, 30000);
    return NULL;
}

static void two_loops_exchange_mail_and_no_wake_is_lost(void **state)
{
    struct player *players = driven_memory(2 * sizeof(*players));
    struct ball *balls = driven_memory(BALLS * sizeof(*balls));
    pthread_t thread;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        players[i].other = &players[1 - i];
        driven_start(&players[i].driven, &players[i], has_played, NULL);
    }
    assert_int_equal(pthread_create(&thread, NULL, play, &players[1]), 0);
    for (size_t i = 0; i < BALLS; i++) {
        balls[i].mail.deliver = hit;
        mailbox_send(net_loop_mailbox(players[i % 2].driven.loop), &balls[i].mail);
    }
    play(&players[0]);
    pthread_join(thread, NULL);
    assert_int_equal(players[0].done, BALLS);
    assert_int_equal(players[1].done, BALLS);
    assert_int_equal(players[0].hits + players[1].hits, BALLS * (ROUNDS + 1));
}

CHECK_MAIN(CHECK_TEST(every_turn_begins_once_calls_its_guests_and_ends),
           CHECK_TEST(it_sleeps_until_it_is_told_to_wake),
           CHECK_TEST(mail_that_brings_new_mail_does_not_let_it_sleep),
           CHECK_TEST(however_much_mail_there_is_a_turn_takes_its_part_and_the_next_does_not_wait),
           CHECK_TEST(a_timer_of_libuv_opens_a_turn_that_ends),
           CHECK_TEST(two_loops_exchange_mail_and_no_wake_is_lost))
