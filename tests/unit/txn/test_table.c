/* Names, ceilings, what calls back from within a call, and what is left when all is over. */
#include "world.h"

static void an_id_finds_its_transaction_until_it_ends_and_nothing_afterwards(void **state)
{
    (void)state;
    struct world *w = world_new();
    txn_id old[100];

    for (size_t i = 0; i < ARRAY_LEN(old); i++) {
        struct txn *t =
            i % 2 == 0 ? start_client(w, "OPTIONS", false) : start_server(w, "OPTIONS", false);
        old[i] = txn_id_of(t);
        assert_true(old[i] != 0);
        assert_ptr_equal(txn_table_find(w->table, old[i]), t);
        let_pass(w, 32000);
        for (size_t earlier = 0; earlier <= i; earlier++) {
            assert_null(txn_table_find(w->table, old[earlier]));
            assert_true(earlier == i || old[earlier] != old[i]);
        }
    }
    assert_null(txn_table_find(w->table, 0));
    assert_null(txn_table_find(w->table, UINT64_MAX));
    check_is_empty(w);
}

static void a_slot_that_had_all_its_generations_is_not_used_again(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = start_client(w, "OPTIONS", false);
    uint32_t slot = (uint32_t)txn_id_of(t);

    txn_abandon(t);
    w->table->slots[slot].generation = UINT32_MAX;
    t = start_client(w, "OPTIONS", false);
    assert_int_equal((uint32_t)txn_id_of(t), slot);
    txn_abandon(t);
    t = start_client(w, "OPTIONS", false);
    assert_int_not_equal((uint32_t)txn_id_of(t), slot);
}

static void thousands_of_transactions_are_all_found(void **state)
{
    enum { COUNT = 300 };
    struct world *w = world_new();
    struct txn *txns[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        txns[i] = start_client(w, "OPTIONS", false);
    assert_int_equal(txn_table_count(w->table), COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_ptr_equal(txn_table_match(w->table, response_to(w, txns[i], 200), NULL), txns[i]);
    let_pass(w, 32000);
    check_is_empty(w);
}

static void however_many_end_at_once_a_turn_is_short(void **state)
{
    enum { COUNT = 2 * TXN_MAX_WAKES + 100 };
    struct world *w = world_new();

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        start_client(w, "OPTIONS", false);
    w->now_ms += 32000;
    for (size_t left = COUNT; left > 0;) {
        assert_in_range(txn_table_next_ms(w->table), 0, w->now_ms);
        txn_table_turn(w->table, w->now_ms);
        assert_in_range(txn_table_count(w->table),
                        left - (left < TXN_MAX_WAKES ? left : TXN_MAX_WAKES), left - 1);
        left = txn_table_count(w->table);
    }
    check_is_empty(w);
}

static void there_are_no_more_transactions_than_allowed(void **state)
{
    struct txn_settings settings = world_settings();

    (void)state;
    settings.max_transactions = 2;
    struct world *w = world_with(&settings);
    struct txn *t = start_client(w, "INVITE", false);
    start_server(w, "OPTIONS", false);
    assert_null(txn_client_new(w->table, SIP_OPTIONS, NULL));
    assert_null(txn_client_new_cancel(t, NULL));
    assert_null(
        txn_server_start(w->table, request(w, "BYE", "z9hG4bK2"), NULL, some_route, false, NULL));
    assert_int_equal(txn_table_count(w->table), 2);
    txn_abandon(t);
    start_client(w, "OPTIONS", false);
}

static void a_client_whose_request_cannot_be_kept_is_gone(void **state)
{
    struct txn_settings settings = world_settings();

    (void)state;
    settings.max_message_bytes = 100;
    struct world *w = world_with(&settings);
    struct txn *t = txn_client_new(w->table, SIP_OPTIONS, NULL);
    CHECK_MADE(t);
    struct words words = usual_words("OPTIONS", BRANCH(t));
    assert_false(txn_client_start(t, write_words(w, &words), some_route, false));
    CHECK_STORY(w, "");
    check_is_empty(w);
}

static void a_response_that_cannot_be_kept_is_sent_once(void **state)
{
    struct txn_settings settings = world_settings();

    (void)state;
    settings.max_message_bytes = 150;
    struct world *w = world_with(&settings);
    struct txn *t = start_server(w, "INVITE", false);
    char text[200] = "SIP/2.0 486 Busy";
    assert_true(respond(t, 180));
    assert_false(txn_respond(t, 486, (struct slice){text, sizeof(text)}));
    receive_request(w, "INVITE");
    let_pass(w, 31999);
    CHECK_STORY(w, "send 180, send 486");
    let_pass(w, 1);
    CHECK_STORY(w, "timeout, ended");
    check_is_empty(w);
}

/* The To of the response makes the ACK longer than the INVITE was. */
static void an_ack_that_cannot_be_kept_is_made_anew_each_time(void **state)
{
    struct txn_settings settings = world_settings();

    (void)state;
    settings.max_message_bytes = 300;
    struct world *w = world_with(&settings);
    struct txn *t = start_client(w, "INVITE", false);
    char tag[401];
    struct words words = usual_words("INVITE", BRANCH(t));

    memset(tag, 't', sizeof(tag) - 1);
    tag[sizeof(tag) - 1] = '\0';
    words.status = 486;
    words.to_tag = tag;
    receive(w, make(w, words));
    receive(w, make(w, words));
    CHECK_STORY(w, "send, send ACK, response 486, send ACK");
    assert_non_null(strstr(w->sent, tag));
    assert_int_equal(txn_request(t).len, 0);
}

/* Half a minute of them is kept: RFC 3261 timers J, L and M. */
static void what_has_ended_is_small(void **state)
{
    (void)state;
    struct world *w = world_new();

    receive_response(w, start_client(w, "OPTIONS", false), 200);
    receive_response(w, start_client(w, "INVITE", false), 200);
    respond(start_server(w, "INVITE", false), 200);
    assert_int_equal(txn_table_count(w->table), 3);
    assert_int_equal(w->table->kept_bytes, 0);
    assert_true(sizeof(struct txn) <= 96);
    assert_true(sizeof(struct txn_server) <= 136);
}

static void giving_up_tells_nobody(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *unstarted = txn_client_new(w->table, SIP_OPTIONS, NULL);

    CHECK_MADE(unstarted);
    txn_abandon(unstarted);
    struct txn *t = start_client(w, "INVITE", false);
    txn_abandon(t);
    txn_abandon(t);
    let_pass(w, 32000);
    CHECK_STORY(w, "send");
    check_is_empty(w);
}

static void all_is_freed_with_the_table(void **state)
{
    (void)state;
    struct world *w = world_new();

    CHECK_MADE(txn_client_new(w->table, SIP_OPTIONS, NULL));
    struct txn *invite = start_client(w, "INVITE", false);
    CHECK_MADE(txn_client_new_cancel(invite, NULL));
    respond(start_server(w, "OPTIONS", false), 200);
    respond(start_server(w, "BYE", true), 200);
    forget_story(w);
    txn_table_free(w->table);
    w->table = NULL;
    CHECK_STORY(w, "");
}

static void what_the_user_left_with_it_is_there_to_the_end(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = start_server(w, "OPTIONS", true);
    int mine;

    assert_true(txn_is_server(t));
    assert_int_equal(txn_method(t), SIP_OPTIONS);
    assert_ptr_equal(txn_user(t), w);
    txn_set_user(t, &mine);
    respond(t, 200);
    CHECK_STORY(w, "send 200, ended");
    assert_ptr_equal(txn_user(t), &mine); /* until the next turn */
    assert_string_equal(txn_route(t), some_route);
}

static void time_does_not_run_backwards(void **state)
{
    (void)state;
    struct world *w = world_new();

    start_client(w, "OPTIONS", false);
    txn_table_turn(w->table, START_MS + 400);
    txn_table_turn(w->table, START_MS - 400);
    txn_table_turn(w->table, START_MS + 500);
    CHECK_STORY(w, "send, send");
}

/* A program that slept for long finds one alarm for each, not all that it missed. */
static void a_late_turn_makes_no_burst(void **state)
{
    (void)state;
    struct world *w = world_new();

    start_client(w, "OPTIONS", false);
    txn_table_turn(w->table, START_MS + 20000);
    CHECK_STORY(w, "send, send");
    txn_table_turn(w->table, START_MS + 20999);
    CHECK_STORY(w, "");
    txn_table_turn(w->table, START_MS + 21000);
    CHECK_STORY(w, "send");
    txn_table_turn(w->table, START_MS + 50000);
    CHECK_STORY(w, "timeout, ended");
}

/* --- calling back ----------------------------------------------------------------------------- */

static void gives_up_when_sending(struct world *w, struct txn *t, int news)
{
    (void)w;
    if (news == TXN_SENDS)
        txn_abandon(t);
}

static void a_host_may_give_up_from_within_send(void **state)
{
    (void)state;
    struct world *w = world_new();

    w->habit = gives_up_when_sending;
    start_client(w, "INVITE", false);
    CHECK_STORY(w, "send");
    check_is_empty(w);

    w->habit = NULL;
    struct txn *t = start_client(w, "INVITE", false);
    w->habit = gives_up_when_sending;
    receive_response(w, t, 486);
    CHECK_STORY(w, "send, send ACK");
    check_is_empty(w);
}

static void fails_when_sending(struct world *w, struct txn *t, int news)
{
    (void)w;
    if (news == TXN_SENDS)
        txn_unreachable(t);
}

static void a_host_may_fail_from_within_send(void **state)
{
    (void)state;
    struct world *w = world_new();

    w->habit = fails_when_sending;
    start_client(w, "OPTIONS", false);
    CHECK_STORY(w, "send, unreachable, ended");
    check_is_empty(w);
}

static void gives_up_when_told(struct world *w, struct txn *t, int news)
{
    (void)w;
    if (news == TXN_TIMEOUT || news == TXN_RESPONSE)
        txn_abandon(t);
}

static void a_host_may_give_up_from_within_tell(void **state)
{
    (void)state;
    struct world *w = world_new();

    w->habit = gives_up_when_told;
    start_client(w, "OPTIONS", true);
    let_pass(w, 32000);
    CHECK_STORY(w, "send, timeout");
    receive_response(w, start_client(w, "OPTIONS", true), 200);
    CHECK_STORY(w, "send, response 200");
    check_is_empty(w);
}

static void answers_what_is_due(struct world *w, struct txn *t, int news)
{
    (void)w;
    if (news == TXN_TRYING_DUE)
        respond(t, 100);
}

static void a_host_answers_from_within_tell(void **state)
{
    (void)state;
    struct world *w = world_new();

    w->habit = answers_what_is_due;
    start_server(w, "INVITE", false);
    start_server(w, "OPTIONS", false);
    let_pass(w, 10000);
    CHECK_STORY(w, "trying due, send 100, trying due, send 100");
}

/* As a proxy does: what a client hears is said by a server, and both end from within one call. */
static void forwards(struct world *w, struct txn *t, int news)
{
    if (news == TXN_RESPONSE && !txn_is_server(t))
        respond(w->other, 404);
    if (news == TXN_ENDED && !txn_is_server(t))
        txn_abandon(start_client(w, "OPTIONS", true));
}

static void one_transaction_may_drive_another_from_within(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = start_client(w, "OPTIONS", true);

    w->other = start_server(w, "OPTIONS", true);
    w->habit = forwards;
    receive_response(w, t, 404);
    CHECK_STORY(w, "send, response 404, send 404, ended, ended, send");
    check_is_empty(w);
}

CHECK_MAIN(CHECK_TEST(an_id_finds_its_transaction_until_it_ends_and_nothing_afterwards),
           CHECK_TEST(a_slot_that_had_all_its_generations_is_not_used_again),
           CHECK_TEST(thousands_of_transactions_are_all_found),
           CHECK_TEST(however_many_end_at_once_a_turn_is_short),
           CHECK_TEST(there_are_no_more_transactions_than_allowed),
           CHECK_TEST(a_client_whose_request_cannot_be_kept_is_gone),
           CHECK_TEST(a_response_that_cannot_be_kept_is_sent_once),
           CHECK_TEST(an_ack_that_cannot_be_kept_is_made_anew_each_time),
           CHECK_TEST(what_has_ended_is_small), CHECK_TEST(giving_up_tells_nobody),
           CHECK_TEST(all_is_freed_with_the_table),
           CHECK_TEST(what_the_user_left_with_it_is_there_to_the_end),
           CHECK_TEST(time_does_not_run_backwards), CHECK_TEST(a_late_turn_makes_no_burst),
           CHECK_TEST(a_host_may_give_up_from_within_send),
           CHECK_TEST(a_host_may_fail_from_within_send),
           CHECK_TEST(a_host_may_give_up_from_within_tell),
           CHECK_TEST(a_host_answers_from_within_tell),
           CHECK_TEST(one_transaction_may_drive_another_from_within))
