/* Who is believed, who is challenged again, and who is shut out; the users are in a real store. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/auth.h"
#include "server/lockout.h"
#include "server/nonce.h"
#include "sip/credentials.h"
#include "store/user.h"

static const struct net_addr home = {
    .family = 4, .port = 5060, .ip = {192, 0, 2, 1}
};

struct world {
    struct settings settings;
    struct log log;
    struct server server;
    struct worker w;
    struct sip_message msg;
    struct request rq;
    const char *domain;   /* in which one logs in */
    const char *likely;   /* whom one expects; NULL: nobody */
    char text[2048];      /* of the request */
    char challenge[1024]; /* the last one's first */
    char aor[USER_MAX_NAME];
};

/* What a client does with a challenge; what is not said is as it should be. */
struct reply {
    const char *username, *password, *uri;
    uint32_t nc;
    const char *call_id;
};

static void stop(void *world)
{
    struct world *w = world;

    txn_table_free(w->w.txns);
    arena_free(w->w.arena);
    sip_hasher_free(w->w.hasher);
    nonce_table_free(w->server.nonces);
    lockout_free(w->server.lockout);
    if (w->server.store != NULL)
        store_close(w->server.store);
    free(w);
}

static void add_user(struct world *w, const char *name, const char *domain, const char *password)
{
    struct user user = {.max_bindings = 0};
    char realm[80];

    user.aor_len = (uint16_t)snprintf(user.aor, sizeof(user.aor), "%s@%s", name, domain);
    snprintf(realm, sizeof(realm), "%s", domain);
    const struct slice forms[] = {
        slice_of(name), {user.aor, user.aor_len}
    };
    for (int a = 0; a < USER_HA1_ALGORITHMS; a++) {
        for (int f = 0; f < USER_HA1_FORMS; f++)
            assert_true(sip_digest_ha1(w->w.hasher, (enum sip_digest_algorithm)a, forms[f],
                                       slice_of(realm), slice_of(password),
                                       user.secrets.ha1[a][f]));
    }
    CHECK_MADE(user_add(w->server.store, &user) == ERR_NONE ? w : NULL);
}

static struct world *start(void)
{
    static const struct hash_key key = {1, 2};
    static const struct txn_host silent = {NULL, NULL}; /* no transaction is started */
    const struct txn_settings txns = txn_default_settings();
    struct world *w = calloc(1, sizeof(*w));
    char text[256];
    struct buffer fault = buffer_over(text, sizeof(text));
    enum err err;

    CHECK_MADE(w);
    check_later(stop, w);
    settings_init(&w->settings);
    w->log = (struct log){.fd = -1, .level = LOG_ERROR};
    log_batch_init(&w->w.log, &w->log);
    const struct store_settings store = {
        .folder = check_folder(), .log = &w->log, .max_bindings = 9, .max_users = 9};
    w->server.store = store_open(&store, 1, &err, &fault);
    w->server.nonces = nonce_table_new(&key, 1024, 1);
    w->server.lockout = lockout_new(&key, 1024);
    w->w.txns = txn_table_new(&txns, &silent, w, 1);
    w->w.arena = arena_new(1 << 16, 1 << 20);
    w->w.hasher = sip_hasher_new();
    CHECK_MADE(w->server.store);
    CHECK_MADE(w->server.nonces);
    CHECK_MADE(w->server.lockout);
    CHECK_MADE(w->w.txns);
    CHECK_MADE(w->w.arena);
    CHECK_MADE(w->w.hasher);
    w->w.server = &w->server;
    w->w.settings = &w->settings;
    w->w.now_ms = 1000000;
    w->domain = "example.org";
    CHECK_MADE(settings_add_domain(&w->settings, SLICE("example.org")));
    CHECK_MADE(settings_add_domain(&w->settings, SLICE("b.example")));
    CHECK_MADE(settings_add_domain(&w->settings, SLICE("2001:db8::1")));
    add_user(w, "alice", "example.org", "wonderland");
    add_user(w, "alice", "b.example", "looking-glass");
    add_user(w, "bob", "example.org", "builder");
    return w;
}

static void keep_challenge(struct world *w)
{
    static const struct slice name = {"WWW-Authenticate: ", 18};
    struct slice line = w->rq.extra_headers;

    if (!slice_starts_with(line, name))
        return;
    line = slice_after(line, name.len);
    snprintf(w->challenge, sizeof(w->challenge), "%.*s", (int)slice_find(line, '\r'), line.ptr);
}

/* A REGISTER with these header lines; who it was is in w->aor. */
static enum sip_status ask(struct world *w, const char *call_id, const char *lines)
{
    struct sip_fault fault;
    struct auth_user user = {0};
    const struct slice likely = slice_of(w->likely != NULL ? w->likely : "");

    arena_reset(w->w.arena);
    int len = snprintf(w->text, sizeof(w->text),
                       "REGISTER sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%s\r\n"
                       "From: <sip:alice@%s>;tag=1\r\nTo: <sip:alice@%s>\r\nCall-ID: %s\r\n"
                       "CSeq: 1 REGISTER\r\n%s\r\n",
                       w->domain, call_id, w->domain, w->domain, call_id, lines);
    assert_true(sip_message_parse((struct slice){w->text, (size_t)len}, &w->msg, &fault)
                && sip_message_check(&w->msg, &fault));
    w->rq = (struct request){.w = &w->w, .settings = &w->settings, .msg = &w->msg};
    w->rq.from.remote = home;
    assert_true(sip_uri_parse(w->msg.uri, &w->rq.uri));
    enum sip_status status = auth_check(&w->rq, settings_domain(&w->settings, slice_of(w->domain)),
                                        AUTH_REGISTRAR, likely, &user);
    keep_challenge(w);
    snprintf(w->aor, sizeof(w->aor), "%.*s", SLICE_ARGS(user.aor));
    return status;
}

/* An Authorization line that answers the last challenge. */
static void write_line(struct world *w, const struct reply *reply, struct buffer *out)
{
    char uri[80];
    struct sip_challenge challenge;

    snprintf(uri, sizeof(uri), "sip:%s", w->domain);
    const struct sip_login login = {
        .username = slice_of(reply->username != NULL ? reply->username : "alice"),
        .password = slice_of(reply->password != NULL ? reply->password : "wonderland"),
        .method = SLICE("REGISTER"),
        .uri = slice_of(reply->uri != NULL ? reply->uri : uri),
        .cnonce = SLICE("c"),
        .nc = reply->nc != 0 ? reply->nc : 1,
    };
    assert_true(sip_challenge_parse(slice_of(w->challenge), &challenge));
    buffer_add_text(out, "Authorization: ");
    assert_true(sip_credentials_build(out, w->w.hasher, &challenge, &login));
    buffer_add_text(out, "\r\n");
    buffer_add_char(out, '\0');
    assert_false(out->overflowed);
}

static enum sip_status answer(struct world *w, const struct reply *reply)
{
    char lines[1024];
    struct buffer out = buffer_over(lines, sizeof(lines));

    write_line(w, reply, &out);
    return ask(w, reply->call_id != NULL ? reply->call_id : "call", lines);
}

/* With a fresh challenge. */
static enum sip_status log_in(struct world *w, const struct reply *reply)
{
    assert_int_equal(ask(w, "unsigned", ""), 401);
    return answer(w, reply);
}

static enum sip_status guess(struct world *w, const char *username)
{
    return log_in(w, &(struct reply){.username = username, .password = "a guess"});
}

static bool is_stale(const struct world *w)
{
    struct sip_challenge challenge;

    return sip_challenge_parse(slice_of(w->challenge), &challenge) && challenge.is_stale;
}

static void either_name_logs_in(void **state)
{
    struct world *w = start();

    (void)state;
    assert_int_equal(log_in(w, &(struct reply){.username = "alice"}), SIP_GO_ON);
    assert_string_equal(w->aor, "alice@example.org");
    assert_int_equal(log_in(w, &(struct reply){.username = "alice@example.org"}), SIP_GO_ON);
    assert_string_equal(w->aor, "alice@example.org");
    assert_int_equal(log_in(w, &(struct reply){.username = "alice@b.example"}), 401);
    assert_int_equal(log_in(w, &(struct reply){.username = "Alice"}), 401);
    assert_int_equal(log_in(w, &(struct reply){.username = ""}), 401);
}

static void a_domain_may_be_an_ipv6_address(void **state)
{
    struct world *w = start();

    (void)state;
    w->domain = "[2001:db8::1]";
    add_user(w, "alice", w->domain, "wonderland");
    assert_int_equal(log_in(w, &(struct reply){.username = "alice"}), SIP_GO_ON);
    assert_string_equal(w->aor, "alice@[2001:db8::1]");
    assert_int_equal(log_in(w, &(struct reply){.username = "alice@[2001:db8::1]"}), SIP_GO_ON);
}

static void whom_one_expects_makes_no_difference(void **state)
{
    static const char *const likely[] = {NULL, "alice@example.org", "bob@example.org", "x@y"};
    struct world *w = start();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(likely); i++) {
        w->likely = likely[i];
        assert_int_equal(log_in(w, &(struct reply){.username = "alice"}), SIP_GO_ON);
        assert_string_equal(w->aor, "alice@example.org");
        assert_int_equal(log_in(w, &(struct reply){.username = "bob"}), 401);
        assert_int_equal(log_in(w, &(struct reply){.username = "nobody"}), 401);
    }
}

/* Else each way to write a name would be good for five more guesses. */
static void wrong_passwords_count_for_the_user_however_named(void **state)
{
    static const char *const names[] = {"alice", "alice@example.org", "alice@EXAMPLE.org",
                                        "alice@example.org.", "alice"};
    struct world *w = start();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_equal(guess(w, names[i]), 401);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_equal(guess(w, names[i]), 403);
    assert_int_equal(log_in(w, &(struct reply){.username = "alice"}), 403);
    assert_int_equal(log_in(w, &(struct reply){.username = "bob", .password = "builder"}),
                     SIP_GO_ON);
    w->domain = "b.example";
    assert_int_equal(log_in(w, &(struct reply){.password = "looking-glass"}), SIP_GO_ON);
}

static void who_is_unknown_is_shut_out_as_well(void **state)
{
    struct world *w = start();

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(guess(w, "nobody"), 401);
    assert_int_equal(guess(w, "nobody"), 403);
}

/* A recording of a right answer is not the password. */
static void a_replay_does_not_forgive_guesses(void **state)
{
    struct world *w = start();
    char recorded[1024];
    struct buffer out = buffer_over(recorded, sizeof(recorded));

    (void)state;
    assert_int_equal(ask(w, "unsigned", ""), 401);
    write_line(w, &(struct reply){.username = "alice"}, &out);
    assert_int_equal(ask(w, "original", recorded), SIP_GO_ON);
    for (int i = 0; i < 4; i++)
        assert_int_equal(guess(w, "alice"), 401);
    assert_int_equal(ask(w, "replay", recorded), 401);
    assert_int_equal(guess(w, "alice"), 401);
    assert_int_equal(guess(w, "alice"), 403);
}

static void an_old_nonce_is_stale(void **state)
{
    struct world *w = start();

    (void)state;
    assert_int_equal(ask(w, "unsigned", ""), 401);
    w->w.now_ms += w->settings.nonce_s * 1000 + 1;
    assert_int_equal(answer(w, &(struct reply){.username = "alice"}), 401);
    assert_true(is_stale(w));
    assert_int_equal(answer(w, &(struct reply){.username = "alice"}), SIP_GO_ON);
}

static void an_old_nonce_with_a_wrong_password_is_no_more_than_wrong(void **state)
{
    struct world *w = start();

    (void)state;
    assert_int_equal(ask(w, "unsigned", ""), 401);
    w->w.now_ms += w->settings.nonce_s * 1000 + 1;
    assert_int_equal(answer(w, &(struct reply){.password = "a guess"}), 401);
    assert_false(is_stale(w));
}

/* After a restart, or with a new address: the password is not what is wrong. */
static void a_nonce_of_somebody_else_is_stale_but_none_is_not(void **state)
{
    struct world *w = start();

    (void)state;
    snprintf(w->challenge, sizeof(w->challenge),
             "Digest realm=\"example.org\", nonce=\"of another run\", qop=\"auth\"");
    assert_int_equal(answer(w, &(struct reply){.username = "alice"}), 401);
    assert_true(is_stale(w));
    snprintf(w->challenge, sizeof(w->challenge),
             "Digest realm=\"example.org\", nonce=\"\", qop=\"auth\"");
    assert_int_equal(answer(w, &(struct reply){.username = "alice"}), 401);
    assert_false(is_stale(w));
}

static void a_count_serves_one_request_and_its_repeats(void **state)
{
    struct world *w = start();

    (void)state;
    assert_int_equal(log_in(w, &(struct reply){.nc = 1, .call_id = "a"}), SIP_GO_ON);
    assert_int_equal(answer(w, &(struct reply){.nc = 1, .call_id = "a"}), SIP_GO_ON);
    assert_int_equal(answer(w, &(struct reply){.nc = 2, .call_id = "b"}), SIP_GO_ON);
    assert_int_equal(answer(w, &(struct reply){.nc = 2, .call_id = "c"}), 401);
    assert_true(is_stale(w));
}

/* The binding that it once made may have been removed since. */
static void a_recorded_request_is_refused_when_no_client_repeats_it(void **state)
{
    struct world *w = start();

    (void)state;
    assert_int_equal(log_in(w, &(struct reply){.call_id = "a"}), SIP_GO_ON);
    w->w.now_ms += 33000;
    assert_int_equal(answer(w, &(struct reply){.call_id = "a"}), 401);
    assert_true(is_stale(w));
}

static void without_qop_a_nonce_serves_once(void **state)
{
    struct world *w = start();

    (void)state;
    assert_int_equal(ask(w, "unsigned", ""), 401);
    snprintf(strstr(w->challenge, ", qop="), 1, "%s", "");
    assert_int_equal(answer(w, &(struct reply){.call_id = "a"}), SIP_GO_ON);
    assert_int_equal(answer(w, &(struct reply){.call_id = "b"}), 401);
    assert_true(is_stale(w));
}

/* A client may carry what it used before, and what others of the realm asked it for. */
static void of_several_credentials_those_with_our_nonce_are_judged(void **state)
{
    static const char foreign[] =
        "Authorization: Digest username=\"alice\", realm=\"example.org\", "
        "nonce=\"x\", uri=\"sip:example.org\", response=\"x\"\r\n"
        "Authorization: Digest username=\"alice\", realm=\"else\", "
        "nonce=\"x\", uri=\"sip:example.org\", response=\"x\"\r\n";
    struct world *w = start();
    char lines[2048];

    (void)state;
    for (int is_last = 0; is_last < 2; is_last++) {
        struct buffer out = buffer_over(lines, sizeof(lines));
        assert_int_equal(ask(w, "unsigned", ""), 401);
        buffer_add_text(&out, is_last ? foreign : "");
        write_line(w, &(struct reply){.username = "alice"}, &out);
        out.len--;
        buffer_add_text(&out, is_last ? "" : foreign);
        buffer_add_char(&out, '\0');
        assert_int_equal(ask(w, is_last ? "a" : "b", lines), SIP_GO_ON);
    }
}

static void the_digest_is_for_a_uri_that_we_accept(void **state)
{
    static const struct {
        const char *uri;
        enum sip_status status;
    } cases[] = {
        {"sip:example.org",                   SIP_GO_ON},
        {"sip:EXAMPLE.org",                   SIP_GO_ON},
        {"sip:bob@example.org;transport=udp", SIP_GO_ON},
        {"sip:b.example:5070",                SIP_GO_ON},
        {"sip:elsewhere.example",             400      },
        {"/index.html",                       400      },
        {"",                                  400      },
    };
    struct world *w = start();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(log_in(w, &(struct reply){.uri = cases[i].uri}) == cases[i].status,
                   cases[i].uri);
}

static void each_choice_offers_its_algorithms_in_order(void **state)
{
    static const struct {
        enum digest_choice choice;
        const char *first, *second;
    } cases[] = {
        {DIGEST_MD5,    "algorithm=MD5,",     NULL            },
        {DIGEST_BOTH,   "algorithm=SHA-256,", "algorithm=MD5,"},
        {DIGEST_SHA256, "algorithm=SHA-256,", NULL            },
    };
    struct world *w = start();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[1024];
        w->settings.domains[0].digest = cases[i].choice;
        assert_int_equal(ask(w, "unsigned", ""), 401);
        snprintf(text, sizeof(text), "%.*s", SLICE_ARGS(w->rq.extra_headers));
        const char *first = strstr(text, cases[i].first);
        assert_non_null(first);
        const char *second = strstr(first + 1, "algorithm=");
        assert_true((second == NULL) == (cases[i].second == NULL));
        if (second != NULL)
            assert_true(strncmp(second, cases[i].second, strlen(cases[i].second)) == 0);
        assert_int_equal(answer(w, &(struct reply){.username = "alice"}), SIP_GO_ON);
    }
}

/* What was asked for MD5 when only SHA-256 is offered is no answer. */
static void an_algorithm_that_is_not_offered_is_not_taken(void **state)
{
    struct world *w = start();

    (void)state;
    assert_int_equal(ask(w, "unsigned", ""), 401);
    w->settings.domains[0].digest = DIGEST_SHA256;
    assert_int_equal(answer(w, &(struct reply){.username = "alice"}), 401);
}

CHECK_MAIN(CHECK_TEST(either_name_logs_in), CHECK_TEST(whom_one_expects_makes_no_difference),
           CHECK_TEST(a_domain_may_be_an_ipv6_address),
           CHECK_TEST(wrong_passwords_count_for_the_user_however_named),
           CHECK_TEST(who_is_unknown_is_shut_out_as_well),
           CHECK_TEST(a_replay_does_not_forgive_guesses), CHECK_TEST(an_old_nonce_is_stale),
           CHECK_TEST(an_old_nonce_with_a_wrong_password_is_no_more_than_wrong),
           CHECK_TEST(a_nonce_of_somebody_else_is_stale_but_none_is_not),
           CHECK_TEST(a_count_serves_one_request_and_its_repeats),
           CHECK_TEST(a_recorded_request_is_refused_when_no_client_repeats_it),
           CHECK_TEST(without_qop_a_nonce_serves_once),
           CHECK_TEST(of_several_credentials_those_with_our_nonce_are_judged),
           CHECK_TEST(the_digest_is_for_a_uri_that_we_accept),
           CHECK_TEST(each_choice_offers_its_algorithms_in_order),
           CHECK_TEST(an_algorithm_that_is_not_offered_is_not_taken))
