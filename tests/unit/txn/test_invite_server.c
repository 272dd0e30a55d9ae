/* Every arrow of RFC 6026 8.6, figure 7, in virtual time. */
#include "world.h"

static struct txn *proceeding(struct world *w, bool is_reliable)
{
    return start_server(w, "INVITE", is_reliable);
}

static struct txn *answered(struct world *w, bool is_reliable, int status)
{
    struct txn *t = proceeding(w, is_reliable);

    check_made(respond(t, status), __FILE__, __LINE__);
    forget_story(w);
    return t;
}

static void a_new_invite_is_not_answered_by_itself(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = proceeding(w, false);

    CHECK_STORY(w, "");
    assert_int_equal(t->state, PROCEEDING);
    receive_request(w, "INVITE");
    CHECK_STORY(w, "");
    assert_string_equal(txn_route(t), some_route);
}

static void a_100_is_wanted_once_after_200_ms_by_any_transport(void **state)
{
    (void)state;
    for (int is_reliable = 0; is_reliable < 2; is_reliable++) {
        struct world *w = world_new();
        proceeding(w, is_reliable);
        let_pass(w, 199);
        CHECK_STORY(w, "");
        let_pass(w, 1);
        CHECK_STORY(w, "trying due");
        let_pass(w, 3600 * 1000);
        CHECK_STORY(w, "");
    }
}

static void no_100_is_wanted_of_who_has_answered(void **state)
{
    (void)state;
    struct world *w = world_new();

    answered(w, false, 180);
    let_pass(w, 3600 * 1000);
    CHECK_STORY(w, "");
}

static void a_repeated_invite_gets_the_last_provisional_response_again(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = proceeding(w, false);

    respond(t, 100);
    receive_request(w, "INVITE");
    CHECK_STORY(w, "send 100, send 100");
    respond(t, 183);
    receive_request(w, "INVITE");
    CHECK_STORY(w, "send 183, send 183");
    assert_int_equal(t->state, PROCEEDING);
    assert_false(txn_has_final(t));
}

static void undelivered_responses_are_told_and_change_nothing(void **state)
{
    static const struct {
        int status;
        enum txn_state state;
    } cases[] = {
        {180, PROCEEDING},
        {200, ACCEPTED  },
        {404, COMPLETED }
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world *w = world_new();
        struct txn *t = answered(w, false, cases[i].status);
        txn_unreachable(t);
        CHECK_STORY(w, "unreachable");
        assert_int_equal(t->state, cases[i].state);
    }
}

static void a_2xx_is_sent_and_not_repeated(void **state)
{
    (void)state;
    for (int is_reliable = 0; is_reliable < 2; is_reliable++) {
        struct world *w = world_new();
        struct txn *t = proceeding(w, is_reliable);
        respond(t, 180);
        respond(t, 200);
        CHECK_STORY(w, "send 180, send 200");
        assert_int_equal(t->state, ACCEPTED);
        assert_true(txn_has_final(t));
        receive_request(w, "INVITE");
        let_pass(w, 31999);
        CHECK_STORY(w, "");
        let_pass(w, 1);
        CHECK_STORY(w, "ended");
        check_is_empty(w);
    }
}

static void what_is_accepted_sends_each_2xx_and_nothing_else(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = answered(w, false, 200);

    respond(t, 200);
    respond(t, 202);
    CHECK_STORY(w, "send 200, send 202");
    respond(t, 180);
    respond(t, 486);
    CHECK_STORY(w, "");
}

static void an_ack_for_a_2xx_is_passed_up(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = answered(w, false, 200);

    receive_request(w, "ACK");
    receive_request(w, "ACK");
    CHECK_STORY(w, "ack, ack");
    assert_int_equal(t->state, ACCEPTED);
}

static void a_failure_is_repeated_at_growing_intervals_until_timer_h(void **state)
{
    static const uint64_t at_ms[] = {500,   1500,  3500,  7500,  11500,
                                     15500, 19500, 23500, 27500, 31500};
    struct world *w = world_new();
    uint64_t now_ms = 0;

    (void)state;
    answered(w, false, 486);
    for (size_t i = 0; i < ARRAY_LEN(at_ms); i++) {
        let_pass(w, at_ms[i] - now_ms - 1);
        CHECK_STORY(w, "");
        let_pass(w, 1);
        CHECK_STORY(w, "send 486");
        now_ms = at_ms[i];
    }
    let_pass(w, 499);
    CHECK_STORY(w, "");
    let_pass(w, 1);
    CHECK_STORY(w, "timeout, ended");
    check_is_empty(w);
}

static void over_a_reliable_transport_a_failure_is_sent_once(void **state)
{
    (void)state;
    struct world *w = world_new();

    answered(w, true, 486);
    let_pass(w, 31999);
    CHECK_STORY(w, "");
    let_pass(w, 1);
    CHECK_STORY(w, "timeout, ended");
    check_is_empty(w);
}

static void a_repeated_invite_gets_the_failure_again(void **state)
{
    (void)state;
    struct world *w = world_new();

    answered(w, false, 486);
    receive_request(w, "INVITE");
    CHECK_STORY(w, "send 486");
}

static void after_a_failure_other_responses_are_ignored(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = answered(w, false, 486);

    respond(t, 180);
    respond(t, 200);
    respond(t, 500);
    CHECK_STORY(w, "");
    receive_request(w, "INVITE");
    CHECK_STORY(w, "send 486");
}

static void the_ack_ends_the_repeating_and_more_are_absorbed(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = answered(w, false, 486);

    receive_request(w, "ACK");
    assert_int_equal(t->state, CONFIRMED);
    let_pass(w, 4999);
    receive_request(w, "ACK");
    receive_request(w, "INVITE");
    CHECK_STORY(w, "");
    let_pass(w, 1);
    CHECK_STORY(w, "ended");
    check_is_empty(w);
}

static void over_a_reliable_transport_the_ack_ends_it_at_once(void **state)
{
    (void)state;
    struct world *w = world_new();

    answered(w, true, 486);
    receive_request(w, "ACK");
    CHECK_STORY(w, "ended");
    check_is_empty(w);
}

static void nothing_is_kept_that_will_not_be_sent_again(void **state)
{
    (void)state;
    struct world *w = world_new();
    size_t keys;

    struct txn *t = proceeding(w, false);
    keys = w->table->kept_bytes;
    respond(t, 486);
    assert_true(w->table->kept_bytes > keys);
    receive_request(w, "ACK");
    assert_int_equal(w->table->kept_bytes, keys);

    let_pass(w, 5000);
    t = proceeding(w, false);
    respond(t, 180);
    respond(t, 200);
    assert_int_equal(w->table->kept_bytes, keys);
}

static void an_early_ack_means_nothing(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = proceeding(w, false);

    receive_request(w, "ACK");
    CHECK_STORY(w, "");
    assert_int_equal(t->state, PROCEEDING);
}

CHECK_MAIN(CHECK_TEST(a_new_invite_is_not_answered_by_itself),
           CHECK_TEST(a_100_is_wanted_once_after_200_ms_by_any_transport),
           CHECK_TEST(no_100_is_wanted_of_who_has_answered),
           CHECK_TEST(a_repeated_invite_gets_the_last_provisional_response_again),
           CHECK_TEST(undelivered_responses_are_told_and_change_nothing),
           CHECK_TEST(a_2xx_is_sent_and_not_repeated),
           CHECK_TEST(what_is_accepted_sends_each_2xx_and_nothing_else),
           CHECK_TEST(an_ack_for_a_2xx_is_passed_up),
           CHECK_TEST(a_failure_is_repeated_at_growing_intervals_until_timer_h),
           CHECK_TEST(over_a_reliable_transport_a_failure_is_sent_once),
           CHECK_TEST(a_repeated_invite_gets_the_failure_again),
           CHECK_TEST(after_a_failure_other_responses_are_ignored),
           CHECK_TEST(the_ack_ends_the_repeating_and_more_are_absorbed),
           CHECK_TEST(over_a_reliable_transport_the_ack_ends_it_at_once),
           CHECK_TEST(nothing_is_kept_that_will_not_be_sent_again),
           CHECK_TEST(an_early_ack_means_nothing))
