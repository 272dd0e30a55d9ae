/* Users and aliases. */
#include <pthread.h>
#include <sqlite3.h>

#include "world.h"

static struct user named(const char *aor)
{
    struct user user = {.aor_len = (uint16_t)strlen(aor), .max_bindings = 3};

    memcpy(user.aor, aor, user.aor_len);
    memset(&user.secrets, aor[0], sizeof(user.secrets));
    return user;
}

static bool find_login(struct world *w, const char *aor, struct user_login *out)
{
    return user_find_login(w->store, slice_of(aor), 0, (struct user_ha1_choice){0, 0}, out);
}

static enum err add(struct world *w, const char *aor)
{
    struct user user = named(aor);

    return user_add(w->store, &user);
}

static void check_resolves(struct world *w, const char *name, const char *expected)
{
    char text[USER_MAX_NAME];
    struct buffer out = buffer_over(text, sizeof(text));

    assert_true(user_resolve(w->store, slice_of(name), &out) == (expected[0] != '\0'));
    CHECK_SLICE(buffer_slice(&out), expected);
}

static void check_secrets(struct world *w, const struct user *user)
{
    struct slice aor = {user->aor, user->aor_len};

    for (uint8_t a = 0; a < USER_HA1_ALGORITHMS; a++) {
        for (uint8_t f = 0; f < USER_HA1_FORMS; f++) {
            struct user_login found;
            assert_true(user_find_login(w->store, aor, 0, (struct user_ha1_choice){a, f}, &found));
            assert_memory_equal(found.ha1, user->secrets.ha1[a][f], USER_HA1_BYTES);
            assert_int_equal(found.max_bindings, user->max_bindings);
        }
    }
}

static void a_user_is_found_as_it_was_added(void **state)
{
    struct world *w = make_open_world();
    struct user alice = named("alice@example.org");
    unsigned char *secrets = (unsigned char *)&alice.secrets;
    struct user_login found = {.max_bindings = 77};

    (void)state;
    for (size_t i = 0; i < sizeof(alice.secrets); i++)
        secrets[i] = (unsigned char)i;
    assert_false(find_login(w, "alice@example.org", &found));
    assert_int_equal(found.max_bindings, 77);
    assert_int_equal(user_add(w->store, &alice), ERR_NONE);
    for (int times = 0; times < 2; times++) {
        check_secrets(w, &alice);
        assert_int_equal(user_count(w->store), 1);
        CHECK_MADE(open_store(w) ? w : NULL);
    }
}

static void a_name_belongs_to_one(void **state)
{
    struct world *w = make_open_world();
    struct user alias = named("info");
    struct user absent = named("carol");
    struct user nameless = {0};

    (void)state;
    assert_int_equal(add(w, "alice"), ERR_NONE);
    assert_int_equal(add(w, "bob"), ERR_NONE);
    assert_int_equal(user_add_alias(w->store, SLICE("info"), SLICE("alice")), ERR_NONE);

    assert_int_equal(add(w, "alice"), ERR_EXISTS);
    assert_int_equal(add(w, "info"), ERR_EXISTS);
    assert_int_equal(user_change(w->store, &alias), ERR_ABSENT);
    assert_int_equal(user_change(w->store, &absent), ERR_ABSENT);
    assert_int_equal(user_add(w->store, &nameless), ERR_MALFORMED);
    assert_int_equal(user_add_alias(w->store, SLICE("info"), SLICE("bob")), ERR_EXISTS);
    assert_int_equal(user_add_alias(w->store, SLICE("bob"), SLICE("alice")), ERR_EXISTS);
    assert_int_equal(user_add_alias(w->store, SLICE("x"), SLICE("info")), ERR_ABSENT);
    assert_int_equal(user_add_alias(w->store, SLICE("x"), SLICE("carol")), ERR_ABSENT);
    assert_int_equal(user_add_alias(w->store, SLICE(""), SLICE("alice")), ERR_MALFORMED);
    assert_int_equal(user_remove_alias(w->store, SLICE("alice")), ERR_ABSENT);
    assert_int_equal(user_remove(w->store, SLICE("info")), ERR_ABSENT);
    assert_int_equal(user_count(w->store), 2);
}

static void an_alias_resolves_to_its_user_and_is_none(void **state)
{
    struct world *w = make_open_world();
    struct user_login found;

    (void)state;
    assert_int_equal(add(w, "alice"), ERR_NONE);
    assert_int_equal(user_add_alias(w->store, SLICE("info"), SLICE("alice")), ERR_NONE);
    for (int times = 0; times < 2; times++) {
        check_resolves(w, "alice", "alice");
        check_resolves(w, "info", "alice");
        check_resolves(w, "bob", "");
        assert_false(find_login(w, "info", &found));
        CHECK_MADE(open_store(w) ? w : NULL);
    }
    assert_int_equal(user_remove_alias(w->store, SLICE("info")), ERR_NONE);
    check_resolves(w, "info", "");
    CHECK_MADE(open_store(w) ? w : NULL);
    check_resolves(w, "info", "");
}

static struct user_name looked_up(struct world *w, const char *name)
{
    struct user_name found;

    user_look_up(w->store, slice_of(name), &found);
    return found;
}

static void what_is_known_of_a_name_is_found_at_once(void **state)
{
    struct world *w = make_open_world();
    uint64_t hash = looked_up(w, "alice").hash;

    (void)state;
    assert_int_equal(looked_up(w, "alice").max_bindings, 0);
    assert_int_equal(add(w, "alice"), ERR_NONE);
    assert_int_equal(user_add_alias(w->store, SLICE("info"), SLICE("alice")), ERR_NONE);
    struct user_name alice = looked_up(w, "alice"), info = looked_up(w, "info");
    assert_true(alice.hash == hash && info.hash != hash && looked_up(w, "bob").hash != hash);
    assert_int_equal(alice.max_bindings, 3);
    assert_int_equal(alice.owner_len, 0);
    assert_int_equal(looked_up(w, "bob").max_bindings, 0);
    assert_int_equal(looked_up(w, "bob").owner_len, 0);
    CHECK_SLICE(((struct slice){info.owner, info.owner_len}), "alice");
}

/* Whoever says the hash of a name and who lets it be found out mean the same bindings. */
static void its_hash_finds_its_bindings(void **state)
{
    struct world *w = make_open_world();
    struct binding binding = binding_to("sip:a", "id", 1);
    struct location_changes changes = {.aor = SLICE("alice"),
                                       .items = &binding,
                                       .count = 1,
                                       .call_id = binding.call_id,
                                       .max_bindings = 10};

    (void)state;
    changes.hash = looked_up(w, "alice").hash;
    assert_int_equal(update(w, &changes, NOW), ERR_NONE);
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 2)), ERR_NONE);
    assert_int_equal(location_count(w->store), 1);
}

static void a_user_leaves_with_aliases_and_bindings(void **state)
{
    struct world *w = make_open_world();

    (void)state;
    assert_int_equal(add(w, "alice"), ERR_NONE);
    assert_int_equal(add(w, "bob"), ERR_NONE);
    assert_int_equal(user_add_alias(w->store, SLICE("info"), SLICE("alice")), ERR_NONE);
    assert_int_equal(user_add_alias(w->store, SLICE("b"), SLICE("bob")), ERR_NONE);
    assert_int_equal(bind(w, "alice", binding_to("sip:a", "id", 1)), ERR_NONE);
    assert_int_equal(bind(w, "bob", binding_to("sip:b", "id", 1)), ERR_NONE);
    assert_int_equal(user_remove(w->store, SLICE("alice")), ERR_NONE);
    for (int times = 0; times < 2; times++) {
        check_resolves(w, "alice", "");
        check_resolves(w, "info", "");
        check_resolves(w, "b", "bob");
        check_contacts(w, "alice", NOW, "");
        check_contacts(w, "bob", NOW, "sip:b");
        CHECK_MADE(open_store(w) ? w : NULL);
    }
    assert_int_equal(user_remove(w->store, SLICE("alice")), ERR_ABSENT);
}

static void an_import_adds_and_changes_or_does_nothing(void **state)
{
    struct world *w = make_open_world();
    struct user users[] = {named("carol"), named("alice"), named("info"), named("carol")};
    struct user_login found;

    (void)state;
    assert_int_equal(add(w, "alice"), ERR_NONE);
    assert_int_equal(user_add_alias(w->store, SLICE("info"), SLICE("alice")), ERR_NONE);
    users[1].max_bindings = 8;
    users[3].max_bindings = 9;
    assert_int_equal(user_import(w->store, users, 4), ERR_EXISTS);
    assert_int_equal(user_count(w->store), 1);

    users[2] = named("dave");
    assert_int_equal(user_import(w->store, users, 4), ERR_NONE);
    for (int times = 0; times < 2; times++) {
        assert_int_equal(user_count(w->store), 3);
        assert_true(find_login(w, "alice", &found));
        assert_int_equal(found.max_bindings, 8);
        assert_true(find_login(w, "carol", &found));
        assert_int_equal(found.max_bindings, 9);
        CHECK_MADE(open_store(w) ? w : NULL);
    }
}

enum { MANY = 1000 }; /* an import of several slices */

static struct user *make_many(void)
{
    struct user *users = calloc(MANY, sizeof(*users));

    CHECK_MADE(users);
    check_later(free, users);
    for (size_t i = 0; i < MANY; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "user%zu", i);
        users[i] = named(name);
    }
    return users;
}

static void an_import_of_many_adds_and_changes_or_does_nothing(void **state)
{
    struct world *w = make_world();
    struct user *many = make_many();
    struct user_login found;

    (void)state;
    w->settings.max_users = MANY;
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(add(w, "user0"), ERR_NONE);
    assert_int_equal(user_add_alias(w->store, SLICE("info"), SLICE("user0")), ERR_NONE);
    many[0].max_bindings = 8;
    many[MANY - 1] = named("info");
    assert_int_equal(user_import(w->store, many, MANY), ERR_EXISTS);
    many[MANY - 1] = named("user1");
    many[MANY - 1].max_bindings = 9;
    assert_int_equal(user_count(w->store), 1);

    assert_int_equal(user_import(w->store, many, MANY), ERR_NONE);
    for (int times = 0; times < 2; times++) {
        assert_int_equal(user_count(w->store), MANY - 1);
        assert_true(find_login(w, "user0", &found));
        assert_int_equal(found.max_bindings, 8);
        assert_true(find_login(w, "user1", &found));
        assert_int_equal(found.max_bindings, 9);
        CHECK_MADE(open_store(w) ? w : NULL);
    }
    assert_int_equal(user_import(w->store, many, MANY), ERR_NONE);
}

struct importer {
    struct store *store;
    const struct user *users;
    enum err err;
};

static void *import(void *arg)
{
    struct importer *i = arg;

    i->err = user_import(i->store, i->users, MANY);
    return NULL;
}

static void bindings_and_users_change_beside_an_import(void **state)
{
    struct world *w = make_world();
    struct importer importer = {.users = make_many()};
    pthread_t thread;

    (void)state;
    w->settings.max_users = MANY + 1;
    CHECK_MADE(open_store(w) ? w : NULL);
    importer.store = w->store;
    assert_int_equal(pthread_create(&thread, NULL, import, &importer), 0);
    enum err of_binding = bind(w, "alice", binding_to("sip:a", "id", 1));
    enum err of_user = add(w, "bob");
    pthread_join(thread, NULL);

    assert_int_equal(of_binding, ERR_NONE);
    assert_int_equal(of_user, ERR_NONE);
    assert_int_equal(importer.err, ERR_NONE);
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(user_count(w->store), MANY + 1);
    check_contacts(w, "alice", NOW, "sip:a");
}

/* As an end in the middle leaves it. */
static void stage(struct world *w, const char *sql)
{
    char path[512];
    sqlite3 *sqlite = NULL;

    store_close(w->store);
    w->store = NULL;
    (void)snprintf(path, sizeof(path), "%s/tchin.db", w->settings.folder);
    assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(sqlite), SQLITE_OK);
    CHECK_MADE(open_store(w) ? w : NULL);
}

static void an_import_that_was_broken_off_is_all_there_or_not_at_all(void **state)
{
    struct world *w = make_open_world();
    struct user_login found;

    (void)state;
    assert_int_equal(add(w, "alice"), ERR_NONE);
    stage(w, "INSERT INTO import VALUES (1, 'alice', 7, zeroblob(192));"
             "INSERT INTO import VALUES (2, 'bob', 7, zeroblob(192));");
    assert_int_equal(user_count(w->store), 1);
    assert_true(find_login(w, "alice", &found));
    assert_int_equal(found.max_bindings, 3);

    stage(w, "INSERT INTO import VALUES (0, '', 0, x'');"
             "INSERT INTO import VALUES (3, 'alice', 7, zeroblob(192));"
             "INSERT INTO import VALUES (4, 'bob', 7, zeroblob(192));");
    for (int times = 0; times < 2; times++) {
        assert_int_equal(user_count(w->store), 2);
        assert_true(find_login(w, "alice", &found));
        assert_int_equal(found.max_bindings, 7);
        assert_int_equal(user_remove(w->store, SLICE("bob")), times == 0 ? ERR_NONE : ERR_ABSENT);
        assert_int_equal(add(w, "carol"), times == 0 ? ERR_NONE : ERR_EXISTS);
        stage(w, "SELECT 1");
    }
}

static void there_are_no_more_users_than_allowed(void **state)
{
    struct world *w = make_world();
    struct user two[] = {named("bob"), named("carol")};

    (void)state;
    w->settings.max_users = 2;
    CHECK_MADE(open_store(w) ? w : NULL);
    assert_int_equal(add(w, "alice"), ERR_NONE);
    assert_int_equal(user_import(w->store, two, 2), ERR_FULL);
    assert_int_equal(user_count(w->store), 1);
    assert_int_equal(add(w, "bob"), ERR_NONE);
    assert_int_equal(add(w, "carol"), ERR_FULL);
}

static bool list_name(void *arg, struct slice aor, struct slice alias_of)
{
    struct buffer *out = arg;

    buffer_add(out, aor);
    if (alias_of.len > 0)
        buffer_add_char(out, '>');
    buffer_add(out, alias_of);
    buffer_add_char(out, ' ');
    return !slice_equal(aor, SLICE("stop"));
}

static void users_are_listed_in_the_order_of_their_names(void **state)
{
    struct world *w = make_open_world();
    char text[256];
    struct buffer out = buffer_over(text, sizeof(text));

    (void)state;
    assert_int_equal(add(w, "stop"), ERR_NONE);
    assert_int_equal(add(w, "zoe"), ERR_NONE);
    assert_int_equal(add(w, "al"), ERR_NONE);
    assert_int_equal(add(w, "alice"), ERR_NONE);
    assert_int_equal(user_add_alias(w->store, SLICE("info"), SLICE("zoe")), ERR_NONE);
    CHECK_MADE(user_walk(w->store, list_name, &out) ? w : NULL);
    CHECK_SLICE(buffer_slice(&out), "al alice info>zoe stop ");
}

CHECK_MAIN(CHECK_TEST(a_user_is_found_as_it_was_added), CHECK_TEST(a_name_belongs_to_one),
           CHECK_TEST(an_alias_resolves_to_its_user_and_is_none),
           CHECK_TEST(what_is_known_of_a_name_is_found_at_once),
           CHECK_TEST(its_hash_finds_its_bindings),
           CHECK_TEST(a_user_leaves_with_aliases_and_bindings),
           CHECK_TEST(an_import_adds_and_changes_or_does_nothing),
           CHECK_TEST(an_import_of_many_adds_and_changes_or_does_nothing),
           CHECK_TEST(bindings_and_users_change_beside_an_import),
           CHECK_TEST(an_import_that_was_broken_off_is_all_there_or_not_at_all),
           CHECK_TEST(there_are_no_more_users_than_allowed),
           CHECK_TEST(users_are_listed_in_the_order_of_their_names))
