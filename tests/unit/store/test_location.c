/* The location service as its users see it. */
#include "world.h"

static bool same_but_for_case(struct slice a, struct slice b)
{
    return slice_equal_nocase(a, b);
}

static void a_binding_is_found_as_it_was_set(void **state)
{
    struct world *w = make_open_world();
    struct binding set = {
        .contact = SLICE("sip:alice@192.0.2.1"),
        .params = SLICE(";methods=\"INVITE\""),
        .call_id = SLICE("id"),
        .path = SLICE("<sip:p.example.org;lr>"),
        .flow = SLICE("\1\2\3"),
        .user_agent = SLICE("phone"),
        .cseq = 7,
        .q_thousandths = 300,
        .has_q = true,
        .expires_at_ms = NOW + HOUR,
    };

    (void)state;
    assert_int_equal(bind(w, "alice@example.org", set), ERR_NONE);
    struct binding_list list = find(w, "alice@example.org", NOW);
    assert_int_equal(list.count, 1);
    CHECK_SLICE(list.items[0].contact, "sip:alice@192.0.2.1");
    CHECK_SLICE(list.items[0].params, ";methods=\"INVITE\"");
    CHECK_SLICE(list.items[0].call_id, "id");
    CHECK_SLICE(list.items[0].path, "<sip:p.example.org;lr>");
    CHECK_SLICE(list.items[0].flow, "\1\2\3");
    CHECK_SLICE(list.items[0].user_agent, "phone");
    assert_int_equal(list.items[0].cseq, 7);
    assert_int_equal(list.items[0].q_thousandths, 300);
    assert_true(list.items[0].has_q);
    assert_true(list.items[0].expires_at_ms == NOW + HOUR);
    assert_int_equal(location_count(w->store), 1);
    assert_int_equal(find(w, "bob@example.org", NOW).count, 0);
}

static void what_has_expired_is_not_found(void **state)
{
    struct world *w = make_open_world();
    struct binding brief = binding_to("sip:brief", "id", 1);

    (void)state;
    brief.expires_at_ms = NOW + 10;
    assert_int_equal(bind(w, "alice", brief), ERR_NONE);
    assert_int_equal(bind(w, "alice", binding_to("sip:long", "id", 2)), ERR_NONE);
    check_contacts(w, "alice", NOW + 9, "sip:long sip:brief");
    check_contacts(w, "alice", NOW + 10, "sip:long");
}

static void nothing_changes_where_one_contact_is_stale(void **state)
{
    struct world *w = make_open_world();
    struct binding both[] = {binding_to("sip:new", "id", 4), binding_to("SIP:OLD", "id", 4)};
    struct location_changes changes = {
        .aor = SLICE("alice"), .items = both, .count = 2, .max_bindings = 10};

    (void)state;
    location_set_comparison(w->store, same_but_for_case);
    assert_int_equal(bind(w, "alice", binding_to("sip:old", "id", 4)), ERR_NONE);
    assert_int_equal(update(w, &changes, NOW), ERR_STALE);
    check_contacts(w, "alice", NOW, "sip:old");
    both[0].cseq = 5;
    both[1].cseq = 5;
    assert_int_equal(update(w, &changes, NOW), ERR_NONE);
    check_contacts(w, "alice", NOW, "sip:new SIP:OLD");
}

static void a_star_removes_all(void **state)
{
    struct world *w = make_open_world();
    struct location_changes changes = {
        .aor = SLICE("alice"), .removes_all = true, .call_id = SLICE("id"), .cseq = 2};

    (void)state;
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 2)), ERR_NONE);
    assert_int_equal(bind(w, "alice", binding_to("sip:b", "other", 9)), ERR_NONE);
    assert_int_equal(update(w, &changes, NOW), ERR_STALE);
    check_contacts(w, "alice", NOW, "sip:b sip:a");
    changes.cseq = 3;
    assert_int_equal(update(w, &changes, NOW), ERR_NONE);
    check_contacts(w, "alice", NOW, "");
    assert_int_equal(location_count(w->store), 0);
}

static void limits_of_an_aor_and_of_the_store_are_kept(void **state)
{
    struct world *w = make_world();
    struct binding binding = binding_to("sip:b", "id", 1);
    struct location_changes changes = {
        .aor = SLICE("alice"), .items = &binding, .count = 1, .max_bindings = 1};

    (void)state;
    w->settings.max_bindings = 2;
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(update(w, &changes, NOW), ERR_FULL);
    assert_int_equal(bind(w, "bob", binding), ERR_NONE);
    assert_int_equal(bind(w, "carol", binding), ERR_FULL);
    assert_int_equal(bind(w, "bob", binding_to("sip:b", "id", 2)), ERR_NONE);
    check_contacts(w, "alice", NOW, "sip:a");
    check_contacts(w, "carol", NOW, "");
    assert_int_equal(location_count(w->store), 2);
}

/* All are sent before one is waited for, so that most share a transaction. */
static void updates_of_one_batch_see_each_other_in_their_order(void **state)
{
    struct world *w = make_open_world();
    struct binding bindings[] = {
        binding_to("sip:a", "id", 1), binding_to("sip:b", "id", 2), binding_to("sip:a", "id", 1),
        binding_to("sip:a", "id", 3), binding_to("sip:b", "id", 4),
    };
    static const enum err expected[] = {ERR_NONE, ERR_NONE, ERR_STALE, ERR_NONE, ERR_NONE};

    (void)state;
    bindings[4].expires_at_ms = NOW;
    for (size_t i = 0; i < ARRAY_LEN(bindings); i++) {
        struct location_changes changes = {
            .aor = SLICE("alice"), .items = &bindings[i], .count = 1, .max_bindings = 10};
        ask(w, i, &changes, NOW);
    }
    for (size_t i = 0; i < ARRAY_LEN(bindings); i++)
        assert_int_equal(wait_for(w, i), expected[i]);
    check_contacts(w, "alice", NOW, "sip:a");
    assert_int_equal(location_count(w->store), 1);
}

static void bindings_stand_when_the_store_is_opened_again(void **state)
{
    struct world *w = make_open_world();
    struct binding gone = binding_to("sip:c", "id", 3);
    char contact[8000];
    struct binding big = {
        .contact = {contact, sizeof(contact)},
          .expires_at_ms = NOW + HOUR
    };

    (void)state;
    memset(contact, 'x', sizeof(contact));
    gone.expires_at_ms = NOW;
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(bind(w, "alice", binding_to("sip:b", "id", 2)), ERR_NONE);
    assert_int_equal(bind(w, "carol", binding_to("sip:c", "id", 2)), ERR_NONE);
    assert_int_equal(bind(w, "carol", gone), ERR_NONE);
    assert_int_equal(bind(w, "more than a row", big), ERR_NONE);

    CHECK_MADE(open_store(w) ? w : NULL);
    check_contacts(w, "alice", NOW, "sip:b sip:a");
    check_contacts(w, "carol", NOW, "");
    assert_int_equal(find(w, "more than a row", NOW).items[0].contact.len, sizeof(contact));
    assert_int_equal(location_count(w->store), 3);
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_STALE);
}

struct seen {
    size_t aors;
    size_t bindings;
    size_t until;
};

static bool see(void *arg, struct slice aor, const struct binding_list *bindings)
{
    struct seen *seen = arg;

    assert_true(aor.len > 0);
    seen->aors++;
    seen->bindings += bindings->count;
    return seen->aors < seen->until;
}

static void walking_shows_every_aor_that_has_bindings(void **state)
{
    struct world *w = make_open_world();
    struct binding brief = binding_to("sip:brief", "id", 9);
    struct seen seen = {.until = 100};

    (void)state;
    brief.expires_at_ms = NOW + 10;
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(bind(w, "alice", brief), ERR_NONE);
    assert_int_equal(bind(w, "bob", binding_to("sip:b", "id", 1)), ERR_NONE);
    assert_int_equal(bind(w, "carol", brief), ERR_NONE);
    CHECK_MADE(location_walk(w->store, NOW + 10, see, &seen) ? w : NULL);
    assert_int_equal(seen.aors, 2);
    assert_int_equal(seen.bindings, 2);

    seen = (struct seen){.until = 1};
    CHECK_MADE(location_walk(w->store, NOW, see, &seen) ? w : NULL);
    assert_int_equal(seen.aors, 1);
}

static void end_arena(void *arena)
{
    arena_free(arena);
}

static void a_copy_needs_room_in_the_arena(void **state)
{
    struct world *w = make_open_world();
    struct arena *small = arena_new(16, 16);
    struct binding_list list;

    (void)state;
    CHECK_MADE(small);
    check_later(end_arena, small);
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_false(location_find(w->store, SLICE("alice"), NOW, small, &list));
}

CHECK_MAIN(CHECK_TEST(a_binding_is_found_as_it_was_set), CHECK_TEST(what_has_expired_is_not_found),
           CHECK_TEST(nothing_changes_where_one_contact_is_stale), CHECK_TEST(a_star_removes_all),
           CHECK_TEST(limits_of_an_aor_and_of_the_store_are_kept),
           CHECK_TEST(updates_of_one_batch_see_each_other_in_their_order),
           CHECK_TEST(bindings_stand_when_the_store_is_opened_again),
           CHECK_TEST(walking_shows_every_aor_that_has_bindings),
           CHECK_TEST(a_copy_needs_room_in_the_arena))
