/* tchin.conf: what it says, what is told about what is wrong in it, and what is printed of it. */
#include "server/config.h"

#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "server/keys.h"

struct world {
    struct settings settings;
    char path[512];
    char fault_text[1024];
    struct buffer fault;
};

static void start(struct world *w)
{
    const char *folder = check_folder();

    settings_init(&w->settings);
    (void)snprintf(w->path, sizeof(w->path), "%s/t.conf", folder);
    w->fault = buffer_over(w->fault_text, sizeof(w->fault_text));
}

static bool read_text(struct world *w, const char *text)
{
    FILE *file = fopen(w->path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    w->fault.len = 0;
    return config_read(w->path, &w->settings, &w->fault);
}

/* What was said, without the name of the folder in front. */
static struct slice said(const struct world *w)
{
    struct slice fault = buffer_slice(&w->fault);
    size_t folder = strlen(w->path) - strlen("t.conf");

    return slice_starts_with(fault, slice_of(w->path)) ? slice_after(fault, folder) : fault;
}

static void print_into(const struct world *w, char *out, size_t max)
{
    FILE *file = fmemopen(out, max, "w");

    assert_non_null(file);
    config_print(&w->settings, file);
    fclose(file);
}

static void reads_what_the_manual_shows(void **state)
{
    struct world w;

    (void)state;
    start(&w);
    CHECK_MADE(read_text(&w, "domain \"Example.org\" { digest = both  max_bindings = 20 }\n"
                             "listen = { \"udp:0.0.0.0:5070\", tcp:[::]:5071 } # two\n"
                             "idle_timeout = 20m  connect_timeout = 500ms  max_parked_bytes = 1M\n"
                             "auth = no\n durability = power log_level = debug\n")
                   ? &w
                   : NULL);
    assert_int_equal(w.settings.domain_count, 1);
    assert_string_equal(w.settings.domains[0].name, "example.org");
    assert_int_equal(w.settings.domains[0].digest, DIGEST_BOTH);
    assert_int_equal(w.settings.domains[0].max_bindings, 20);
    assert_int_equal(w.settings.listener_count, 2);
    assert_int_equal(w.settings.listeners[0].addr.port, 5070);
    assert_int_equal(w.settings.listeners[1].protocol, HOP_TCP);
    assert_int_equal(w.settings.listeners[1].addr.family, 6);
    assert_int_equal(w.settings.idle_s, 1200);
    assert_int_equal(w.settings.connect_timeout_ms, 500);
    assert_int_equal(w.settings.max_parked_bytes, 1 << 20);
    assert_false(w.settings.requires_auth);
    assert_int_equal(w.settings.durability, STORE_POWER);
    assert_int_equal(w.settings.log_level, LOG_DEBUG);
}

static void a_domain_has_what_all_have_wherever_that_stands(void **state)
{
    struct world w;

    (void)state;
    start(&w);
    CHECK_MADE(read_text(&w, "domain a.example {}\n"
                             "domain b.example { max_bindings = 3 }\n"
                             "digest = sha256  max_bindings = 5\n")
                   ? &w
                   : NULL);
    assert_int_equal(w.settings.domains[0].digest, DIGEST_SHA256);
    assert_int_equal(w.settings.domains[0].max_bindings, 5);
    assert_int_equal(w.settings.domains[1].digest, DIGEST_SHA256);
    assert_int_equal(w.settings.domains[1].max_bindings, 3);
}

static void variables_come_from_the_environment(void **state)
{
    struct world w;

    (void)state;
    start(&w);
    setenv("TCHIN_TEST_DATA", "/srv/a \"b", 1);
    CHECK_MADE(read_text(&w, "data = \"${TCHIN_TEST_DATA}/c\"\n") ? &w : NULL);
    assert_string_equal(w.settings.data_folder, "/srv/a \"b/c");
    CHECK_MADE(read_text(&w, "data = ${TCHIN_TEST_DATA}\n") ? &w : NULL);
    assert_string_equal(w.settings.data_folder, "/srv/a \"b");
}

static void what_is_wrong_is_said_with_its_line_and_the_remedy(void **state)
{
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        {"\n\nmax_bindigs = 3",
         "t.conf:3: unknown key \"max_bindigs\"; did you mean \"max_bindings\"?"                                                      },
        {"domain \"a.b\" {\n digset = md5 }",
         "t.conf:2: unknown key \"digset\" of a domain; did you mean \"digest\"?"                                                     },
        {"domain \"a.b\" {\n workers = 1 }",
         "t.conf:2: \"workers\" cannot differ by domain: write it outside of the section"                                             },
        {"max_bindings = 0",
         "t.conf:1: max_bindings cannot be \"0\"; write a number from 1 to 1000"                                                      },
        {"max_bindings = 1001",
         "t.conf:1: max_bindings cannot be \"1001\"; write a number from 1 to 1000"                                                   },
        {"max_bindings = 99999999999999999999",
         "t.conf:1: max_bindings cannot be \"99999999999999999999\"; write a number from 1 to "
         "1000"                                                                                                                       },
        {"idle_timeout = 5x",
         "t.conf:1: idle_timeout cannot be \"5x\"; write a number from 1s to 7d"                                                      },
        {"timer_c = 180",                                        "t.conf:1: timer_c cannot be \"180\"; write a number from 181s to 1d"},
        {"# c\nlog = xml",                                       "t.conf:2: log cannot be \"xml\"; write text or json"                },
        {"digest = md4",                                         "t.conf:1: digest cannot be \"md4\"; write md5, both or sha256"      },
        {"auth = maybe",                                         "t.conf:1: auth cannot be \"maybe\"; write yes or no"                },
        {"data = \"\"",                                          "t.conf:1: data cannot be \"\"; write the name of a folder"          },
        {"listen = { \"udp:0.0.0.0:5060\",\n \"upd:0.0.0.0\" }",
         "t.conf:2: \"upd:0.0.0.0\" is no listener; write udp:, tcp:, tls:, ws:, wss: or "
         "http:ADDRESS:PORT, such as udp:0.0.0.0:5060 or tls:[::]:5061"                                                               },
        {"domain \"a b\" {}",                                    "t.conf:1: \"a b\" is no domain name: write one such as example.org" },
        {"domain a.b {}\ndomain a.b {}",                         "t.conf:2: found duplicate title 'a.b'"                              },
        {"workers 3\n",                                          "t.conf:1: missing equal sign after option 'workers'"                },
        {"data = 'abc",                                          "t.conf:1: unterminated string constant"                             },
        {"}",                                                    "t.conf:1: unexpected closing brace"                                 },
        {"default_expires = 30",
         "t.conf: min_expires (60s), default_expires (30s) and max_expires (7200s) must not fall: "
         "write them in rising order"                                                                                                 },
    };
    struct world w;

    (void)state;
    start(&w);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CHECK_CASE(!read_text(&w, cases[i].text), cases[i].text);
        CHECK_SLICE(said(&w), cases[i].said);
    }
}

static void too_many_are_refused(void **state)
{
    char text[64 * 1024];
    struct buffer many = buffer_over(text, sizeof(text) - 1);
    struct world w;

    (void)state;
    start(&w);
    for (int i = 0; i <= SETTINGS_MAX_DOMAINS; i++)
        buffer_printf(&many, "domain d%d.example {}\n", i);
    text[many.len] = '\0';
    assert_false(read_text(&w, text));
    CHECK_SLICE(said(&w), "t.conf:65: there may be 64 domains");

    many.len = 0;
    buffer_add_text(&many, "listen = {");
    for (int i = 0; i <= SETTINGS_MAX_LISTENERS; i++)
        buffer_printf(&many, "%s udp:0.0.0.0:%d", i > 0 ? "," : "", i + 1);
    buffer_add_text(&many, "}\n");
    text[many.len] = '\0';
    assert_false(read_text(&w, text));
    CHECK_SLICE(said(&w), "t.conf:1: there are more than 32 listeners");
}

static void a_file_that_is_none_is_named(void **state)
{
    struct world w;

    (void)state;
    start(&w);
    assert_false(config_read("/nonexistent/t.conf", &w.settings, &w.fault));
    CHECK_SLICE(buffer_slice(&w.fault),
                "cannot read /nonexistent/t.conf: No such file or directory");
    w.fault.len = 0;
    assert_false(config_read("/", &w.settings, &w.fault));
    CHECK_SLICE(buffer_slice(&w.fault), "cannot read /: Is a directory");
}

static void print_read_print_is_print(struct world *w, const char *label)
{
    static const size_t max = 65536;
    char *first = malloc(max), *second = malloc(max);

    check_later(free, first);
    check_later(free, second);
    CHECK_MADE(first);
    CHECK_MADE(second);
    print_into(w, first, max);
    settings_init(&w->settings);
    CHECK_CASE(read_text(w, first), label);
    print_into(w, second, max);
    assert_string_equal(first, second);
}

/* Whatever may be set, and the printed file sets it again. */
static void what_is_printed_reads_back(void **state)
{
    struct world w;

    (void)state;
    start(&w);
    print_read_print_is_print(&w, "the defaults");
    for (size_t i = 0; i < settings_key_count; i++) {
        const struct key *key = &settings_keys[i];
        settings_init(&w.settings);
        for (unsigned n = 0; key->kind == KEY_WORD && key->words[n] != NULL; n++) {
            assert_true(key_set(key, &w.settings, slice_of(key->words[n]), &w.fault));
            print_read_print_is_print(&w, key->words[n]);
        }
        if (key->kind == KEY_SWITCH) {
            assert_true(key_set(key, &w.settings, SLICE("on"), &w.fault));
            print_read_print_is_print(&w, key->name);
            assert_true(key_set(key, &w.settings, SLICE("off"), &w.fault));
            print_read_print_is_print(&w, key->name);
        }
    }
    settings_init(&w.settings);
    assert_true(key_set(settings_key("data"), &w.settings,
                        SLICE("/a b/\"c\"\\${HOME}\n\t\x7f\xc3\xa4'#{}"), &w.fault));
    CHECK_MADE(settings_add_domain(&w.settings, SLICE("a.example")));
    w.settings.digest = DIGEST_BOTH;
    CHECK_MADE(settings_add_domain(&w.settings, SLICE("b.example")));
    assert_true(settings_add_listener(&w.settings, SLICE("tcp:[2001:db8::1]:5062"), &w.fault));
    print_read_print_is_print(&w, "a folder's name");
}

static void every_number_is_written_as_it_is_read(void **state)
{
    char text[64], fault_text[256];
    struct settings settings;

    (void)state;
    for (size_t i = 0; i < settings_key_count; i++) {
        const struct key *key = &settings_keys[i];
        const uint32_t values[] = {key->min, key->min + 1, key->max / 2 + 1, key->max};
        for (size_t v = 0; key->kind == KEY_NUMBER && v < ARRAY_LEN(values); v++) {
            uint32_t *number = (uint32_t *)(void *)((char *)&settings + key->offset);
            struct buffer written = buffer_over(text, sizeof(text));
            struct buffer fault = buffer_over(fault_text, sizeof(fault_text));
            *number = values[v];
            key_write(key, &settings, &written);
            *number = 0;
            CHECK_CASE(key_set(key, &settings, buffer_slice(&written), &fault), key->name);
            assert_int_equal(*number, values[v]);
        }
    }
}

/* So that the page cannot fall behind the table. */
static void the_manual_has_every_key_with_range_and_default(void **state)
{
    struct slice page = check_read_file("../man/tchin.conf.5");
    struct settings defaults;

    (void)state;
    settings_init(&defaults);
    for (size_t i = 0; i < settings_key_count; i++) {
        const struct key *key = &settings_keys[i];
        char entry[512];
        struct buffer text = buffer_over(entry, sizeof(entry));
        buffer_printf(&text, ".It Ic %s No = ", key->name);
        const char *at = memmem(page.ptr, page.len, entry, text.len);
        CHECK_CASE(at != NULL, key->name);
        struct slice rest = slice_between(at + text.len, slice_end(page));
        const char *end = memmem(rest.ptr, rest.len, ".It ", 4);
        rest.len = end != NULL ? (size_t)(end - rest.ptr) : rest.len;

        text.len = 0;
        buffer_add_text(&text, "Default: ");
        if (strcmp(key->name, "workers") == 0)
            buffer_add_text(&text, "one for each core");
        else if (strcmp(key->name, "max_transactions") == 0)
            buffer_add_text(&text, "so many as fit into an eighth of the memory, 320 bytes each");
        else if (strcmp(key->name, "max_parked_bytes") == 0)
            buffer_add_text(&text, "an eighth of the memory, as above");
        else if (key->kind == KEY_FOLDER)
            buffer_add_text(&text, defaults.data_folder);
        else
            key_write(key, &defaults, &text);
        buffer_add_text(&text, ".\n");
        CHECK_CASE(memmem(rest.ptr, rest.len, entry, text.len) != NULL, key->name);

        text.len = 0;
        if (key->kind == KEY_NUMBER) {
            assert_false(key_set(key, &defaults, SLICE("?"), &text));
            size_t from = (size_t)((char *)memmem(entry, text.len, "from ", 5) - entry);
            struct slice range = slice_after(buffer_slice(&text), from + 1);
            CHECK_CASE(memmem(rest.ptr, rest.len, range.ptr, range.len) != NULL, key->name);
        }
    }
}

CHECK_MAIN(CHECK_TEST(reads_what_the_manual_shows),
           CHECK_TEST(a_domain_has_what_all_have_wherever_that_stands),
           CHECK_TEST(variables_come_from_the_environment),
           CHECK_TEST(what_is_wrong_is_said_with_its_line_and_the_remedy),
           CHECK_TEST(too_many_are_refused), CHECK_TEST(a_file_that_is_none_is_named),
           CHECK_TEST(what_is_printed_reads_back),
           CHECK_TEST(every_number_is_written_as_it_is_read),
           CHECK_TEST(the_manual_has_every_key_with_range_and_default))
