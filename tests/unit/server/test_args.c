/* The command line of tchind. */
#include "server/args.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

enum { MAX_WORDS = 12 };

struct line {
    struct settings settings;
    char fault_text[1024];
    struct buffer fault;
    bool ok;
};

/* As the shell would split it: at blanks. */
static void read_line(struct line *l, const char *text)
{
    char copy[1024];
    char *argv[MAX_WORDS + 1] = {NULL};
    int argc = 0;

    (void)snprintf(copy, sizeof(copy), "tchind %s", text);
    for (char *rest = copy, *word; (word = strsep(&rest, " ")) != NULL && argc < MAX_WORDS;)
        argv[argc++] = word;
    l->fault = buffer_over(l->fault_text, sizeof(l->fault_text));
    l->ok = args_reread(argc, argv, &l->settings, &l->fault);
}

static void every_flag_sets_what_it_says(void **state)
{
    struct line l;

    (void)state;
    read_line(&l, "example.org B.example --data /srv/t --workers 3 --no-auth --digest both");
    assert_true(l.ok);
    assert_int_equal(l.settings.domain_count, 2);
    assert_string_equal(l.settings.domains[0].name, "example.org");
    assert_string_equal(l.settings.domains[1].name, "b.example");
    assert_int_equal(l.settings.domains[1].digest, DIGEST_BOTH);
    assert_string_equal(l.settings.data_folder, "/srv/t");
    assert_int_equal(l.settings.workers, 3);
    assert_false(l.settings.requires_auth);

    read_line(&l, "--durability=relaxed --log json --log-level error --trace");
    assert_true(l.ok);
    assert_int_equal(l.settings.domain_count, 0);
    assert_int_equal(l.settings.durability, STORE_RELAXED);
    assert_int_equal(l.settings.log_format, LOG_JSON);
    assert_int_equal(l.settings.log_level, LOG_ERROR);
    assert_true(l.settings.traces);
    assert_true(l.settings.requires_auth);
}

static void listens_everywhere_unless_told(void **state)
{
    struct line l;

    (void)state;
    read_line(&l, "");
    /* A word of nothing is no domain; the line of the plain start has no words at all. */
    assert_false(l.ok);
    read_line(&l, "a.example");
    assert_true(l.ok);
    assert_true(l.settings.listeners_are_default);
    assert_true(l.settings.listener_count == 2 || l.settings.listener_count == 4);
    assert_int_equal(l.settings.listeners[0].addr.port, 5060);

    read_line(&l, "--listen udp:127.0.0.1:5070 --listen tcp:[::1]:5071");
    assert_true(l.ok);
    assert_false(l.settings.listeners_are_default);
    assert_int_equal(l.settings.listener_count, 2);
    assert_int_equal(l.settings.listeners[1].addr.port, 5071);
}

static const char *config_with(const char *text)
{
    static const char form[] = "%s/t.conf";
    size_t max = strlen(check_folder()) + sizeof(form);
    char *path = malloc(max);

    check_later(free, path);
    CHECK_MADE(path);
    (void)snprintf(path, max, form, check_folder());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static void flags_win_over_the_file(void **state)
{
    char text[512];
    struct line l;

    (void)state;
    const char *path = config_with("workers = 2\nlog = json\ndigest = sha256\n"
                                   "listen = {udp:127.0.0.1:1}\n"
                                   "domain a.example { max_bindings = 3 }\ndomain b.example {}\n");
    (void)snprintf(text, sizeof(text), "b.example c.example --config %s --workers 5 --digest both",
                   path);
    read_line(&l, text);
    CHECK_MADE(l.ok ? &l : NULL);
    assert_int_equal(l.settings.workers, 5);
    assert_int_equal(l.settings.log_format, LOG_JSON);
    assert_int_equal(l.settings.listener_count, 1);
    assert_int_equal(l.settings.listeners[0].addr.port, 1);
    assert_int_equal(l.settings.domain_count, 3);
    assert_string_equal(l.settings.domains[0].name, "b.example");
    assert_string_equal(l.settings.domains[1].name, "c.example");
    assert_string_equal(l.settings.domains[2].name, "a.example");
    assert_int_equal(l.settings.domains[2].max_bindings, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(l.settings.domains[i].digest, DIGEST_BOTH);

    (void)snprintf(text, sizeof(text), "--config %s --listen udp:127.0.0.1:2", path);
    read_line(&l, text);
    CHECK_MADE(l.ok ? &l : NULL);
    assert_int_equal(l.settings.listener_count, 1);
    assert_int_equal(l.settings.listeners[0].addr.port, 2);
    assert_string_equal(l.settings.domains[0].name, "a.example");
}

static void wrong_use_is_answered_with_what_to_write(void **state)
{
    static const struct {
        const char *line;
        const char *said;
    } cases[] = {
        {"--wrokers 3",           "unknown flag --wrokers; did you mean --workers? See tchind --help"                    },
        {"--no-auht",             "unknown flag --no-auht; did you mean --no-auth? See tchind --help"                    },
        {"--workers",             "--workers wants a value: see tchind --help"                                           },
        {"--trace=yes",           "--trace takes no value: write it alone"                                               },
        {"--workers none",        "workers cannot be \"none\"; write a number from 1 to 64"                              },
        {"--digest md4",          "digest cannot be \"md4\"; write md5, both or sha256"                                  },
        {"--listen udp:here",     "\"udp:here\" is no listener; write udp:, tcp:, tls:, ws:, wss: or "
                              "http:ADDRESS:PORT, such as udp:0.0.0.0:5060 or tls:[::]:5061"},
        {"exa_mple..org/",        "\"exa_mple..org/\" is no domain name: write one such as example.org"                  },
        {"check more",            "check takes no \"more\": write tchind check --config FILE"                            },
        {"--config /nonexistent", "cannot read /nonexistent: No such file or directory"                                  },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct line l;
        read_line(&l, cases[i].line);
        CHECK_CASE(!l.ok, cases[i].line);
        CHECK_SLICE(buffer_slice(&l.fault), cases[i].said);
    }
}

static void check_is_a_command_of_its_own(void **state)
{
    char *argv[] = {"tchind", "check", "--print", "--config", NULL, NULL};
    struct args *args = malloc(sizeof(*args));

    (void)state;
    check_later(free, args);
    CHECK_MADE(args);
    argv[4] = (char *)(uintptr_t)config_with("workers = 2\n");
    args_read(5, argv, args);
    CHECK_MADE(args->command == ARGS_CHECK ? args : NULL);
    assert_true(args->prints);
    assert_ptr_equal(args->config_path, argv[4]);
    assert_int_equal(args->settings.workers, 2);
}

CHECK_MAIN(CHECK_TEST(every_flag_sets_what_it_says), CHECK_TEST(listens_everywhere_unless_told),
           CHECK_TEST(flags_win_over_the_file),
           CHECK_TEST(wrong_use_is_answered_with_what_to_write),
           CHECK_TEST(check_is_a_command_of_its_own))
