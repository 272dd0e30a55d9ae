/* Every arrow of RFC 3261 17.2.2, figure 8, as RFC 4320 and RFC 6026 8.8 correct it. */
#include "world.h"

static struct txn *trying(struct world *w, bool is_reliable)
{
    return start_server(w, "OPTIONS", is_reliable);
}

/* A 100 is allowed once it is due. */
static struct txn *proceeding(struct world *w)
{
    struct txn *t = trying(w, false);

    let_pass(w, 3500);
    check_made(respond(t, 100), __FILE__, __LINE__);
    forget_story(w);
    return t;
}

static void a_repeated_request_is_discarded_as_long_as_there_is_no_answer(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = trying(w, false);

    receive_request(w, "OPTIONS");
    CHECK_STORY(w, "");
    assert_int_equal(t->state, TRYING);
}

static void a_100_is_wanted_when_timer_e_of_the_client_has_reached_t2(void **state)
{
    (void)state;
    for (int is_reliable = 0; is_reliable < 2; is_reliable++) {
        struct world *w = world_new();
        trying(w, is_reliable);
        let_pass(w, 3499);
        CHECK_STORY(w, "");
        let_pass(w, 1);
        CHECK_STORY(w, "trying due");
    }
}

static void a_100_comes_not_before_it_is_due_but_over_a_reliable_transport(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = trying(w, false);

    let_pass(w, 3499);
    assert_true(respond(t, 100));
    CHECK_STORY(w, "");
    let_pass(w, 1);
    respond(t, 100);
    CHECK_STORY(w, "trying due, send 100");
    assert_int_equal(t->state, PROCEEDING);

    w = world_new();
    t = trying(w, true);
    respond(t, 100);
    CHECK_STORY(w, "send 100");
    assert_int_equal(t->state, PROCEEDING);
}

static void no_other_provisional_response_and_no_408_is_ever_sent(void **state)
{
    static const int statuses[] = {101, 180, 183, 199, 408};

    (void)state;
    for (int is_reliable = 0; is_reliable < 2; is_reliable++) {
        struct world *w = world_new();
        struct txn *t = trying(w, is_reliable);
        for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
            assert_true(respond(t, statuses[i]));
        let_pass(w, 3500);
        respond(t, 100);
        for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
            assert_true(respond(t, statuses[i]));
        CHECK_STORY(w, "trying due, send 100");
        assert_int_equal(t->state, PROCEEDING);
    }
}

static void a_repeated_request_gets_the_100_again(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = proceeding(w);

    receive_request(w, "OPTIONS");
    CHECK_STORY(w, "send 100");
    respond(t, 100);
    CHECK_STORY(w, "send 100");
    assert_int_equal(t->state, PROCEEDING);
}

static void a_final_response_is_repeated_on_request_for_64_t1(void **state)
{
    static const int statuses[] = {200, 302, 404, 503, 603};
    struct world *w = world_new();

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(statuses); i++) {
        char once[16], twice[64];
        struct txn *t = i % 2 == 0 ? trying(w, false) : proceeding(w);
        snprintf(once, sizeof(once), "send %d", statuses[i / 2]);
        snprintf(twice, sizeof(twice), "%s, %s", once, once);
        check_made(respond(t, statuses[i / 2]), __FILE__, __LINE__);
        CHECK_STORY(w, once);
        assert_int_equal(t->state, COMPLETED);
        receive_request(w, "OPTIONS");
        let_pass(w, 31999);
        receive_request(w, "OPTIONS");
        CHECK_STORY(w, twice);
        let_pass(w, 1);
        CHECK_STORY(w, "ended");
        check_is_empty(w);
    }
}

static void after_a_final_response_others_are_discarded(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = trying(w, false);

    respond(t, 404);
    respond(t, 200);
    respond(t, 100);
    receive_request(w, "OPTIONS");
    CHECK_STORY(w, "send 404, send 404");
}

static void over_a_reliable_transport_a_final_response_ends_it_at_once(void **state)
{
    (void)state;
    struct world *w = world_new();

    respond(trying(w, true), 200);
    CHECK_STORY(w, "send 200, ended");
    check_is_empty(w);

    struct txn *t = trying(w, true);
    respond(t, 100);
    respond(t, 404);
    CHECK_STORY(w, "send 100, send 404, ended");
    check_is_empty(w);
}

static void undelivered_responses_are_told_and_change_nothing(void **state)
{
    struct world *w = world_new();
    struct txn *t = proceeding(w);

    (void)state;
    txn_unreachable(t);
    CHECK_STORY(w, "unreachable");
    assert_int_equal(t->state, PROCEEDING);
    respond(t, 200);
    txn_unreachable(t);
    CHECK_STORY(w, "send 200, unreachable");
    assert_int_equal(t->state, COMPLETED);
}

static void what_nobody_answers_is_forgotten_when_the_client_has_given_up(void **state)
{
    (void)state;
    for (int sends_100 = 0; sends_100 < 2; sends_100++) {
        struct world *w = world_new();
        struct txn *t = trying(w, false);
        let_pass(w, 3500);
        if (sends_100)
            respond(t, 100);
        let_pass(w, 32000 - 3500 - 1);
        forget_story(w);
        let_pass(w, 1);
        CHECK_STORY(w, "ended");
        check_is_empty(w);
    }
}

CHECK_MAIN(CHECK_TEST(a_repeated_request_is_discarded_as_long_as_there_is_no_answer),
           CHECK_TEST(a_100_is_wanted_when_timer_e_of_the_client_has_reached_t2),
           CHECK_TEST(a_100_comes_not_before_it_is_due_but_over_a_reliable_transport),
           CHECK_TEST(no_other_provisional_response_and_no_408_is_ever_sent),
           CHECK_TEST(a_repeated_request_gets_the_100_again),
           CHECK_TEST(a_final_response_is_repeated_on_request_for_64_t1),
           CHECK_TEST(after_a_final_response_others_are_discarded),
           CHECK_TEST(over_a_reliable_transport_a_final_response_ends_it_at_once),
           CHECK_TEST(undelivered_responses_are_told_and_change_nothing),
           CHECK_TEST(what_nobody_answers_is_forgotten_when_the_client_has_given_up))
