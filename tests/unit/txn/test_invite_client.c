/* Every arrow of RFC 6026 8.4, figure 5, in virtual time. */
#include "world.h"

static struct txn *calling(struct world *w, bool is_reliable)
{
    return start_client(w, "INVITE", is_reliable);
}

static struct txn *proceeding(struct world *w, bool is_reliable)
{
    struct txn *t = calling(w, is_reliable);

    receive_response(w, t, 180);
    forget_story(w);
    return t;
}

static struct txn *accepted(struct world *w, bool is_reliable)
{
    struct txn *t = calling(w, is_reliable);

    receive_response(w, t, 200);
    forget_story(w);
    return t;
}

static struct txn *completed(struct world *w)
{
    struct txn *t = calling(w, false);

    receive_response(w, t, 486);
    forget_story(w);
    return t;
}

static void the_invite_is_sent_when_it_is_started(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = calling(w, false);

    CHECK_STORY(w, "send");
    assert_int_equal(t->state, CALLING);
    assert_true(slice_equal(txn_request(t), (struct slice){w->sent, w->sent_len}));
    assert_string_equal(txn_route(t), some_route);
}

static void an_unanswered_invite_is_sent_seven_times_then_times_out(void **state)
{
    (void)state;
    struct world *w = world_new();

    calling(w, false);
    let_pass(w, 31999);
    CHECK_STORY(w, "send, send, send, send, send, send, send");
    let_pass(w, 1);
    CHECK_STORY(w, "timeout, ended");
    check_is_empty(w);
}

static void the_interval_doubles_without_a_limit(void **state)
{
    static const uint64_t at_ms[] = {500, 1500, 3500, 7500, 15500, 31500};
    struct world *w = world_new();
    uint64_t now_ms = 0;

    (void)state;
    calling(w, false);
    forget_story(w);
    for (size_t i = 0; i < ARRAY_LEN(at_ms); i++) {
        let_pass(w, at_ms[i] - now_ms - 1);
        CHECK_STORY(w, "");
        let_pass(w, 1);
        CHECK_STORY(w, "send");
        now_ms = at_ms[i];
    }
}

static void over_a_reliable_transport_it_is_sent_once(void **state)
{
    (void)state;
    struct world *w = world_new();

    calling(w, true);
    let_pass(w, 31999);
    CHECK_STORY(w, "send");
    let_pass(w, 1);
    CHECK_STORY(w, "timeout, ended");
    check_is_empty(w);
}

static void what_cannot_be_delivered_ends(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = calling(w, false);

    forget_story(w);
    txn_unreachable(t);
    CHECK_STORY(w, "unreachable, ended");
    check_is_empty(w);
}

static void a_provisional_response_ends_the_repeating_and_the_time_limit(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = calling(w, false);

    receive_response(w, t, 100);
    CHECK_STORY(w, "send, response 100");
    assert_int_equal(t->state, PROCEEDING);
    let_pass(w, 3600 * 1000);
    CHECK_STORY(w, "");
    assert_int_equal(txn_table_next_ms(w->table), TIMER_NEVER);
}

static void further_provisional_responses_are_passed_up(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = proceeding(w, false);

    receive_response(w, t, 183);
    CHECK_STORY(w, "response 183");
    assert_int_equal(t->state, PROCEEDING);
    assert_false(txn_has_final(t));
}

/* The figure has no arrow for it: a final response may still come by another connection. */
static void while_proceeding_a_lost_connection_means_nothing(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = proceeding(w, true);

    txn_unreachable(t);
    CHECK_STORY(w, "");
    assert_int_equal(t->state, PROCEEDING);
}

static void a_2xx_is_accepted_from_both_states_and_over_any_transport(void **state)
{
    struct world *w = world_new();

    (void)state;
    for (int i = 0; i < 4; i++) {
        bool is_reliable = i % 2 == 1;
        struct txn *t = i < 2 ? calling(w, is_reliable) : proceeding(w, is_reliable);
        forget_story(w);
        receive_response(w, t, 200);
        CHECK_STORY(w, "response 200");
        assert_int_equal(t->state, ACCEPTED);
        let_pass(w, 31999);
        CHECK_STORY(w, "");
        let_pass(w, 1);
        CHECK_STORY(w, "ended");
        check_is_empty(w);
    }
}

static void each_2xx_is_passed_up(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = accepted(w, false);

    let_pass(w, 10000);
    receive_response(w, t, 200);
    receive_response(w, t, 202);
    CHECK_STORY(w, "response 200, response 202");
    let_pass(w, 22000);
    CHECK_STORY(w, "ended");
}

static void after_a_2xx_nothing_else_counts(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = accepted(w, false);

    receive_response(w, t, 180);
    receive_response(w, t, 486);
    txn_unreachable(t);
    CHECK_STORY(w, "");
    assert_int_equal(t->state, ACCEPTED);
}

static void a_failure_is_acknowledged_and_passed_up_from_both_states(void **state)
{
    static const int statuses[] = {300, 404, 503, 699};
    struct world *w = world_new();

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(statuses); i++) {
        char story[64];
        struct txn *t = i % 2 == 0 ? calling(w, false) : proceeding(w, false);
        forget_story(w);
        receive_response(w, t, statuses[i / 2]);
        snprintf(story, sizeof(story), "send ACK, response %d", statuses[i / 2]);
        CHECK_STORY(w, story);
        assert_int_equal(t->state, COMPLETED);
    }
}

static void the_ack_is_built_as_17_1_1_3_says(void **state)
{
    struct world *w = world_new();
    struct txn *t = txn_client_new(w->table, SIP_INVITE, NULL);
    char invite[1024], ack[1024];

    (void)state;
    CHECK_MADE(t);
    snprintf(invite, sizeof(invite),
             "INVITE sip:bob@biloxi.com SIP/2.0\r\n"
             "Via: SIP/2.0/UDP pc33.atlanta.com;branch=%.*s\r\n"
             "Via: SIP/2.0/UDP further.example;branch=z9hG4bKother\r\n"
             "Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\n"
             "To: Bob <sip:bob@biloxi.com>\r\n"
             "From: Alice <sip:alice@atlanta.com>;tag=88sja8x\r\n"
             "Max-Forwards: 70\r\n"
             "Call-ID: 987asjd97y7atg\r\n"
             "CSeq: 986759 INVITE\r\n"
             "Content-Length: 4\r\n\r\nbody",
             SLICE_ARGS(BRANCH(t)));
    check_made(txn_client_start(t, slice_of(invite), some_route, false), __FILE__, __LINE__);
    receive_response(w, t, 486);

    snprintf(ack, sizeof(ack), "Via: SIP/2.0/UDP pc33.atlanta.com;branch=%.*s",
             SLICE_ARGS(BRANCH(t)));
    const struct sip_message *msg = parse(w, (struct slice){w->sent, w->sent_len});
    CHECK_SLICE(msg->method, "ACK");
    CHECK_SLICE(msg->uri, "sip:bob@biloxi.com");
    CHECK_SLICE(sip_message_value(msg, SIP_VIA), ack + strlen("Via: "));
    assert_null(sip_message_next(msg, sip_message_header(msg, SIP_VIA)));
    CHECK_SLICE(sip_message_value(msg, SIP_ROUTE), "<sip:p1.example;lr>, <sip:p2.example;lr>");
    CHECK_SLICE(sip_message_value(msg, SIP_TO), "<sip:bob@example.org>;tag=to1");
    CHECK_SLICE(sip_message_value(msg, SIP_FROM), "Alice <sip:alice@atlanta.com>;tag=88sja8x");
    CHECK_SLICE(sip_message_value(msg, SIP_CALL_ID), "987asjd97y7atg");
    CHECK_SLICE(sip_message_value(msg, SIP_CSEQ), "986759 ACK");
    assert_int_equal(msg->body.len, 0);
}

static void a_repeated_failure_is_acknowledged_again_but_not_passed_up(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = completed(w);

    receive_response(w, t, 486);
    let_pass(w, 500);
    receive_response(w, t, 486);
    CHECK_STORY(w, "send ACK, send ACK");
    receive_response(w, t, 180);
    receive_response(w, t, 200);
    CHECK_STORY(w, "");
}

static void after_a_failure_it_waits_for_timer_d(void **state)
{
    (void)state;
    struct world *w = world_new();

    completed(w);
    let_pass(w, 31999);
    CHECK_STORY(w, "");
    let_pass(w, 1);
    CHECK_STORY(w, "ended");
    check_is_empty(w);
}

static void timer_d_is_32_seconds_however_short_t1_is(void **state)
{
    struct txn_settings settings = world_settings();
    struct world *w;

    (void)state;
    settings.t1_ms = 10;
    w = world_with(&settings);
    completed(w);
    let_pass(w, 31999);
    CHECK_STORY(w, "");
    let_pass(w, 1);
    CHECK_STORY(w, "ended");
}

static void an_ack_that_cannot_be_delivered_ends_it(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = completed(w);

    txn_unreachable(t);
    CHECK_STORY(w, "unreachable, ended");
    check_is_empty(w);
}

static void over_a_reliable_transport_a_failure_ends_it_at_once(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = calling(w, true);

    receive_response(w, t, 603);
    CHECK_STORY(w, "send, send ACK, response 603, ended");
    check_is_empty(w);
}

static void the_request_is_kept_until_a_final_response(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *failing = proceeding(w, false);
    size_t invite_len = txn_request(failing).len;

    assert_true(invite_len > 0);
    receive_response(w, failing, 404);
    assert_int_equal(txn_request(failing).len, 0);
    assert_true(w->table->kept_bytes > 0 && w->table->kept_bytes <= w->sent_len + 256);

    size_t with_ack = w->table->kept_bytes;
    struct txn *fine = proceeding(w, false);
    receive_response(w, fine, 200);
    assert_int_equal(txn_request(fine).len, 0);
    assert_int_equal(w->table->kept_bytes, with_ack);
}

CHECK_MAIN(CHECK_TEST(the_invite_is_sent_when_it_is_started),
           CHECK_TEST(an_unanswered_invite_is_sent_seven_times_then_times_out),
           CHECK_TEST(the_interval_doubles_without_a_limit),
           CHECK_TEST(over_a_reliable_transport_it_is_sent_once),
           CHECK_TEST(what_cannot_be_delivered_ends),
           CHECK_TEST(a_provisional_response_ends_the_repeating_and_the_time_limit),
           CHECK_TEST(further_provisional_responses_are_passed_up),
           CHECK_TEST(while_proceeding_a_lost_connection_means_nothing),
           CHECK_TEST(a_2xx_is_accepted_from_both_states_and_over_any_transport),
           CHECK_TEST(each_2xx_is_passed_up), CHECK_TEST(after_a_2xx_nothing_else_counts),
           CHECK_TEST(a_failure_is_acknowledged_and_passed_up_from_both_states),
           CHECK_TEST(the_ack_is_built_as_17_1_1_3_says),
           CHECK_TEST(a_repeated_failure_is_acknowledged_again_but_not_passed_up),
           CHECK_TEST(after_a_failure_it_waits_for_timer_d),
           CHECK_TEST(timer_d_is_32_seconds_however_short_t1_is),
           CHECK_TEST(an_ack_that_cannot_be_delivered_ends_it),
           CHECK_TEST(over_a_reliable_transport_a_failure_ends_it_at_once),
           CHECK_TEST(the_request_is_kept_until_a_final_response))
