/* Users and bindings kept by us, no server being there. With one, tests/e2e has it. */
#include "tools/keeper.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

struct world {
    struct keeper *keeper;
    char text[512];
    struct buffer fault;
    char listed[512];
    struct buffer list;
};

static void stop(void *world)
{
    struct world *w = world;

    keeper_close(w->keeper);
    free(w);
}

static struct world *start(void)
{
    struct world *w = calloc(1, sizeof(*w));

    CHECK_MADE(w);
    w->fault = buffer_over(w->text, sizeof(w->text));
    check_later(stop, w);
    w->keeper = keeper_open(check_folder(), true, &w->fault);
    CHECK_MADE(w->keeper);
    return w;
}

static struct user user_named(const char *name)
{
    struct user user = {.aor_len = (uint16_t)strlen(name)};

    memcpy(user.aor, name, user.aor_len);
    return user;
}

static bool list_user(void *arg, struct slice aor, struct slice alias_of)
{
    struct world *w = arg;

    buffer_printf(&w->list, "%.*s=%.*s ", SLICE_ARGS(aor), SLICE_ARGS(alias_of));
    return true;
}

static void check_users(struct world *w, const char *expected)
{
    w->list = buffer_over(w->listed, sizeof(w->listed));
    CHECK_MADE(w->keeper->ways->list_users(w->keeper, list_user, w, &w->fault) ? w : NULL);
    CHECK_SLICE(buffer_slice(&w->list), expected);
}

static void check_refused(struct world *w, bool ok, const char *reason)
{
    assert_false(ok);
    CHECK_SLICE(buffer_slice(&w->fault), reason);
    w->fault.len = 0;
}

static void users_and_aliases_come_and_go(void **state)
{
    struct user a = user_named("a@x.org"), b = user_named("b@x.org");
    struct world *w = start();

    (void)state;
    const struct keeper_ways *ways = w->keeper->ways;
    CHECK_MADE(ways->add_user(w->keeper, &a, &w->fault) ? w : NULL);
    check_refused(w, ways->add_user(w->keeper, &a, &w->fault), "a@x.org: it exists already");
    check_refused(w, ways->change_user(w->keeper, &b, &w->fault),
                  "b@x.org: there is no such thing");
    CHECK_MADE(ways->add_alias(w->keeper, SLICE("i@x.org"), SLICE("a@x.org"), &w->fault) ? w
                                                                                         : NULL);
    check_refused(w, ways->add_alias(w->keeper, SLICE("j@x.org"), SLICE("b@x.org"), &w->fault),
                  "b@x.org: there is no such thing");
    check_users(w, "a@x.org= i@x.org=a@x.org ");
    assert_true(ways->remove_alias(w->keeper, SLICE("i@x.org"), &w->fault));
    assert_true(ways->remove_user(w->keeper, SLICE("a@x.org"), &w->fault));
    check_users(w, "");
}

static void an_import_adds_and_changes(void **state)
{
    struct user users[] = {user_named("a@x.org"), user_named("b@x.org")};
    struct world *w = start();

    (void)state;
    CHECK_MADE(w->keeper->ways->add_user(w->keeper, &users[0], &w->fault) ? w : NULL);
    CHECK_MADE(w->keeper->ways->import_users(w->keeper, users, 2, &w->fault) ? w : NULL);
    check_users(w, "a@x.org= b@x.org= ");
}

static bool no_binding(void *arg, const struct keeper_binding *binding)
{
    (void)arg, (void)binding;
    fail();
    return true;
}

static void who_is_not_registered_has_no_bindings(void **state)
{
    struct world *w = start();

    (void)state;
    const struct keeper_ways *ways = w->keeper->ways;
    CHECK_MADE(ways->list_bindings(w->keeper, SLICE_NONE, no_binding, NULL, &w->fault) ? w : NULL);
    CHECK_MADE(
        ways->list_bindings(w->keeper, SLICE("a@x.org"), no_binding, NULL, &w->fault) ? w : NULL);
    CHECK_MADE(ways->remove_bindings(w->keeper, SLICE("a@x.org"), &w->fault) ? w : NULL);
}

static void a_folder_without_database_is_not_made_one(void **state)
{
    char text[512], expected[600];
    struct buffer fault = buffer_over(text, sizeof(text));

    (void)state;
    assert_null(keeper_open(check_folder(), false, &fault));
    (void)snprintf(expected, sizeof(expected),
                   "there is no database in %s: name its folder with --data", check_folder());
    CHECK_SLICE(buffer_slice(&fault), expected);
}

CHECK_MAIN(CHECK_TEST(users_and_aliases_come_and_go), CHECK_TEST(an_import_adds_and_changes),
           CHECK_TEST(who_is_not_registered_has_no_bindings),
           CHECK_TEST(a_folder_without_database_is_not_made_one))
