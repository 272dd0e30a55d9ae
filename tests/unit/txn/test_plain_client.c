/* Every arrow of RFC 3261 17.1.2, figure 6, in virtual time. */
#include "world.h"

static struct txn *trying(struct world *w, bool is_reliable)
{
    return start_client(w, "OPTIONS", is_reliable);
}

static struct txn *proceeding(struct world *w, bool is_reliable)
{
    struct txn *t = trying(w, is_reliable);

    receive_response(w, t, 100);
    forget_story(w);
    return t;
}

/* Nothing between the times, and "send" at each. */
static void check_sends_at(struct world *w, const uint64_t *at_ms, size_t count)
{
    uint64_t start_ms = w->now_ms;

    for (size_t i = 0; i < count; i++) {
        let_pass(w, start_ms + at_ms[i] - w->now_ms - 1);
        CHECK_STORY(w, "");
        let_pass(w, 1);
        CHECK_STORY(w, "send");
    }
}

static void the_request_is_sent_when_it_is_started(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = trying(w, false);

    CHECK_STORY(w, "send");
    assert_int_equal(t->state, TRYING);
}

static void an_unanswered_request_is_repeated_until_timer_f(void **state)
{
    static const uint64_t at_ms[] = {500,   1500,  3500,  7500,  11500,
                                     15500, 19500, 23500, 27500, 31500};
    struct world *w = world_new();

    (void)state;
    trying(w, false);
    forget_story(w);
    check_sends_at(w, at_ms, ARRAY_LEN(at_ms));
    let_pass(w, 499);
    CHECK_STORY(w, "");
    let_pass(w, 1);
    CHECK_STORY(w, "timeout, ended");
    check_is_empty(w);
}

static void over_a_reliable_transport_it_is_sent_once(void **state)
{
    (void)state;
    struct world *w = world_new();

    trying(w, true);
    let_pass(w, 31999);
    CHECK_STORY(w, "send");
    let_pass(w, 1);
    CHECK_STORY(w, "timeout, ended");
    check_is_empty(w);
}

static void what_cannot_be_delivered_ends(void **state)
{
    struct world *w = world_new();

    (void)state;
    txn_unreachable(trying(w, false));
    CHECK_STORY(w, "send, unreachable, ended");
    txn_unreachable(proceeding(w, false));
    CHECK_STORY(w, "unreachable, ended");
    check_is_empty(w);
}

static void a_provisional_response_slows_the_repeating_down_to_t2(void **state)
{
    static const uint64_t at_ms[] = {100, 4100, 8100, 12100, 16100, 20100, 24100, 28100};
    struct world *w = world_new();
    struct txn *t = trying(w, false);

    (void)state;
    let_pass(w, 400);
    receive_response(w, t, 100);
    CHECK_STORY(w, "send, response 100");
    assert_int_equal(t->state, PROCEEDING);
    check_sends_at(w, at_ms, ARRAY_LEN(at_ms));
}

static void a_provisional_response_does_not_put_timer_f_off(void **state)
{
    (void)state;
    for (int is_reliable = 0; is_reliable < 2; is_reliable++) {
        struct world *w = world_new();
        struct txn *t = trying(w, is_reliable);
        let_pass(w, 10000);
        receive_response(w, t, 100);
        receive_response(w, t, 100);
        let_pass(w, 21999);
        forget_story(w);
        let_pass(w, 1);
        CHECK_STORY(w, "timeout, ended");
        check_is_empty(w);
    }
}

static void further_provisional_responses_are_passed_up(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = proceeding(w, false);

    receive_response(w, t, 182);
    CHECK_STORY(w, "response 182");
    assert_int_equal(t->state, PROCEEDING);
}

static void a_final_response_is_passed_up_once_and_repeats_are_absorbed(void **state)
{
    static const int statuses[] = {200, 302, 404, 503, 603};
    struct world *w = world_new();

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(statuses); i++) {
        char story[32];
        struct txn *t = i % 2 == 0 ? trying(w, false) : proceeding(w, false);
        forget_story(w);
        receive_response(w, t, statuses[i / 2]);
        snprintf(story, sizeof(story), "response %d", statuses[i / 2]);
        CHECK_STORY(w, story);
        assert_int_equal(t->state, COMPLETED);
        assert_true(txn_has_final(t));
        assert_int_equal(w->table->kept_bytes, 0);
        let_pass(w, 4999);
        receive_response(w, t, statuses[i / 2]);
        receive_response(w, t, 100);
        txn_unreachable(t);
        CHECK_STORY(w, "");
        let_pass(w, 1);
        CHECK_STORY(w, "ended");
        check_is_empty(w);
    }
}

static void over_a_reliable_transport_a_final_response_ends_it_at_once(void **state)
{
    (void)state;
    struct world *w = world_new();

    receive_response(w, trying(w, true), 200);
    CHECK_STORY(w, "send, response 200, ended");
    receive_response(w, proceeding(w, true), 404);
    CHECK_STORY(w, "response 404, ended");
    check_is_empty(w);
}

CHECK_MAIN(CHECK_TEST(the_request_is_sent_when_it_is_started),
           CHECK_TEST(an_unanswered_request_is_repeated_until_timer_f),
           CHECK_TEST(over_a_reliable_transport_it_is_sent_once),
           CHECK_TEST(what_cannot_be_delivered_ends),
           CHECK_TEST(a_provisional_response_slows_the_repeating_down_to_t2),
           CHECK_TEST(a_provisional_response_does_not_put_timer_f_off),
           CHECK_TEST(further_provisional_responses_are_passed_up),
           CHECK_TEST(a_final_response_is_passed_up_once_and_repeats_are_absorbed),
           CHECK_TEST(over_a_reliable_transport_a_final_response_ends_it_at_once))
