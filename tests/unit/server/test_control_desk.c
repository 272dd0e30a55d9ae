/* What one may ask at the control socket, and what is answered; the store behind it is real. */
#include "server/control_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "store/location.h"

enum { SECRETS_LEN = 2 * sizeof(struct user_secrets) };

struct world {
    struct log log;
    struct store *store;
    struct control_desk desk;
    char secrets[SECRETS_LEN + 1];
    struct mailbox box; /* of `bind`, as is the next */
    struct location_update update;
};

static void stop(void *world)
{
    struct world *w = world;

    control_desk_fini(&w->desk);
    store_close(w->store);
    free(w);
}

static struct world *start(void)
{
    struct world *w = calloc(1, sizeof(*w));
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));
    enum err err;

    CHECK_MADE(w);
    check_later(stop, w);
    w->log = (struct log){.fd = -1, .level = LOG_ERROR};
    const struct store_settings settings = {
        .folder = check_folder(), .log = &w->log, .max_bindings = 100, .max_users = 4};
    w->store = store_open(&settings, 1, &err, &fault);
    CHECK_MADE(w->store);
    control_desk_init(&w->desk, w->store, &w->log, NULL, 5);
    memset(w->secrets, 'a', SECRETS_LEN);
    return w;
}

/* "$" stands for secrets that are well formed. */
static void ask(struct world *w, const char *question)
{
    char memory[2048];
    struct buffer line = buffer_over(memory, sizeof(memory));

    for (; *question != '\0'; question++) {
        if (*question == '$')
            buffer_add_text(&line, w->secrets);
        else
            buffer_add_char(&line, *question == '\'' ? '"' : *question);
    }
    w->desk.answer_len = 0;
    control_desk_ask(&w->desk, buffer_slice(&line));
    CHECK_MADE(w->desk.is_lost ? NULL : &w->desk);
}

static void check_answer(struct world *w, const char *question, const char *expected)
{
    char memory[1024];
    struct buffer answer = buffer_over(memory, sizeof(memory));

    ask(w, question);
    for (size_t i = 0; i < w->desk.answer_len; i++)
        buffer_add_char(&answer, w->desk.answer[i] == '"' ? '\'' : w->desk.answer[i]);
    CHECK_SLICE(buffer_slice(&answer), expected);
}

#define OK "{'ok':true}\n"

static void users_come_and_go(void **state)
{
    struct world *w = start();

    (void)state;
    check_answer(w, "{'do':'user-add','aor':'a@x.org','secrets':'$'}", OK);
    check_answer(w, "{'do':'user-add','aor':'a@x.org','secrets':'$'}",
                 "{'error':'a@x.org: it exists already'}\n");
    check_answer(w, "{'do':'user-change','aor':'b@x.org','secrets':'$'}",
                 "{'error':'b@x.org: there is no such thing'}\n");
    check_answer(w, "{'do':'user-change','aor':'a@x.org','secrets':'$'}", OK);
    check_answer(w, "{'do':'alias-add','alias':'i@x.org','aor':'a@x.org'}", OK);
    check_answer(w, "{'do':'alias-add','alias':'j@x.org','aor':'c@x.org'}",
                 "{'error':'c@x.org: there is no such thing'}\n");
    check_answer(w, "{'do':'user-list'}",
                 "{'aor':'a@x.org'}\n{'aor':'i@x.org','alias_of':'a@x.org'}\n" OK);
    check_answer(w, "{'do':'alias-remove','alias':'i@x.org'}", OK);
    check_answer(w, "{'do':'alias-remove','alias':'i@x.org'}",
                 "{'error':'i@x.org: there is no such thing'}\n");
    check_answer(w, "{'do':'user-remove','aor':'a@x.org'}", OK);
    check_answer(w, "{'do':'user-list'}", OK);
}

static void secrets_are_kept_as_they_came(void **state)
{
    const struct user_ha1_choice first = {0, 0};
    struct user_login login;
    struct world *w = start();

    (void)state;
    memcpy(w->secrets, "0123456789ABcdef", 16);
    ask(w, "{'do':'user-add','aor':'a@x.org','secrets':'$'}");
    CHECK_MADE(user_find_login(w->store, SLICE("a@x.org"), 0, first, &login) ? &login : NULL);
    assert_memory_equal(login.ha1, "\x01\x23\x45\x67\x89\xab\xcd\xef\xaa", 9);
}

static void nonsense_is_refused(void **state)
{
    static const struct {
        const char *question;
        const char *answer;
    } cases[] = {
        {"",                                                  "{'error':'this is no command that the server knows'}\n"},
        {"{}",                                                "{'error':'this is no command that the server knows'}\n"},
        {"{'do':'format-disk'}",                              "{'error':'this is no command that the server knows'}\n"},
        {"{'do':7}",                                          "{'error':'this is no command that the server knows'}\n"},
        {"[1]",                                               "{'error':'this is no command that the server knows'}\n"},
        {"{'do':'user-add'}",                                 "{'error':'a user is named like alice@example.org'}\n"  },
        {"{'do':'user-add','aor':'x.org','secrets':'$'}",
         "{'error':'a user is named like alice@example.org'}\n"                                                       },
        {"{'do':'user-add','aor':'a@X.org','secrets':'$'}",
         "{'error':'a user is named like alice@example.org'}\n"                                                       },
        {"{'do':'user-add','aor':'a@x.org;b','secrets':'$'}",
         "{'error':'a user is named like alice@example.org'}\n"                                                       },
        {"{'do':'user-add','aor':'a@x.org','secrets':'$a'}",
         "{'error':'the secrets are malformed'}\n"                                                                    },
        {"{'do':'user-add','aor':'a@x.org','secrets':'00'}",
         "{'error':'the secrets are malformed'}\n"                                                                    },
        {"{'do':'location-show','aor':7}",                    "{'error':'a user is named like alice@example.org'}\n"  },
        {"{'do':'import-end'}",                               "{'error':'there is no import to end'}\n"               },
    };
    struct world *w = start();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check_answer(w, cases[i].question, cases[i].answer);
    assert_int_equal(user_count(w->store), 0);
}

static void an_import_is_all_or_nothing(void **state)
{
    struct world *w = start();

    (void)state;
    check_answer(w, "{'do':'import-begin'}", OK);
    check_answer(w, "{'aor':'a@x.org','secrets':'$'}", "");
    check_answer(w, "{'aor':'b@x.org','secrets':'$$'}", "");
    check_answer(w, "{'aor':'c@x.org','secrets':'$'}", "");
    check_answer(w, "{'do':'import-end'}", "{'error':'row 2: the secrets are malformed'}\n");
    assert_int_equal(user_count(w->store), 0);

    check_answer(w, "{'do':'import-begin'}", OK);
    check_answer(w, "{'aor':'a@x.org','secrets':'$'}", "");
    check_answer(w, "{'aor':'b@x.org','secrets':'$'}", "");
    check_answer(w, "{'do':'import-end'}", OK);
    assert_int_equal(user_count(w->store), 2);
}

static void ceilings_hold(void **state)
{
    struct world *w = start();

    (void)state;
    check_answer(w, "{'do':'import-begin'}", OK);
    for (char name = 'a'; name <= 'e'; name++) {
        char row[64];
        (void)snprintf(row, sizeof(row), "{'aor':'%c@x.org','secrets':'$'}", name);
        check_answer(w, row, "");
    }
    check_answer(w, "{'do':'import-end'}", "{'error':'import: a configured limit is reached'}\n");
    assert_int_equal(user_count(w->store), 0);
}

static void deliver(struct mail *mail, void *owner)
{
    (void)mail, (void)owner;
}

static void wake(void *waker)
{
    (void)waker;
}

/* As the registrar would. */
static void bind(struct world *w, struct slice aor, struct slice contact, struct slice agent)
{
    struct binding binding = {.contact = contact,
                              .call_id = SLICE("1"),
                              .user_agent = agent,
                              .cseq = 7,
                              .q_thousandths = 500,
                              .expires_at_ms = UINT64_C(4000000000000)};
    struct location_changes changes = {
        .aor = aor, .items = &binding, .count = 1, .max_bindings = 10};

    char memory[512];
    struct mailbag alone = {0};

    size_t bytes = location_update_bytes(&changes);
    assert_in_range(bytes, 1, sizeof(memory));
    location_update_init(&w->update, &changes, 1, memory, bytes);
    w->update.answer = (struct answer){.mail.deliver = deliver, .asker = &w->box};
    mailbox_init(&w->box, NULL, wake, NULL);
    location_gather(w->store, &w->update, &alone);
    (void)location_send(w->store, &alone);
    while (!mailbox_deliver(&w->box))
        usleep(1000);
    location_update_fini(&w->update);
    assert_int_equal(w->update.answer.err, ERR_NONE);
}

static bool answer_has(const struct world *w, const char *text)
{
    return memmem(w->desk.answer, w->desk.answer_len, text, strlen(text)) != NULL;
}

static void locations_are_listed_and_removed(void **state)
{
    struct world *w = start();

    (void)state;
    ask(w, "{'do':'user-add','aor':'a@x.org','secrets':'$'}");
    ask(w, "{'do':'alias-add','alias':'i@x.org','aor':'a@x.org'}");
    bind(w, SLICE("a@x.org"), SLICE("sip:a@192.0.2.1"), SLICE("Ph\xff\"one"));

    ask(w, "{'do':'location-list'}");
    assert_true(answer_has(w, "\"contact\":\"sip:a@192.0.2.1\""));
    assert_true(answer_has(w, "\"user_agent\":\"Ph?\\\"one\"")); /* JSON is UTF-8 */
    assert_true(answer_has(w, "\"cseq\":7,\"q_thousandths\":500"));
    ask(w, "{'do':'location-show','aor':'i@x.org'}");
    assert_true(answer_has(w, "\"aor\":\"a@x.org\""));
    check_answer(w, "{'do':'location-show','aor':'b@x.org'}", OK);
    check_answer(w, "{'do':'location-remove','aor':'i@x.org'}", OK);
    check_answer(w, "{'do':'location-list'}", OK);
    check_answer(w, "{'do':'location-remove','aor':'a@x.org'}", OK);
}

CHECK_MAIN(CHECK_TEST(users_come_and_go), CHECK_TEST(secrets_are_kept_as_they_came),
           CHECK_TEST(nonsense_is_refused), CHECK_TEST(an_import_is_all_or_nothing),
           CHECK_TEST(ceilings_hold), CHECK_TEST(locations_are_listed_and_removed))
