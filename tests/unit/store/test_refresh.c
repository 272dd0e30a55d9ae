/* Where nothing has to be durable, who asks refreshes a binding himself. */
#include <stdio.h>

#include "store/inside.h"
#include "world.h"

static struct world *make_relaxed_world(void)
{
    struct world *w = make_world();

    w->settings.durability = STORE_RELAXED;
    CHECK_MADE(open_store(w) ? w : NULL);
    return w;
}

static enum location_refreshed ask_as(struct world *w, const char *aor, uint32_t request,
                                      const struct binding *binding, uint64_t now_ms)
{
    const struct location_changes changes = {
        .aor = slice_of(aor), .items = binding, .count = 1, .max_bindings = 10, .request = request};
    struct binding out;

    return location_refresh(w->store, &changes, now_ms, &out);
}

static bool refresh(struct world *w, const char *aor, const struct binding *binding,
                    struct binding *out)
{
    const struct location_changes changes = {
        .aor = slice_of(aor), .items = binding, .count = 1, .max_bindings = 10};

    return location_refresh(w->store, &changes, NOW, out) == LOCATION_REFRESHED;
}

/* "contact call-id cseq seconds user-agent instance reg-id", of which the last ones may be missing.
 */
struct said {
    char contact[32], call_id[32], user_agent[32], instance[32];
    struct binding binding;
};

static const struct binding *understand(const char *text, struct said *out)
{
    unsigned cseq = 0, seconds = 0, reg_id = 0;

    *out = (struct said){0};
    assert_true(sscanf(text, "%31s %31s %u %u %31s %31s %u", out->contact, out->call_id, &cseq,
                       &seconds, out->user_agent, out->instance, &reg_id)
                >= 4);
    out->binding = binding_to(out->contact, out->call_id, cseq);
    out->binding.expires_at_ms = NOW + seconds * 1000;
    out->binding.user_agent = slice_of(out->user_agent);
    out->binding.instance = slice_of(out->instance);
    out->binding.reg_id = reg_id;
    return &out->binding;
}

static bool is_shown(struct world *w, const char *aor, const struct binding *wanted,
                     uint64_t since_ms)
{
    struct binding_list list = find(w, aor, NOW);
    const struct binding *shown = list.items;

    return list.count == 1 && slice_equal(shown->contact, wanted->contact)
           && slice_equal(shown->call_id, wanted->call_id) && shown->cseq == wanted->cseq
           && slice_equal(shown->user_agent, wanted->user_agent)
           && slice_equal(shown->instance, wanted->instance)
           && shown->expires_at_ms == wanted->expires_at_ms && shown->since_ms == since_ms;
}

static void only_what_is_plain_is_refreshed_at_once(void **state)
{
    static const struct {
        const char *stands, *wanted;
        bool is_refreshed;
        const char *label;
    } cases[] = {
        {"sip:a id 1 9",         "sip:a id 2 9",         true,  "a newer CSeq"        },
        {"sip:a id 2 9",         "sip:a id 2 9",         false, "an equal CSeq"       },
        {"sip:a id 2 9",         "sip:a id 1 9",         false, "an older CSeq"       },
        {"sip:a id 2 9",         "sip:a di 1 9",         true,  "another Call-ID"     },
        {"sip:a id 1 9",         "sip:a long 2 9",       false, "a longer record"     },
        {"sip:a id 1 9 abc",     "sip:a long 2 9 a",     true,  "other texts, as long"},
        {"sip:a id 1 9",         "sip:b id 2 9",         false, "another contact"     },
        {"sip:a id 1 0",         "sip:a id 2 9",         false, "where nothing is"    },
        {"sip:a id 1 9",         "sip:a id 2 0",         false, "a removal"           },
        {"sip:a id 1 9",         "sip:a id 2 1",         true,  "a briefer one"       },
        {"sip:a id 1 9 x urn 1", "sip:a id 2 9 x urn 1", true,  "of an instance"      },
        {"sip:a id 1 9 x urn 1", "sip:a di 2 9 x urn 1", false, "with another Call-ID"},
        {"sip:a id 1 9 x urn 1", "sip:a id 2 9 x run 1", false, "of another instance" },
        {"sip:a id 1 9 x urn 1", "sip:a id 2 9 x urn 2", false, "of another flow"     },
    };
    struct world *w = make_relaxed_world();
    struct said stands, wanted;
    struct binding out;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char aor[32];
        (void)snprintf(aor, sizeof(aor), "user%zu", i);
        assert_int_equal(bind(w, aor, *understand(cases[i].stands, &stands)), ERR_NONE);
        struct binding_list before = find(w, aor, NOW);
        uint64_t since_ms = before.count > 0 ? before.items[0].since_ms : 0;

        bool done = refresh(w, aor, understand(cases[i].wanted, &wanted), &out);
        CHECK_CASE(done == cases[i].is_refreshed, cases[i].label);
        CHECK_CASE(!done || out.since_ms == since_ms, cases[i].label);
        CHECK_CASE(!done || is_shown(w, aor, &wanted.binding, since_ms), cases[i].label);
    }
}

static void one_of_several_contacts_is_not(void **state)
{
    const struct binding wanted = binding_to("sip:a", "id", 3);
    struct world *w = make_relaxed_world();
    struct binding out;

    (void)state;
    assert_false(refresh(w, "alice", &wanted, &out));
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(bind(w, "alice", binding_to("sip:b", "id", 2)), ERR_NONE);
    assert_false(refresh(w, "alice", &wanted, &out));
    check_contacts(w, "alice", NOW, "sip:b sip:a");
}

static void nothing_is_where_it_has_to_be_durable(void **state)
{
    const struct binding wanted = binding_to("sip:a", "id", 2);
    struct world *w = make_open_world();
    struct binding out;

    (void)state;
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_false(refresh(w, "alice", &wanted, &out));
}

/* As long as RFC 3261 17.2.2 wants it; `a` is a request, `b` another one with its CSeq. */
static void a_repeat_is_known_for_as_long_as_a_transaction_lasts(void **state)
{
    enum { A = 7, B = 8 };
    struct world *w = make_relaxed_world();
    struct binding wanted = binding_to("sip:a", "id", 2);

    (void)state;
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(ask_as(w, "alice", A, &wanted, NOW), LOCATION_REFRESHED);
    assert_int_equal(ask_as(w, "alice", A, &wanted, NOW), LOCATION_REPEATED);
    assert_int_equal(ask_as(w, "alice", B, &wanted, NOW), LOCATION_MERGED);
    assert_int_equal(ask_as(w, "alice", 0, &wanted, NOW), LOCATION_NOT_REFRESHED);
    wanted.expires_at_ms += 31999;
    assert_int_equal(ask_as(w, "alice", A, &wanted, NOW + 31999), LOCATION_REPEATED);
    assert_int_equal(find(w, "alice", NOW).items[0].expires_at_ms, NOW + HOUR);
    wanted.expires_at_ms += 1;
    assert_int_equal(ask_as(w, "alice", A, &wanted, NOW + 32000), LOCATION_NOT_REFRESHED);
    assert_int_equal(ask_as(w, "alice", B, &wanted, NOW + 32000), LOCATION_NOT_REFRESHED);
    wanted.cseq = 1;
    assert_int_equal(ask_as(w, "alice", A, &wanted, NOW), LOCATION_NOT_REFRESHED);
    wanted.cseq = 3;
    assert_int_equal(ask_as(w, "alice", 0, &wanted, NOW), LOCATION_REFRESHED);
    assert_int_equal(ask_as(w, "alice", A, &wanted, NOW), LOCATION_NOT_REFRESHED);
}

/* What another phone of the user does meanwhile does not make it stale. */
static void a_repeat_is_known_beside_other_contacts(void **state)
{
    enum { A = 7, B = 8 };
    struct world *w = make_relaxed_world();
    const struct binding wanted = binding_to("sip:a", "id", 2);

    (void)state;
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(ask_as(w, "alice", A, &wanted, NOW), LOCATION_REFRESHED);
    for (uint32_t cseq = 1; cseq < 3; cseq++) {
        assert_int_equal(bind(w, "alice", binding_to("sip:b", "other", cseq)), ERR_NONE);
        assert_int_equal(ask_as(w, "alice", A, &wanted, NOW), LOCATION_REPEATED);
    }
    assert_int_equal(ask_as(w, "alice", B, &wanted, NOW), LOCATION_NOT_REFRESHED);
    assert_int_equal(ask_as(w, "alice", 0, &wanted, NOW), LOCATION_NOT_REFRESHED);
    check_contacts(w, "alice", NOW, "sip:b sip:a");
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 3)), ERR_NONE);
    assert_int_equal(ask_as(w, "alice", A, &wanted, NOW), LOCATION_NOT_REFRESHED);
}

/* It has a transaction, so the record is not to answer for it: RFC 3261 10.3 step 7. */
static void what_the_writer_sets_anew_is_not_taken_for_a_refresh(void **state)
{
    struct world *w = make_relaxed_world();
    struct binding wanted = binding_to("sip:a", "id", 2);

    (void)state;
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(ask_as(w, "alice", 7, &wanted, NOW), LOCATION_REFRESHED);
    wanted.cseq = 3;
    assert_int_equal(bind(w, "alice", wanted), ERR_NONE);
    assert_int_equal(ask_as(w, "alice", 8, &wanted, NOW), LOCATION_NOT_REFRESHED);
    assert_int_equal(ask_as(w, "alice", 7, &wanted, NOW), LOCATION_NOT_REFRESHED);
}

static void what_comes_after_is_judged_by_it(void **state)
{
    const struct binding wanted = binding_to("sip:a", "id", 5);
    struct world *w = make_relaxed_world();
    struct binding out;

    (void)state;
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_true(refresh(w, "alice", &wanted, &out));
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 4)), ERR_STALE);
    struct binding none = binding_to("sip:a", "id", 6);
    none.expires_at_ms = NOW;
    assert_int_equal(bind(w, "alice", none), ERR_NONE);
    assert_false(refresh(w, "alice", &wanted, &out));
    check_contacts(w, "alice", NOW, "");
}

static void it_is_written_in_a_while_and_when_the_store_is_closed(void **state)
{
    struct world *w = make_relaxed_world();
    struct binding out;

    (void)state;
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    for (uint32_t cseq = 2; cseq < 5; cseq++) {
        const struct binding wanted = binding_to("sip:a", "id", cseq);
        assert_true(refresh(w, "alice", &wanted, &out));
        for (int ms = 0; cseq < 4 && atomic_load(&w->store->unwritten.is_any); ms++) {
            assert_in_range(ms, 0, 10000);
            usleep(1000);
        }
    }
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(find(w, "alice", NOW).items[0].cseq, 4);
}

/* More users than may be unwritten, so that there is no room at times. */
static void what_finds_no_room_is_written_by_the_writer(void **state)
{
    enum { AORS = 3 * UNWRITTEN_MAX / 2 };
    struct world *w = make_relaxed_world();
    struct binding out;
    char aor[32];

    (void)state;
    for (uint32_t i = 0; i < 2 * AORS; i++) {
        const struct binding binding = binding_to("sip:a", "id", 1 + i);
        (void)snprintf(aor, sizeof(aor), "user%u", i % AORS);
        if (i < AORS || !refresh(w, aor, &binding, &out))
            assert_int_equal(bind(w, aor, binding), ERR_NONE);
    }
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(location_count(w->store), AORS);
    for (uint32_t i = 0; i < AORS; i++) {
        (void)snprintf(aor, sizeof(aor), "user%u", i);
        assert_int_equal(find(w, aor, NOW).items[0].cseq, 1 + AORS + i);
    }
}

static void a_user_may_go_before_it_is_written(void **state)
{
    const struct binding wanted = binding_to("sip:a", "id", 2);
    struct user user = {.aor = "alice", .aor_len = 5};
    struct world *w = make_relaxed_world();
    struct binding out;

    (void)state;
    assert_int_equal(user_add(w->store, &user), ERR_NONE);
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(bind(w, "bob", binding_to("sip:b", "id", 1)), ERR_NONE);
    assert_true(refresh(w, "alice", &wanted, &out));
    assert_int_equal(user_remove(w->store, SLICE("alice")), ERR_NONE);
    CHECK_MADE(open_store(w) ? w : NULL);
    check_contacts(w, "alice", NOW, "");
    check_contacts(w, "bob", NOW, "sip:b");
}

struct shortening {
    struct arena *arena;
    bool done;
};

static enum err shorten(struct store *store, void *arg)
{
    struct shortening *s = arg;

    s->done = location_log_shorten(&store->log, &store->index, 100, s->arena);
    return ERR_NONE;
}

/* What is read back when all that was not written is lost. */
static void check_cseq_on_disk(struct world *w, const char *aor, uint32_t cseq)
{
    const char *folder = w->settings.folder;
    struct world *reader = make_world();
    static char copy[600]; /* while the reader is open, which may be until the test ends */
    char command[2048];

    (void)snprintf(copy, sizeof(copy), "%s/copy", folder);
    (void)snprintf(command, sizeof(command), "mkdir -m 700 '%s' && cp '%s'/tchin.db* '%s'", copy,
                   folder, copy);
    assert_int_equal(system(command), 0);
    reader->settings.folder = copy;
    CHECK_MADE(open_store(reader) ? reader : NULL);
    assert_int_equal(find(reader, aor, NOW).items[0].cseq, cseq);
    store_close(reader->store);
    reader->store = NULL;
}

static enum err nothing(struct store *store, void *arg)
{
    (void)store;
    (void)arg;
    return ERR_NONE;
}

/* That nothing more is to be written is said when writing begins; its end is behind a job's. */
static void await_written(struct world *w)
{
    while (atomic_load(&w->store->unwritten.is_any))
        usleep(1000);
    assert_int_equal(writer_do(w->store, nothing, NULL), ERR_NONE);
}

/* The log loses its old end, but not what was written last of a record that has changed since. */
static void a_log_that_is_shortened_keeps_what_was_written(void **state)
{
    const struct binding wanted = binding_to("sip:a", "id", 2);
    struct world *w = make_relaxed_world();
    struct shortening s = {.arena = w->arena};
    struct binding out;

    (void)state;
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    await_written(w);
    assert_true(refresh(w, "alice", &wanted, &out));
    assert_int_equal(writer_do(w->store, shorten, &s), ERR_NONE);
    assert_true(s.done);
    assert_true(atomic_load(&w->store->unwritten.is_any));
    check_cseq_on_disk(w, "alice", 1);
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(find(w, "alice", NOW).items[0].cseq, 2);
}

CHECK_MAIN(CHECK_TEST(only_what_is_plain_is_refreshed_at_once),
           CHECK_TEST(one_of_several_contacts_is_not),
           CHECK_TEST(nothing_is_where_it_has_to_be_durable),
           CHECK_TEST(a_repeat_is_known_for_as_long_as_a_transaction_lasts),
           CHECK_TEST(a_repeat_is_known_beside_other_contacts),
           CHECK_TEST(what_the_writer_sets_anew_is_not_taken_for_a_refresh),
           CHECK_TEST(what_comes_after_is_judged_by_it),
           CHECK_TEST(it_is_written_in_a_while_and_when_the_store_is_closed),
           CHECK_TEST(what_finds_no_room_is_written_by_the_writer),
           CHECK_TEST(a_user_may_go_before_it_is_written),
           CHECK_TEST(a_log_that_is_shortened_keeps_what_was_written))
