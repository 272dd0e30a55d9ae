/* The proxy as time passes: RFC 3261 16.6 to 16.10, 9.1 and RFC 4320, half an hour in no time. */
#include "proxy_world.h"

enum { TIMER_B_MS = 32000, TIMER_C_MS = 181000, FAILOVER_MS = 3000 };

static struct world *with_timer_c(void)
{
    struct world *world = new_world();

    world->settings.timer_c_s = TIMER_C_MS / 1000;
    return world;
}

/* --- nobody answers --- */

static void an_invite_that_nobody_answers_gets_408(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000));
    let_pass(world, TIMER_B_MS - 1);
    check_story(world,
                "INVITE 1, 100 up, INVITE 1, INVITE 1, INVITE 1, INVITE 1, INVITE 1, INVITE 1");
    let_pass(world, 1);
    check_story(world, "408 up");
    assert_int_equal(world->w.waiting, 0);
}

/* RFC 4320 4.2. */
static void another_request_that_nobody_answers_gets_nothing_but_a_100(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "MESSAGE", AT(1, 1000), AT(2, 500));
    let_pass(world, 10 * TIMER_B_MS);
    assert_non_null(strstr(world->story, "100 up"));
    assert_null(strstr(world->story, "408 up"));
    assert_int_equal(world->w.waiting, 0);
    assert_int_equal(world->w.parked_bytes, 0);
}

/* RFC 4320 4.2: what came from others is no better. */
static void a_408_to_another_request_is_not_passed_on(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "MESSAGE", AT(1, 1000));
    respond(world, 1, 408);
    check_story(world, "MESSAGE 1");
    assert_int_equal(world->w.waiting, 0);
    let_pass(world, 2 * TIMER_B_MS);
    check_story(world, "");
    assert_int_equal(world->w.parked_bytes, 0);
}

/* RFC 4320 4.2, RFC 6026 8.3: its server transaction has ended by then. */
static void a_late_response_to_another_request_is_dropped(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "MESSAGE", AT(1, 1000));
    let_pass(world, TIMER_B_MS - 1);
    forget_story(world);
    respond(world, 1, 100);
    let_pass(world, 2000);
    respond(world, 1, 200);
    assert_null(strstr(world->story, "200 up"));
}

static void the_next_group_is_tried_when_the_first_does_not_answer(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000), AT(2, 500));
    let_pass(world, TIMER_B_MS - 1);
    forget_story(world);
    let_pass(world, 1);
    check_story(world, "INVITE 2");
    respond(world, 2, 486);
    check_story(world, "ACK 2, 486 up"); /* 408 says less */
}

/* --- timer C: RFC 3261 16.6 step 11, 16.7 step 2, 16.8 --- */

static void what_rings_for_too_long_is_cancelled(void **state)
{
    struct world *world = with_timer_c();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000));
    respond(world, 1, 180);
    check_story(world, "INVITE 1, 180 up");
    let_pass(world, TIMER_C_MS - 1);
    check_story(world, "");
    let_pass(world, 1);
    check_story(world, "CANCEL 1");
    respond(world, 1, 487);
    check_story(world, "ACK 1, 487 up");
}

static void ringing_again_starts_timer_c_anew(void **state)
{
    struct world *world = with_timer_c();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000));
    respond(world, 1, 180);
    let_pass(world, 100000);
    respond(world, 1, 183);
    forget_story(world);
    let_pass(world, TIMER_C_MS - 1);
    check_story(world, "");
    let_pass(world, 1);
    check_story(world, "CANCEL 1");
}

static void a_100_does_not_start_timer_c_anew(void **state)
{
    struct world *world = with_timer_c();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000));
    respond(world, 1, 100);
    let_pass(world, 100000);
    respond(world, 1, 100);
    forget_story(world);
    let_pass(world, TIMER_C_MS - 100000 - 1);
    check_story(world, "");
    let_pass(world, 1);
    check_story(world, "CANCEL 1");
}

static void timer_c_moves_on_to_the_next_group(void **state)
{
    struct world *world = with_timer_c();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000), AT(2, 500));
    respond(world, 1, 180);
    let_pass(world, TIMER_C_MS);
    forget_story(world);
    respond(world, 1, 487);
    check_story(world, "ACK 1, INVITE 2");
}

static void an_answered_call_has_no_timer_c(void **state)
{
    struct world *world = with_timer_c();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000));
    respond(world, 1, 180);
    respond(world, 1, 200);
    forget_story(world);
    let_pass(world, 2 * TIMER_C_MS);
    check_story(world, "");
    assert_int_equal(world->w.parked_bytes, 0);
}

/* --- CANCEL: RFC 3261 9.1, 16.10 --- */

static void who_answers_neither_cancel_nor_invite_is_given_up(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000));
    respond(world, 1, 180);
    cancel(world, "");
    check_story(world, "INVITE 1, 180 up, CANCEL 1");
    let_pass(world, TIMER_B_MS - 1);
    assert_null(strstr(world->story, "487"));
    let_pass(world, 1);
    assert_non_null(strstr(world->story, "487 up"));
    forget_story(world);
    respond(world, 1, 200);
    check_story(world, ""); /* RFC 6026 7.3: it matches nothing any more */
}

static void a_cancel_before_any_answer_is_kept_with_its_reason(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000), AT(2, 1000));
    cancel(world, "Q.850;cause=16");
    check_story(world, "INVITE 1, INVITE 2");
    let_pass(world, 100);
    respond(world, 1, 100);
    check_story(world, "CANCEL 1");
    assert_non_null(strstr(world->cancel.text, "\r\nReason: Q.850;cause=16\r\n"));
    respond(world, 2, 180);
    check_story(world, "CANCEL 2, 180 up");
    assert_non_null(strstr(world->cancel.text, "\r\nReason: Q.850;cause=16\r\n"));
}

static void a_cancelled_call_that_nobody_ever_answered_ends_with_487(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000), AT(2, 500));
    cancel(world, "");
    let_pass(world, TIMER_B_MS - 1);
    forget_story(world);
    let_pass(world, 1);
    check_story(world, "487 up");
}

static void a_cancel_while_the_resolver_is_asked_ends_the_call_at_once(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000));
    check_story(world, "");
    cancel(world, "");
    check_story(world, "487 up");
    answer_question(world, take_question(world), ERR_ABSENT);
    assert_int_equal(world->asked_count, 0);
    check_story(world, "");
}

/* --- several addresses: RFC 3261 16.6 step 7, RFC 3263 4.3 --- */

static void addresses_are_tried_in_their_order_with_a_branch_each(void **state)
{
    struct world *world = new_world();
    struct letter first;

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 3);
    check_story(world, "INVITE 1");
    first = world->sent[1];
    lose(world, 1);
    check_story(world, "INVITE 2");
    assert_string_not_equal(strstr(first.text, "branch="), strstr(world->sent[2].text, "branch="));
    respond(world, 2, 180);
    respond(world, 2, 200);
    check_story(world, "180 up, 200 up");
}

static void beside_a_silent_one_the_next_begins_and_whoever_answers_is_heard(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 2);
    let_pass(world, FAILOVER_MS - 1);
    check_story(world, "INVITE 1, 100 up, INVITE 1, INVITE 1");
    let_pass(world, 1);
    check_story(world, "INVITE 2");
    respond(world, 2, 180);
    respond(world, 1, 200);
    check_story(world, "180 up, 200 up, CANCEL 2");
    respond(world, 2, 487);
    check_story(world, "ACK 2");
    assert_int_equal(world->w.waiting, 0);
    assert_int_equal(world->w.parked_bytes, 0);
}

static void a_silent_one_beside_another_fails_in_the_end(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 2);
    let_pass(world, FAILOVER_MS);
    respond(world, 2, 486);
    forget_story(world);
    let_pass(world, TIMER_B_MS - FAILOVER_MS - 1);
    assert_null(strstr(world->story, "up"));
    forget_story(world);
    let_pass(world, 1);
    check_story(world, "486 up");
}

static void who_said_100_is_not_silent(void **state)
{
    struct world *world = with_timer_c();

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 2);
    respond(world, 1, 100);
    let_pass(world, TIMER_C_MS - 1);
    check_story(world, "INVITE 1, 100 up");
    let_pass(world, FAILOVER_MS + 1);
    check_story(world, "CANCEL 1"); /* timer C runs all the same */
}

static void another_request_goes_beside_a_silent_server_too(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "MESSAGE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 2);
    let_pass(world, FAILOVER_MS - 1);
    forget_story(world);
    let_pass(world, 1);
    check_story(world, "MESSAGE 2");
    respond(world, 2, 200);
    check_story(world, "200 up");
    respond(world, 1, 200);
    check_story(world, "");
    assert_int_equal(world->w.parked_bytes, 0);
}

static void when_there_is_no_other_the_silent_one_has_all_its_time(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 1);
    let_pass(world, TIMER_B_MS - 1);
    assert_null(strstr(world->story, "408"));
    forget_story(world);
    respond(world, 1, 200);
    check_story(world, "200 up");
}

static void both_share_the_breadth(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 3);
    let_pass(world, FAILOVER_MS);
    let_pass(world, FAILOVER_MS);
    assert_non_null(strstr(world->sent[1].text, "Max-Breadth: 30\r\n"));
    assert_non_null(strstr(world->sent[2].text, "Max-Breadth: 15\r\n"));
    assert_non_null(strstr(world->sent[3].text, "Max-Breadth: 8\r\n"));
}

static void a_503_leads_to_the_next_place_with_a_new_branch(void **state)
{
    struct world *world = new_world();
    struct letter first;

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 2);
    first = world->sent[1];
    respond(world, 1, 180);
    respond(world, 1, 503);
    check_story(world, "INVITE 1, 180 up, ACK 1, INVITE 2");
    assert_string_not_equal(strstr(first.text, "branch="), strstr(world->sent[2].text, "branch="));
    cancel(world, "");
    check_story(world, ""); /* not before a provisional response of this one: RFC 3261 9.1 */
    respond(world, 2, 100);
    check_story(world, "CANCEL 2");
}

static void a_503_of_the_last_place_is_the_end(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "MESSAGE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 2);
    respond(world, 1, 503);
    respond(world, 2, 503);
    check_story(world, "MESSAGE 1, MESSAGE 2, 500 up");
    assert_int_equal(world->w.parked_bytes, 0);
}

/* 4.3: a failure is silence without any response, provisional or final. */
static void who_said_100_and_no_more_is_not_followed_by_another(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "MESSAGE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 2);
    respond(world, 1, 100);
    forget_story(world);
    let_pass(world, 2 * TIMER_B_MS);
    assert_null(strstr(world->story, "MESSAGE 2"));
    assert_int_equal(world->w.dead_targets.count, 0);
    assert_int_equal(world->w.parked_bytes, 0);
}

static void the_dead_are_remembered_until_they_are_heard_of(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 2);
    lose(world, 1);
    assert_int_equal(world->w.dead_targets.count, 1);
    let_pass(world, FAILOVER_MS);
    assert_int_equal(world->w.dead_targets.count, 2); /* it is silent, too */
    respond(world, 2, 100);
    assert_int_equal(world->w.dead_targets.count, 1);
}

static void a_name_about_which_dns_fails_is_answered_at_once(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000));
    answer_question(world, take_question(world), ERR_IO);
    check_story(world, "500 up");
    assert_int_equal(world->asked_count, 0);
    let_pass(world, 1);
    assert_int_equal(world->w.parked_bytes, 0);
}

static void when_the_last_address_fails_the_next_group_is_tried(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000), AT(7, 500));
    resolve(world, 1, 2);
    lose(world, 1);
    lose(world, 2);
    check_story(world, "INVITE 1, INVITE 2, INVITE 7");
}

static void a_name_without_addresses_is_answered_at_once(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 0);
    check_story(world, "500 up");
}

static void after_a_cancel_no_further_address_is_tried(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", NAMED("bob@phone.test", 1000));
    resolve(world, 1, 2);
    cancel(world, "");
    forget_story(world);
    lose(world, 1);
    check_story(world, "487 up");
}

/* --- afterwards --- */

/* The ACK for a refusal finds nobody: the branch had its say before. */
static void an_ack_that_is_lost_is_no_second_answer(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000), AT(2, 500));
    respond(world, 1, 486);
    check_story(world, "INVITE 1, ACK 1, INVITE 2");
    lose(world, 1);
    check_story(world, "");
    respond(world, 2, 180);
    respond(world, 2, 200);
    check_story(world, "180 up, 200 up");
    let_pass(world, 2 * TIMER_B_MS);
    assert_int_equal(world->w.parked_bytes, 0);
}

/* RFC 3261 17.2.1 and 16.7 step 3: thirteen messages make a call, and no 100 is among those we
 * send. */
static void who_rings_at_once_spares_the_caller_a_100(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000));
    respond(world, 1, 100);
    respond(world, 1, 180);
    let_pass(world, 10000);
    respond(world, 1, 200);
    check_story(world, "INVITE 1, 180 up, 200 up");
}

/* --- the Vias of a response --- */

static void receive_text(struct world *world, struct slice text)
{
    static struct sip_message msg;
    struct sip_fault fault;

    assert_true(sip_message_parse(text, &msg, &fault) && sip_message_check(&msg, &fault));
    struct txn *t = txn_table_match(world->w.txns, &msg, NULL);
    assert_non_null(t);
    txn_receive(t, &msg);
    arena_reset(world->w.arena);
}

static void check_vias_above(struct world *world, struct slice expected, const char *label)
{
    static struct sip_message up;
    struct slice value;

    read_letter(&world->up, &up);
    struct sip_values vias = sip_values_of(&up, SIP_VIA);
    CHECK_CASE(sip_values_next(&vias, &value) && slice_equal(value, expected), label);
    CHECK_CASE(!sip_values_next(&vias, &value), label);
}

/* RFC 3261 7.3.1: a line for each, which is the shorter way through us, or any other spelling. */
static void however_vias_are_written_ours_alone_goes(void **state)
{
    static const char *const spellings[] = {
        "Via: %.*s\r\nVia: %.*s\r\n", "v: %.*s\r\nVIA : %.*s\r\n",
        "Via: %.*s, %.*s\r\n",        "Via: %.*s,\r\n %.*s\r\n",
        "Via: %.*s ,\r\nv: %.*s\r\n", "Via: %.*s\r\nVia:\r\nVia: %.*s\r\n",
    };
    static struct sip_message sent;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
        struct world *world = new_world();
        char vias[512], text[1024];
        struct slice ours, theirs;
        ASK(world, "MESSAGE", AT(1, 1000));
        read_letter(&world->sent[1], &sent);
        struct sip_values values = sip_values_of(&sent, SIP_VIA);
        assert_true(sip_values_next(&values, &ours) && sip_values_next(&values, &theirs));
        snprintf(vias, sizeof(vias), spellings[i], SLICE_ARGS(ours), SLICE_ARGS(theirs));
        int len = snprintf(text, sizeof(text),
                           "SIP/2.0 200 OK\r\n%sFrom: <sip:alice@elsewhere.example>;tag=a\r\n"
                           "To: <sip:bob@example.org>;tag=b\r\nCall-ID: c\r\n"
                           "CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n",
                           vias);
        receive_text(world, (struct slice){text, (size_t)len});
        check_story(world, "MESSAGE 1, 200 up");
        check_vias_above(world, theirs, spellings[i]);
    }
}

/* RFC 3261 16.7 step 5: every 2xx to INVITE goes upstream, however often it comes. */
static void a_2xx_that_is_repeated_needs_no_context(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000));
    respond(world, 1, 200);
    assert_true(list_is_empty(&world->w.contexts));
    assert_int_equal(world->w.parked_bytes, 0);
    check_story(world, "INVITE 1, 200 up");
    respond(world, 1, 200);
    check_story(world, "200 up");
    let_pass(world, TIMER_B_MS);
    respond(world, 1, 200);
    check_story(world, "");
}

static void a_context_waits_for_its_last_branch(void **state)
{
    struct world *world = new_world();

    (void)state;
    ASK(world, "INVITE", AT(1, 1000), AT(2, 1000));
    respond(world, 2, 180);
    respond(world, 1, 200);
    assert_false(list_is_empty(&world->w.contexts));
    respond(world, 2, 487);
    assert_true(list_is_empty(&world->w.contexts));
    check_story(world, "INVITE 1, INVITE 2, 180 up, 200 up, CANCEL 2, ACK 2");
    respond(world, 1, 200);
    respond(world, 2, 487);
    check_story(world, "200 up, ACK 2");
}

static void what_is_answered_holds_no_request(void **state)
{
    static const int finals[] = {200, 302, 404, 500, 603};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(finals); i++) {
        struct world *world = new_world();
        ASK(world, "MESSAGE", AT(1, 1000));
        assert_true(world->w.parked_bytes > 0);
        respond(world, 1, finals[i]);
        assert_true(list_is_empty(&world->w.contexts));
        assert_int_equal(world->w.parked_bytes, 0);
        assert_true(txn_table_count(world->w.txns) > 0);
    }
}

static void what_is_over_leaves_nothing_behind(void **state)
{
    static const int finals[] = {200, 302, 401, 486, 500, 603};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(finals); i++) {
        struct world *world = new_world();
        ASK(world, "INVITE", AT(1, 1000), AT(2, 1000), AT(3, 500));
        respond(world, 2, 180);
        respond(world, 1, finals[i]);
        let_pass(world, 20ULL * TIMER_B_MS);
        assert_int_equal(world->w.waiting, 0);
        assert_int_equal(world->w.parked_bytes, 0);
        assert_int_equal(txn_table_count(world->w.txns), 0);
        assert_true(list_is_empty(&world->w.contexts));
    }
}

CHECK_MAIN(
    CHECK_TEST(an_invite_that_nobody_answers_gets_408),
    CHECK_TEST(another_request_that_nobody_answers_gets_nothing_but_a_100),
    CHECK_TEST(a_408_to_another_request_is_not_passed_on),
    CHECK_TEST(a_late_response_to_another_request_is_dropped),
    CHECK_TEST(the_next_group_is_tried_when_the_first_does_not_answer),
    CHECK_TEST(what_rings_for_too_long_is_cancelled), CHECK_TEST(ringing_again_starts_timer_c_anew),
    CHECK_TEST(a_100_does_not_start_timer_c_anew), CHECK_TEST(timer_c_moves_on_to_the_next_group),
    CHECK_TEST(an_answered_call_has_no_timer_c),
    CHECK_TEST(who_answers_neither_cancel_nor_invite_is_given_up),
    CHECK_TEST(a_cancel_before_any_answer_is_kept_with_its_reason),
    CHECK_TEST(a_cancelled_call_that_nobody_ever_answered_ends_with_487),
    CHECK_TEST(a_cancel_while_the_resolver_is_asked_ends_the_call_at_once),
    CHECK_TEST(addresses_are_tried_in_their_order_with_a_branch_each),
    CHECK_TEST(beside_a_silent_one_the_next_begins_and_whoever_answers_is_heard),
    CHECK_TEST(a_silent_one_beside_another_fails_in_the_end),
    CHECK_TEST(who_said_100_is_not_silent),
    CHECK_TEST(another_request_goes_beside_a_silent_server_too),
    CHECK_TEST(when_there_is_no_other_the_silent_one_has_all_its_time),
    CHECK_TEST(both_share_the_breadth), CHECK_TEST(a_503_leads_to_the_next_place_with_a_new_branch),
    CHECK_TEST(a_503_of_the_last_place_is_the_end),
    CHECK_TEST(who_said_100_and_no_more_is_not_followed_by_another),
    CHECK_TEST(the_dead_are_remembered_until_they_are_heard_of),
    CHECK_TEST(a_name_about_which_dns_fails_is_answered_at_once),
    CHECK_TEST(when_the_last_address_fails_the_next_group_is_tried),
    CHECK_TEST(a_name_without_addresses_is_answered_at_once),
    CHECK_TEST(after_a_cancel_no_further_address_is_tried),
    CHECK_TEST(an_ack_that_is_lost_is_no_second_answer),
    CHECK_TEST(who_rings_at_once_spares_the_caller_a_100),
    CHECK_TEST(however_vias_are_written_ours_alone_goes),
    CHECK_TEST(a_2xx_that_is_repeated_needs_no_context),
    CHECK_TEST(a_context_waits_for_its_last_branch), CHECK_TEST(what_is_answered_holds_no_request),
    CHECK_TEST(what_is_over_leaves_nothing_behind))
