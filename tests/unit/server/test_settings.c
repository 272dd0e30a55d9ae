/* Domain names and listeners, as they are written and as they are kept. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "server/machine.h"
#include "server/settings.h"

static struct settings *new_settings(void)
{
    struct settings *settings = malloc(sizeof(*settings));

    CHECK_MADE(settings);
    check_later(free, settings);
    settings_init(settings);
    return settings;
}

static void a_domain_has_one_name_however_it_is_written(void **state)
{
    static const struct {
        const char *written;
        const char *kept;
    } cases[] = {
        {"example.org",           "example.org"          },
        {"Example.ORG.",          "example.org"          },
        {"localhost",             "localhost"            },
        {"192.0.2.1",             "192.0.2.1"            },
        {"2001:DB8:0:0::1",       "[2001:db8::1]"        },
        {"[2001:db8::0001]",      "[2001:db8::1]"        },
        {"[::ffff:192.0.2.1]",    "192.0.2.1"            },
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct settings *settings = new_settings();
        const struct domain_settings *domain =
            settings_add_domain(settings, slice_of(cases[i].written));
        CHECK_CASE(domain != NULL && strcmp(domain->name, cases[i].kept) == 0, cases[i].written);
        CHECK_CASE(settings_add_domain(settings, slice_of(cases[i].kept)) == domain,
                   cases[i].written);
        CHECK_CASE(settings_domain(settings, slice_of(cases[i].written)) == domain,
                   cases[i].written);
        assert_int_equal(settings->domain_count, 1);
    }
}

static void what_is_no_name_and_no_address_is_no_domain(void **state)
{
    static const char *const cases[] = {
        "",           "exa mple.org", "sip:example.org", "example.org:5060", "a..b",
        "-a.example", "[192.0.2.1]",  "[2001:db8::1",    "example.org;x"};
    struct settings *settings = new_settings();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(settings_add_domain(settings, slice_of(cases[i])) == NULL, cases[i]);
    assert_null(settings_domain(settings, SLICE_NONE));
}

static void only_the_names_of_a_domain_find_it(void **state)
{
    static const struct {
        const char *text;
        const char *found; /* NULL: none of ours */
    } cases[] = {
        {"EXAMPLE.org",      "example.org"  },
        {"example.org..",    NULL           },
        {".example.org",     NULL           },
        {"example.or",       NULL           },
        {"192.0.2.1",        "192.0.2.1"    },
        {"::ffff:192.0.2.1", "192.0.2.1"    },
        {"[192.0.2.1]",      NULL           },
        {"192.0.2.01",       NULL           },
        {"2001:DB8:0::1",    "[2001:db8::1]"},
        {"[2001:DB8::1]",    "[2001:db8::1]"},
        {"[2001:db8::1",     NULL           },
        {"2001:db8::1]",     NULL           },
        {"[2001:db8::1].",   NULL           },
        {"2001:db8::1.",     NULL           },
        {"[[2001:db8::1]]",  NULL           },
        {"2001:db8::2",      NULL           },
        {"[]",               NULL           },
        {"[",                NULL           },
        {":",                NULL           },
        {".",                NULL           },
        {"",                 NULL           },
    };
    struct settings *settings = new_settings();

    (void)state;
    assert_non_null(settings_add_domain(settings, SLICE("example.org")));
    assert_non_null(settings_add_domain(settings, SLICE("192.0.2.1")));
    assert_non_null(settings_add_domain(settings, SLICE("2001:db8::1")));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct domain_settings *domain = settings_domain(settings, slice_of(cases[i].text));
        bool is_right = cases[i].found == NULL
                            ? domain == NULL
                            : domain != NULL && strcmp(domain->name, cases[i].found) == 0;
        CHECK_CASE(is_right, cases[i].text);
    }
}

static void a_name_may_be_as_long_as_dns_allows(void **state)
{
    struct settings *settings = new_settings();
    char name[SETTINGS_MAX_DOMAIN_NAME + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = i % 50 == 49 ? '.' : 'a';
    assert_non_null(settings_add_domain(settings, (struct slice){name, SETTINGS_MAX_DOMAIN_NAME}));
    assert_null(settings_add_domain(settings, (struct slice){name, SETTINGS_MAX_DOMAIN_NAME + 1}));
}

static void a_domain_has_the_digest_and_the_limit_of_all(void **state)
{
    struct settings *settings = new_settings();

    (void)state;
    settings->digest = DIGEST_BOTH;
    settings->max_bindings = 3;
    const struct domain_settings *domain = settings_add_domain(settings, SLICE("example.org"));
    assert_int_equal(domain->digest, DIGEST_BOTH);
    assert_int_equal(domain->max_bindings, 3);
}

static void more_domains_than_there_is_room_for_are_refused(void **state)
{
    struct settings *settings = new_settings();
    char name[] = "aa.example";

    (void)state;
    for (int i = 0; i < SETTINGS_MAX_DOMAINS; i++) {
        name[0] = (char)('a' + i / 26);
        name[1] = (char)('a' + i % 26);
        assert_non_null(settings_add_domain(settings, slice_of(name)));
    }
    assert_null(settings_add_domain(settings, SLICE("one.more.example")));
    assert_non_null(settings_add_domain(settings, SLICE("aa.example")));
}

static void a_listener_is_a_protocol_an_address_and_a_port(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        uint16_t port;
    } cases[] = {
        {"udp:192.0.2.1:5070",      true,  5070 },
        {"tcp:[2001:db8::1]:65535", true,  65535},
        {"UDP:0.0.0.0",             true,  5060 },
        {"tcp:127.0.0.1:0",         true,  0    },
        {"udp:127.0.0.1:65536",     false, 0    },
        {"udp:127.0.0.1:",          false, 0    },
        {"udp:example.org:5060",    false, 0    },
        {"udp:2001:db8::1:5060",    false, 0    },
        {"sctp:192.0.2.1:5060",     false, 0    },
        {"192.0.2.1:5060",          false, 0    },
        {"udp",                     false, 0    },
        {"",                        false, 0    },
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct settings *settings = new_settings();
        struct buffer fault = buffer_over(text, sizeof(text));
        bool valid = settings_add_listener(settings, slice_of(cases[i].text), &fault);
        CHECK_CASE(valid == cases[i].valid, cases[i].text);
        CHECK_CASE(valid == (fault.len == 0), cases[i].text);
        if (valid)
            CHECK_CASE(settings->listeners[0].addr.port == cases[i].port, cases[i].text);
    }
}

/* 64 workers as well as one: together they have no more than what is there. */
static void ceilings_are_a_share_of_the_memory(void **state)
{
    struct settings *settings = new_settings();
    uint64_t memory = machine_memory_bytes();

    (void)state;
    assert_true(settings->max_parked_bytes >= 1 << 20);
    assert_true(settings->max_parked_bytes <= memory / 8);
    assert_true(settings->max_transactions * 320ULL <= memory / 8);
    assert_true(settings->max_transactions * 320ULL > memory / 9
                || settings->max_transactions == SETTINGS_MAX_TRANSACTIONS);
    for (settings->workers = 1; settings->workers <= SETTINGS_MAX_WORKERS; settings->workers++) {
        uint64_t each = settings_of_each(settings, settings->max_transactions);
        assert_true(each > 0 && each * settings->workers <= settings->max_transactions);
    }
    settings->workers = 8;
    assert_int_equal(settings_of_each(settings, 3), 1);
}

/* What is listened to, as one writes it. */
static struct slice written(const struct settings *settings, struct buffer *out)
{
    out->len = 0;
    for (size_t i = 0; i < settings->listener_count; i++) {
        buffer_add_text(out, i > 0 ? " " : "");
        transport_listener_write(&settings->listeners[i], out);
    }
    return buffer_slice(out);
}

static void challenges_are_answered_in_each_family_and_once(void **state)
{
    static const struct {
        const char *listeners[3];
        const char *expected;
    } cases[] = {
        {{"udp:127.0.0.1:5060"},                        "udp:127.0.0.1:5060 http:0.0.0.0:8080"  },
        {{"udp:[::1]:5060"},                            "udp:[::1]:5060 http:[::]:8080"         },
        {{"tcp:0.0.0.0:5060", "tcp:[::]:5060"},
         "tcp:0.0.0.0:5060 tcp:[::]:5060 http:0.0.0.0:8080 http:[::]:8080"                      },
        {{"udp:127.0.0.1:5060", "http:127.0.0.1:8080"}, "udp:127.0.0.1:5060 http:127.0.0.1:8080"},
        {{"udp:127.0.0.1:5060", "ws:127.0.0.1:8080"},   "udp:127.0.0.1:5060 ws:127.0.0.1:8080"  },
        {{"udp:127.0.0.1:5060", "http:127.0.0.1:81"},
         "udp:127.0.0.1:5060 http:127.0.0.1:81 http:0.0.0.0:8080"                               },
    };
    char text[256], fault_text[256];
    struct buffer out = buffer_over(text, sizeof(text));
    struct buffer fault = buffer_over(fault_text, sizeof(fault_text));

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct settings settings;
        settings_init(&settings);
        settings.acme_port = 8080;
        for (size_t l = 0; l < 3 && cases[i].listeners[l] != NULL; l++)
            assert_true(settings_add_listener(&settings, slice_of(cases[i].listeners[l]), &fault));
        settings_add_acme_listeners(&settings);
        CHECK_SLICE(written(&settings, &out), cases[i].expected);
    }
}

CHECK_MAIN(CHECK_TEST(challenges_are_answered_in_each_family_and_once),
           CHECK_TEST(ceilings_are_a_share_of_the_memory),
           CHECK_TEST(a_domain_has_one_name_however_it_is_written),
           CHECK_TEST(what_is_no_name_and_no_address_is_no_domain),
           CHECK_TEST(only_the_names_of_a_domain_find_it),
           CHECK_TEST(a_name_may_be_as_long_as_dns_allows),
           CHECK_TEST(a_domain_has_the_digest_and_the_limit_of_all),
           CHECK_TEST(more_domains_than_there_is_room_for_are_refused),
           CHECK_TEST(a_listener_is_a_protocol_an_address_and_a_port))
