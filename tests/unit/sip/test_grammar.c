/* The basic rules: each eats what RFC 3261 25.1 says, or nothing. */
#include "check.h"

#include "sip/grammar.h"

typedef bool eat_function(struct cursor *c, struct slice *out);

struct eat_case {
    const char *text;
    const char *eaten; /* NULL: nothing */
    const char *rest;
};

static void check_eating(eat_function *eat, const struct eat_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct cursor c = cursor_over(slice_of(cases[i].text));
        struct slice out = SLICE_NONE;
        bool ate = eat(&c, &out);
        CHECK_CASE(ate == (cases[i].eaten != NULL), cases[i].text);
        if (ate)
            CHECK_SLICE(out, cases[i].eaten);
        CHECK_SLICE(slice_between(c.at, c.end), cases[i].rest);
    }
}

static bool eat_a_token(struct cursor *c, struct slice *out)
{
    return eat_token(c, out);
}

static void a_token_ends_at_a_separator(void **state)
{
    static const struct eat_case cases[] = {
        {"z9hG4bK-1.x;",  "z9hG4bK-1.x",  ";"       },
        {"!%*_+`'~(",     "!%*_+`'~",     "("       },
        {"RE%47IST%45R ", "RE%47IST%45R", " "       },
        {"",              NULL,           ""        },
        {"\"x\"",         NULL,           "\"x\""   },
        {"\xc3\xa4",      NULL,           "\xc3\xa4"},
    };

    (void)state;
    check_eating(eat_a_token, cases, ARRAY_LEN(cases));
}

static void a_quoted_string_ends_at_a_quote_that_is_not_escaped(void **state)
{
    static const struct eat_case cases[] = {
        {"\"a b\"c",         "a b",        "c"            },
        {"  \"\"",           "",           ""             },
        {"\"J \\\\\\\"\" <", "J \\\\\\\"", " <"           },
        {"\"a\r\n b\"",      "a\r\n b",    ""             },
        {"\"\xc3\xa4\"",     "\xc3\xa4",   ""             },
        {"\"open",           NULL,         "\"open"       },
        {"\"open\\\"",       NULL,         "\"open\\\""   },
        {"\"a\r\nb\"",       NULL,         "\"a\r\nb\""   },
        {"\"a\\\r\n b\"",    NULL,         "\"a\\\r\n b\""},
        {"\"\x01\"",         NULL,         "\"\x01\""     },
        {"none",             NULL,         "none"         },
    };

    (void)state;
    check_eating(eat_quoted, cases, ARRAY_LEN(cases));
}

static void a_nul_in_a_quoted_string_ends_nothing(void **state)
{
    struct cursor c = cursor_over(SLICE("\"a\\\0b\"x"));
    struct slice out;

    (void)state;
    assert_true(eat_quoted(&c, &out));
    assert_int_equal(out.len, 4);
    assert_int_equal(*c.at, 'x');
}

static void a_host_is_a_name_or_an_address(void **state)
{
    static const struct eat_case cases[] = {
        {"example.com;",          "example.com",           ";"            },
        {"a-b.c:",                "a-b.c",                 ":"            },
        {"example.com.",          "example.com.",          ""             },
        {"xn--bcher-kva.example", "xn--bcher-kva.example", ""             },
        {"call_center.lan",       "call_center.lan",       ""             },
        {"192.0.2.1",             "192.0.2.1",             ""             },
        {"[2001:db8::9:1]:5060",  "2001:db8::9:1",         ":5060"        },
        {"",                      NULL,                    ""             },
        {"-a",                    NULL,                    "-a"           },
        {"a-",                    NULL,                    "a-"           },
        {"a-.b",                  NULL,                    "a-.b"         },
        {"a..b",                  NULL,                    "a..b"         },
        {".",                     NULL,                    "."            },
        {"[2001:db8::1",          NULL,                    "[2001:db8::1" },
        {"[example.com]",         NULL,                    "[example.com]"},
    };

    (void)state;
    check_eating(eat_host, cases, ARRAY_LEN(cases));
}

static void an_ipv6_address_has_eight_groups_or_a_gap(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"::",                    true },
        {"::1",                   true },
        {"2001:db8::",            true },
        {"1:2:3:4:5:6:7:8",       true },
        {"1:2:3:4:5:6:192.0.2.1", true },
        {"::ffff:192.0.2.1",      true },
        {"2001:db8::192.0.2.1",   true },
        {"2001:db8:::192.0.2.1",  true }, /* RFC 5118 4.10 */
        {"1::3:4:5:6:7:8",        true },
        {"",                      false},
        {":",                     false},
        {":::",                   false},
        {"1:2:3:4:5:6:7",         false},
        {"1:2:3:4:5:6:7:8:9",     false},
        {"1:2:3:4::5:6:7:8",      false},
        {"1::2::3",               false},
        {"12345::",               false},
        {"1:2:3:4:5:6:7:",        false},
        {":1:2:3:4:5:6:7",        false},
        {"192.0.2.1",             false},
        {"192.0.2.1::",           false},
        {"::256.0.2.1",           false},
        {"::1.2.3",               false},
        {"2001:db8:::1",          false},
        {"::g",                   false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(sip_is_ipv6(slice_of(cases[i].text)) == cases[i].valid, cases[i].text);
}

static void a_port_has_16_bits_and_is_not_zero(void **state)
{
    static const struct {
        const char *text;
        uint16_t port; /* 0: none */
    } cases[] = {
        {"5060",        5060 },
        {"0005060;",    5060 },
        {"65535",       65535},
        {"65536",       0    },
        {"4294967297",  0    },
        {"0",           0    },
        {"",            0    },
        {"-1",          0    },
        {"99999999999", 0    },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cursor c = cursor_over(slice_of(cases[i].text));
        uint16_t port = 0;
        CHECK_CASE(eat_port(&c, &port) == (cases[i].port != 0), cases[i].text);
        assert_int_equal(port, cases[i].port);
    }
}

static bool eat_user(struct cursor *c, struct slice *out)
{
    return eat_escaped(c, CHAR_USER, out);
}

static void an_escape_is_a_percent_sign_and_two_digits(void **state)
{
    static const struct eat_case cases[] = {
        {"user;par=u%40example.net@", "user;par=u%40example.net", "@"  },
        {"null-%00-null@",            "null-%00-null",            "@"  },
        {"a%4",                       "a",                        "%4" },
        {"%4g",                       NULL,                       "%4g"},
        {"",                          NULL,                       ""   },
    };

    (void)state;
    check_eating(eat_user, cases, ARRAY_LEN(cases));
}

static bool eat_any_comment(struct cursor *c, struct slice *out)
{
    const char *start = c->at;
    bool ate = eat_comment(c);

    *out = eaten_since(c, start);
    return ate;
}

static void a_comment_holds_comments(void **state)
{
    static const struct eat_case cases[] = {
        {"(in a meeting);x", "(in a meeting)", ";x"    },
        {"(a (b) \\) c) d",  "(a (b) \\) c) ", "d"     },
        {"()",               "()",             ""      },
        {"(a (b)",           NULL,             "(a (b)"},
        {"a",                NULL,             "a"     },
    };

    (void)state;
    check_eating(eat_any_comment, cases, ARRAY_LEN(cases));
}

static void a_mark_takes_space_and_folds_around_it(void **state)
{
    static const struct {
        const char *text;
        bool eaten;
        const char *rest;
    } cases[] = {
        {"=x",         true,  "x"    },
        {" \t=\r\n x", true,  "x"    },
        {"\n = \n\tx", true,  "x"    },
        {" x",         false, " x"   },
        {"\r\n=",      false, "\r\n="},
        {"=\r\nx",     true,  "\r\nx"},
        {"",           false, ""     },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cursor c = cursor_over(slice_of(cases[i].text));
        CHECK_CASE(eat_mark(&c, '=') == cases[i].eaten, cases[i].text);
        CHECK_SLICE(slice_between(c.at, c.end), cases[i].rest);
    }
}

static void a_word_is_a_whole_token_whatever_its_case(void **state)
{
    struct cursor whole = cursor_over(SLICE("sip/"));
    struct cursor longer = cursor_over(SLICE("sips/"));

    (void)state;
    assert_true(eat_word(&whole, SLICE("SIP")));
    assert_int_equal(*whole.at, '/');
    assert_false(eat_word(&longer, SLICE("SIP")));
    assert_int_equal(*longer.at, 's');
}

CHECK_MAIN(CHECK_TEST(a_token_ends_at_a_separator),
           CHECK_TEST(a_quoted_string_ends_at_a_quote_that_is_not_escaped),
           CHECK_TEST(a_nul_in_a_quoted_string_ends_nothing),
           CHECK_TEST(a_host_is_a_name_or_an_address),
           CHECK_TEST(an_ipv6_address_has_eight_groups_or_a_gap),
           CHECK_TEST(a_port_has_16_bits_and_is_not_zero),
           CHECK_TEST(an_escape_is_a_percent_sign_and_two_digits),
           CHECK_TEST(a_comment_holds_comments), CHECK_TEST(a_mark_takes_space_and_folds_around_it),
           CHECK_TEST(a_word_is_a_whole_token_whatever_its_case))
