/* Which transaction a message belongs to: RFC 3261 17.1.3, 17.2.3, 9.2, 8.2.2.2. */
#include "world.h"

static const struct slice some_branch = {"z9hG4bKbranch1", 14};

/* --- responses -------------------------------------------------------------------------------- */

static struct txn *match_response(struct world *w, struct slice branch, const char *method)
{
    struct words words = usual_words(method, branch);

    words.status = 200;
    return txn_table_match(w->table, make(w, words), NULL);
}

static void a_response_is_found_by_its_branch(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *first = start_client(w, "OPTIONS", false);
    struct txn *second = start_client(w, "OPTIONS", false);

    assert_ptr_equal(match_response(w, BRANCH(first), "OPTIONS"), first);
    assert_ptr_equal(match_response(w, BRANCH(second), "OPTIONS"), second);
    assert_true(BRANCH(first).len <= TXN_BRANCH_MAX);
    assert_true(sip_branch_is_rfc3261(BRANCH(first)));
}

static void what_follows_a_dot_is_the_users_own(void **state)
{
    static const struct {
        const char *appended;
        bool matches;
        const char *label;
    } cases[] = {
        {"",               true,  "nothing"         },
        {".",              true,  "an empty text"   },
        {".loop-hash.12",  true,  "any text"        },
        {"a",              false, "no dot before it"},
        {"0123.loop-hash", false, "more digits"     },
    };
    struct world *w = world_new();
    struct txn *t = start_client(w, "OPTIONS", false);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[128];
        snprintf(text, sizeof(text), "%.*s%s", SLICE_ARGS(BRANCH(t)), cases[i].appended);
        CHECK_CASE((match_response(w, slice_of(text), "OPTIONS") == t) == cases[i].matches,
                   cases[i].label);
    }
}

static void a_forged_branch_matches_nothing(void **state)
{
    struct world *w = world_new();
    struct txn *t = start_client(w, "OPTIONS", false);
    char text[TXN_BRANCH_MAX];

    (void)state;
    for (size_t i = 0; i < BRANCH(t).len; i++) {
        memcpy(text, BRANCH(t).ptr, BRANCH(t).len);
        text[i] = text[i] == '0' ? '1' : '0';
        assert_null(match_response(w, (struct slice){text, BRANCH(t).len}, "OPTIONS"));
    }
    assert_null(match_response(w, (struct slice){text, BRANCH(t).len - 1}, "OPTIONS"));
    assert_null(match_response(w, SLICE("z9hG4bK"), "OPTIONS"));
    assert_null(match_response(w, SLICE_NONE, "OPTIONS"));
}

static void a_branch_tells_the_number_of_its_table(void **state)
{
    static const char *const none_of_ours[] = {"",
                                               "z9hG4bK",
                                               "z9hG4bK42",
                                               "z9hG4bK4a0123456789abcdef0123456789abcdef",
                                               "z9hG4bJ420123456789abcdef0123456789abcdef",
                                               "z9hG4bK420123456789abcdef0123456789abcde"};
    struct txn_settings settings = world_settings();

    (void)state;
    settings.number = 42;
    struct txn *t = start_client(world_with(&settings), "OPTIONS", false);
    assert_int_equal(txn_branch_number(BRANCH(t)), 42);
    assert_int_equal(txn_branch_number(SLICE_NONE), -1);
    for (size_t i = 0; i < ARRAY_LEN(none_of_ours); i++)
        assert_int_equal(txn_branch_number(slice_of(none_of_ours[i])), -1);
}

static void the_branch_of_another_table_matches_nothing(void **state)
{
    struct txn_settings settings = world_settings();
    struct world *w = world_new();
    struct txn *t = start_client(w, "OPTIONS", false);

    (void)state;
    settings.key.k0++;
    struct world *other = world_with(&settings);
    start_client(other, "OPTIONS", false);
    assert_null(match_response(other, BRANCH(t), "OPTIONS"));
}

static void the_method_of_the_cseq_must_be_that_of_the_request(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = start_client(w, "OPTIONS", false);

    assert_null(match_response(w, BRANCH(t), "INVITE"));
    assert_null(match_response(w, BRANCH(t), "CANCEL"));
    assert_null(match_response(w, BRANCH(t), "options"));
}

static void what_has_ended_matches_nothing(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = start_client(w, "OPTIONS", false);
    char branch[TXN_BRANCH_MAX];
    struct slice old = {branch, BRANCH(t).len};

    memcpy(branch, BRANCH(t).ptr, old.len);
    txn_abandon(t);
    assert_null(match_response(w, old, "OPTIONS"));
    let_pass(w, 1);
    t = start_client(w, "OPTIONS", false); /* in the same slot */
    assert_null(match_response(w, old, "OPTIONS"));
    assert_ptr_equal(match_response(w, BRANCH(t), "OPTIONS"), t);
}

/* --- the CANCEL of a client ------------------------------------------------------------------- */

static struct txn *start_cancel(struct world *w, struct txn *invite)
{
    struct txn *cancel = txn_client_new_cancel(invite, NULL);

    CHECK_MADE(cancel);
    struct words words = usual_words("CANCEL", BRANCH(cancel));
    check_made(txn_client_start(cancel, write_words(w, &words), txn_route(invite), false), __FILE__,
               __LINE__);
    return cancel;
}

static void a_cancel_shares_the_branch_of_its_invite(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *invite = start_client(w, "INVITE", false);
    struct txn *cancel = start_cancel(w, invite);

    assert_true(slice_equal(BRANCH(invite), BRANCH(cancel)));
    assert_true(txn_id_of(invite) != txn_id_of(cancel));
    assert_ptr_equal(match_response(w, BRANCH(invite), "INVITE"), invite);
    assert_ptr_equal(match_response(w, BRANCH(invite), "CANCEL"), cancel);
    assert_ptr_equal(txn_table_find(w->table, txn_id_of(cancel)), cancel);
    assert_null(txn_client_new_cancel(invite, NULL));
}

static void either_may_end_first(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *w = world_new();
        struct txn *invite = start_client(w, "INVITE", false);
        struct txn *cancel = start_cancel(w, invite);
        txn_id invite_id = txn_id_of(invite);
        struct txn *first = i == 0 ? invite : cancel;
        struct txn *last = i == 0 ? cancel : invite;
        const char *first_method = i == 0 ? "INVITE" : "CANCEL";
        const char *last_method = i == 0 ? "CANCEL" : "INVITE";

        txn_abandon(first);
        txn_table_turn(w->table, w->now_ms);
        assert_null(match_response(w, BRANCH(last), first_method));
        assert_ptr_equal(match_response(w, BRANCH(last), last_method), last);
        struct txn *newcomer = start_client(w, "INVITE", false);
        assert_false(slice_equal(BRANCH(newcomer), BRANCH(last)));
        assert_true(txn_id_of(newcomer) != invite_id);
        txn_abandon(last);
        txn_abandon(newcomer);
        check_is_empty(w);
    }
}

static void an_invite_that_has_ended_gets_no_cancel(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *invite = start_client(w, "INVITE", false);

    txn_abandon(invite);
    assert_null(txn_client_new_cancel(invite, NULL));
    check_is_empty(w);
}

static void after_one_cancel_has_ended_another_may_follow(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *invite = start_client(w, "INVITE", false);

    txn_abandon(start_cancel(w, invite));
    struct txn *cancel = start_cancel(w, invite);
    assert_ptr_equal(match_response(w, BRANCH(invite), "CANCEL"), cancel);
}

/* --- what came back with an ICMP error -------------------------------------------------------- */

static void what_we_sent_is_found_by_the_beginning_of_it(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *invite = start_client(w, "INVITE", false);
    struct slice sent = {w->sent, w->sent_len};
    size_t needed = (size_t)(strstr(w->sent, "\r\nMax-Forwards") - w->sent);

    for (size_t len = 0; len <= sent.len; len++) {
        struct txn *found = txn_table_find_sent(w->table, (struct slice){sent.ptr, len});
        assert_ptr_equal(found, len < needed ? NULL : invite);
    }
    start_cancel(w, invite);
    assert_ptr_not_equal(txn_table_find_sent(w->table, (struct slice){w->sent, w->sent_len}),
                         invite);
    receive_response(w, invite, 486);
    assert_memory_equal(w->sent, "ACK ", 4);
    assert_ptr_equal(txn_table_find_sent(w->table, (struct slice){w->sent, w->sent_len}), invite);
}

static void only_our_topmost_via_counts(void **state)
{
    static const struct {
        const char *format;
        bool is_found;
        const char *label;
    } cases[] = {
        {"OPTIONS sip:a SIP/2.0\r\nSubject: x\r\nv: SIP/2.0/UDP a;branch=%.*s;rport\r\n",          true,
         "a compact name, further down"                                                                                            },
        {"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=%.*s.xyz, SIP/2.0/UDP b\r\n",         true,
         "with a text appended"                                                                                                    },
        {"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=1\r\nVia: SIP/2.0/UDP b;branch=%.*s",
         false,                                                                                           "not the topmost"        },
        {"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=%.*s\r\n",                                   false, "a response is another's"},
        {"SUBSCRIBE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=%.*s\r\n",                          false, "other method"           },
        {"OPTIONS sip:%.*s SIP/2.0\r\n\r\n",                                                       false, "no Via at all"          },
    };
    struct world *w = world_new();
    struct txn *t = start_client(w, "OPTIONS", false);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[256];
        snprintf(text, sizeof(text), cases[i].format, SLICE_ARGS(BRANCH(t)));
        CHECK_CASE((txn_table_find_sent(w->table, slice_of(text)) == t) == cases[i].is_found,
                   cases[i].label);
    }
}

/* --- requests --------------------------------------------------------------------------------- */

static struct txn *start_with(struct world *w, struct words words)
{
    struct txn *t = txn_server_start(w->table, make(w, words), NULL, some_route, false, NULL);

    CHECK_MADE(t);
    return t;
}

static struct txn *match(struct world *w, struct words words)
{
    return txn_table_match(w->table, make(w, words), NULL);
}

static void a_request_is_found_by_branch_sent_by_and_method(void **state)
{
    static const struct {
        const char *method;
        const char *sent_by;
        const char *branch;
        bool matches;
        const char *label;
    } cases[] = {
        {"INVITE",  "a.example:5060", "z9hG4bKx1", true,  "the same"                        },
        {"INVITE",  "A.Example:5060", "z9hG4bKx1", true,  "a host name has no case"         },
        {"INVITE",  "a.example",      "z9hG4bKx1", true,  "5060 is the default port"        },
        {"ACK",     "a.example:5060", "z9hG4bKx1", true,  "its ACK"                         },
        {"CANCEL",  "a.example:5060", "z9hG4bKx1", false, "a CANCEL is another transaction" },
        {"OPTIONS", "a.example:5060", "z9hG4bKx1", false, "so is another method"            },
        {"INVITE",  "b.example:5060", "z9hG4bKx1", false, "another host"                    },
        {"INVITE",  "a.example:5061", "z9hG4bKx1", false, "another port"                    },
        {"INVITE",  "a.example:5060", "z9hG4bKx2", false, "another branch"                  },
        {"INVITE",  "a.example:5060", "z9hG4bKX1", false, "nor is a branch read otherwise"  },
        {"INVITE",  "a.example:5060", "z9hG4bK",   false, "a branch that is only the cookie"},
    };
    struct world *w = world_new();
    struct words words = usual_words("INVITE", SLICE("z9hG4bKx1"));

    (void)state;
    words.sent_by = "a.example:5060";
    struct txn *t = start_with(w, words);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        words = usual_words(cases[i].method, slice_of(cases[i].branch));
        words.sent_by = cases[i].sent_by;
        CHECK_CASE((match(w, words) == t) == cases[i].matches, cases[i].label);
    }
}

static void with_a_branch_nothing_else_counts(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct words words = usual_words("INVITE", some_branch);
    struct txn *t = start_with(w, words);

    words.uri = "sip:other@example.org";
    words.from_tag = "other";
    words.to_tag = "other";
    words.call_id = "other";
    words.cseq = 8;
    assert_ptr_equal(match(w, words), t);
}

/* Without a branch, or with one that says nothing: RFC 4475 3.2.1. */
static void rfc2543_requests_are_found_by_everything_else(void **state)
{
    static const char *const branches[] = {"", "1", "z9hG4bK"};
    static const char *const methods[] = {"INVITE", "OPTIONS"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(branches) * ARRAY_LEN(methods); i++) {
        struct world *w = world_new();
        const struct words same =
            usual_words(methods[i % 2], slice_of(branches[i / ARRAY_LEN(methods)]));
        struct txn *t = start_with(w, same);
        struct words other = same;

        assert_ptr_equal(match(w, same), t);
        other.uri = "sip:other@example.org";
        assert_null(match(w, other));
        other = same;
        other.from_tag = "other";
        assert_null(match(w, other));
        other = same;
        other.to_tag = "other";
        assert_null(match(w, other));
        other = same;
        other.call_id = "CALL1@192.0.2.1";
        assert_null(match(w, other));
        other = same;
        other.cseq = 8;
        assert_null(match(w, other));
        other = same;
        other.sent_by = "192.0.2.2";
        assert_null(match(w, other));
        other = same;
        other.branch = SLICE("2");
        assert_null(match(w, other));
        other = same;
        other.method = "SUBSCRIBE";
        assert_null(match(w, other));
    }
}

static void answer_with_tag(struct txn *t, int status, const char *tag)
{
    char text[256];

    snprintf(text, sizeof(text),
             "SIP/2.0 %d Because\r\nTo: <sip:bob@example.org>%s%s\r\nContent-Length: 0\r\n\r\n",
             status, tag[0] != '\0' ? ";tag=" : "", tag);
    check_made(txn_respond(t, status, slice_of(text)), __FILE__, __LINE__);
}

static struct txn *match_ack(struct world *w, struct slice branch, const char *to_tag)
{
    struct words words = usual_words("ACK", branch);

    words.to_tag = to_tag;
    return match(w, words);
}

static void an_rfc2543_ack_has_the_to_tag_of_the_response(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = start_with(w, usual_words("INVITE", SLICE_NONE));

    answer_with_tag(t, 180, "early");
    answer_with_tag(t, 486, "ours");
    assert_null(match_ack(w, SLICE_NONE, "early"));
    assert_null(match_ack(w, SLICE_NONE, "theirs"));
    assert_null(match_ack(w, SLICE_NONE, ""));
    assert_ptr_equal(match_ack(w, SLICE_NONE, "ours"), t);
    assert_null(match_ack(w, SLICE("another-via"), "ours"));
    txn_receive(t, make(w, usual_words("ACK", SLICE_NONE)));
    assert_int_equal(t->state, CONFIRMED);
    assert_ptr_equal(match_ack(w, SLICE_NONE, "ours"), t);
}

static void an_rfc2543_ack_for_a_2xx_is_passed_up(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = start_with(w, usual_words("INVITE", SLICE_NONE));
    struct words ack = usual_words("ACK", SLICE_NONE);

    answer_with_tag(t, 200, "ours");
    ack.to_tag = "ours";
    receive(w, make(w, ack));
    CHECK_STORY(w, "send 200, ack");
}

static void an_rfc2543_ack_within_a_dialog_has_the_to_tag_of_the_invite(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct words invite = usual_words("INVITE", SLICE_NONE);

    invite.to_tag = "ours";
    struct txn *t = start_with(w, invite);
    answer_with_tag(t, 486, "ours");
    assert_ptr_equal(match_ack(w, SLICE_NONE, "ours"), t);
    assert_null(match_ack(w, SLICE_NONE, "theirs"));
    assert_null(match_ack(w, SLICE_NONE, ""));
}

static void an_rfc2543_answer_without_a_tag_is_acknowledged_without_one(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct txn *t = start_with(w, usual_words("INVITE", SLICE_NONE));

    answer_with_tag(t, 486, "");
    assert_ptr_equal(match_ack(w, SLICE_NONE, ""), t);
    assert_null(match_ack(w, SLICE_NONE, "theirs"));
}

/* --- the CANCEL of others --------------------------------------------------------------------- */

static void a_cancel_finds_the_invite_that_it_is_about(void **state)
{
    static const char *const branches[] = {"z9hG4bKx1", ""};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(branches); i++) {
        struct world *w = world_new();
        struct slice branch = slice_of(branches[i]);
        struct txn *invite = start_with(w, usual_words("INVITE", branch));
        struct words cancel = usual_words("CANCEL", branch);

        assert_null(match(w, cancel));
        assert_ptr_equal(txn_table_find_cancelled(w->table, make(w, cancel)), invite);
        struct txn *t = start_with(w, cancel);
        assert_ptr_equal(match(w, cancel), t);
        assert_ptr_equal(txn_table_find_cancelled(w->table, make(w, cancel)), invite);
        cancel.sent_by = "192.0.2.9";
        assert_null(txn_table_find_cancelled(w->table, make(w, cancel)));
    }
}

static void a_cancel_is_not_about_other_requests(void **state)
{
    (void)state;
    struct world *w = world_new();

    start_with(w, usual_words("OPTIONS", some_branch));
    assert_null(txn_table_find_cancelled(w->table, make(w, usual_words("CANCEL", some_branch))));
}

/* --- merged requests -------------------------------------------------------------------------- */

static bool is_merged(struct world *w, struct words words)
{
    return txn_table_is_merged(w->table, make(w, words), NULL);
}

static struct txn *start_uas(struct world *w, struct words words)
{
    struct txn_hashes hashes = {.is_uas = true};
    struct txn *t = txn_server_start(w->table, make(w, words), &hashes, some_route, false, NULL);

    CHECK_MADE(t);
    return t;
}

static struct txn *match_uas(struct world *w, struct words words)
{
    struct txn_hashes hashes = {.is_uas = true};

    return txn_table_match(w->table, make(w, words), &hashes);
}

static void what_was_hashed_once_serves_for_all(void **state)
{
    (void)state;
    struct world *w = world_new();
    const struct words first = usual_words("INVITE", SLICE("z9hG4bKpath1"));
    const struct words ack = usual_words("ACK", SLICE("z9hG4bKpath1"));
    struct words other = first;
    struct txn_hashes hashes = {.is_uas = true}, of_ack = {.is_uas = true};

    assert_null(txn_table_match(w->table, make(w, first), &hashes));
    assert_false(txn_table_is_merged(w->table, &w->msg, &hashes));
    assert_false(hashes.has_key || hashes.has_identity); /* there is nothing to look for */
    struct txn *t = txn_server_start(w->table, &w->msg, &hashes, some_route, false, NULL);
    CHECK_MADE(t);
    assert_true(hashes.has_key && hashes.has_identity);

    assert_ptr_equal(match_uas(w, first), t);
    assert_ptr_equal(txn_table_match(w->table, make(w, first), &hashes), t);
    other.branch = SLICE("z9hG4bKpath2");
    assert_true(is_merged(w, other));
    assert_ptr_equal(txn_table_match(w->table, make(w, ack), &of_ack), t);
    assert_true(of_ack.has_key); /* it was found by that of its INVITE */
    assert_memory_equal(&of_ack.key, &hashes.key, sizeof(hashes.key));
}

static void a_request_that_came_by_another_path_is_merged(void **state)
{
    (void)state;
    struct world *w = world_new();
    const struct words first = usual_words("INVITE", SLICE("z9hG4bKpath1"));
    struct words other = first;

    assert_false(is_merged(w, first));
    struct txn *t = start_uas(w, first);
    assert_false(is_merged(w, first));
    assert_ptr_equal(match_uas(w, first), t);

    other.branch = SLICE("z9hG4bKpath2");
    assert_true(is_merged(w, other));
    assert_null(match_uas(w, other));

    other.to_tag = "dialog";
    assert_false(is_merged(w, other));
    other.to_tag = "";
    other.cseq = 8;
    assert_false(is_merged(w, other));
    other = usual_words("OPTIONS", SLICE("z9hG4bKpath2"));
    assert_false(is_merged(w, other));
    other = usual_words("INVITE", SLICE("z9hG4bKpath2"));
    other.from_tag = "FROM1";
    assert_false(is_merged(w, other));
    other = usual_words("INVITE", SLICE("z9hG4bKpath2"));
    other.call_id = "other";
    assert_false(is_merged(w, other));
}

/* They have its branch, and the ACK has a To tag that the INVITE had not. */
static void the_invite_of_a_uas_is_found_by_its_ack_and_its_cancel(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct words invite = usual_words("INVITE", some_branch);
    struct words ack = usual_words("ACK", some_branch);
    struct words cancel = usual_words("CANCEL", some_branch);

    struct txn *t = start_uas(w, invite);
    ack.to_tag = "answer";
    assert_ptr_equal(match_uas(w, ack), t);
    assert_ptr_equal(txn_table_find_cancelled(w->table, make(w, cancel)), t);
    ack.branch = cancel.branch = SLICE("z9hG4bKother");
    assert_null(match_uas(w, ack));
    assert_null(txn_table_find_cancelled(w->table, make(w, cancel)));
    invite.to_tag = "dialog";
    invite.branch = ack.branch;
    t = start_uas(w, invite);
    ack.to_tag = "dialog";
    assert_ptr_equal(match_uas(w, ack), t);
}

static void requests_within_a_dialog_are_never_merged(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct words words = usual_words("INVITE", SLICE("z9hG4bKpath1"));

    words.to_tag = "dialog";
    start_uas(w, words);
    words.branch = SLICE("z9hG4bKpath2");
    assert_false(is_merged(w, words));
}

static void nothing_is_merged_with_what_has_ended(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct words words = usual_words("OPTIONS", SLICE("z9hG4bKpath1"));

    start_uas(w, words);
    let_pass(w, 32000);
    words.branch = SLICE("z9hG4bKpath2");
    assert_false(is_merged(w, words));
}

static void what_a_proxy_forwards_is_not_merged(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct words words = usual_words("INVITE", SLICE("z9hG4bKpath1"));

    start_with(w, words);
    words.branch = SLICE("z9hG4bKpath2");
    assert_false(is_merged(w, words));
}

/* --- what is too long ------------------------------------------------------------------------- */

static void an_absurdly_long_sent_by_is_not_served(void **state)
{
    (void)state;
    struct world *w = world_new();
    char host[400 + 1];
    struct words words = usual_words("OPTIONS", some_branch);

    memset(host, 'x', sizeof(host));
    host[sizeof(host) - 1] = '\0';
    words.sent_by = host;
    assert_null(match(w, words));
    assert_false(is_merged(w, words));
    assert_null(txn_server_start(w->table, make(w, words), NULL, some_route, false, NULL));
    check_is_empty(w);
    host[300] = '\0';
    struct txn *t = start_with(w, words);
    assert_ptr_equal(match(w, words), t);
}

CHECK_MAIN(CHECK_TEST(a_response_is_found_by_its_branch),
           CHECK_TEST(what_follows_a_dot_is_the_users_own),
           CHECK_TEST(a_forged_branch_matches_nothing),
           CHECK_TEST(a_branch_tells_the_number_of_its_table),
           CHECK_TEST(the_branch_of_another_table_matches_nothing),
           CHECK_TEST(the_method_of_the_cseq_must_be_that_of_the_request),
           CHECK_TEST(what_has_ended_matches_nothing),
           CHECK_TEST(a_cancel_shares_the_branch_of_its_invite), CHECK_TEST(either_may_end_first),
           CHECK_TEST(an_invite_that_has_ended_gets_no_cancel),
           CHECK_TEST(after_one_cancel_has_ended_another_may_follow),
           CHECK_TEST(what_we_sent_is_found_by_the_beginning_of_it),
           CHECK_TEST(only_our_topmost_via_counts),
           CHECK_TEST(a_request_is_found_by_branch_sent_by_and_method),
           CHECK_TEST(with_a_branch_nothing_else_counts),
           CHECK_TEST(rfc2543_requests_are_found_by_everything_else),
           CHECK_TEST(an_rfc2543_ack_has_the_to_tag_of_the_response),
           CHECK_TEST(an_rfc2543_ack_for_a_2xx_is_passed_up),
           CHECK_TEST(an_rfc2543_ack_within_a_dialog_has_the_to_tag_of_the_invite),
           CHECK_TEST(an_rfc2543_answer_without_a_tag_is_acknowledged_without_one),
           CHECK_TEST(a_cancel_finds_the_invite_that_it_is_about),
           CHECK_TEST(a_cancel_is_not_about_other_requests),
           CHECK_TEST(what_was_hashed_once_serves_for_all),
           CHECK_TEST(a_request_that_came_by_another_path_is_merged),
           CHECK_TEST(the_invite_of_a_uas_is_found_by_its_ack_and_its_cancel),
           CHECK_TEST(requests_within_a_dialog_are_never_merged),
           CHECK_TEST(nothing_is_merged_with_what_has_ended),
           CHECK_TEST(what_a_proxy_forwards_is_not_merged),
           CHECK_TEST(an_absurdly_long_sent_by_is_not_served))
