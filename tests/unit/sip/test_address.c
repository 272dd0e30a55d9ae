/* From, To, Contact and their like: RFC 3261 20.10, and what RFC 4475 does to them. */
#include "check.h"

#include "sip/address.h"

static void finds_the_parts_of_an_address(void **state)
{
    static const struct {
        const char *value;
        const char *display, *uri, *params;
        bool has_brackets;
    } cases[] = {
        {"\"Mr. Watson\" <sip:watson@worcester.bell-telephone.com>\r\n ;q=0.7; expires=3600",
         "\"Mr. Watson\"",                                                                                      "sip:watson@worcester.bell-telephone.com", ";q=0.7; expires=3600", true },
        {"<sips:bob@192.0.2.4>;expires=60",                                                   "",               "sips:bob@192.0.2.4",                      ";expires=60",          true },
        {"sip:bob@biloxi.com;tag=1",                                                          "",               "sip:bob@biloxi.com",                      ";tag=1",               false},
        {"sip:bob@biloxi.com ; tag = 1",                                                      "",               "sip:bob@biloxi.com",                      "; tag = 1",            false},
        {"sip:bob@biloxi.com",                                                                "",               "sip:bob@biloxi.com",                      "",                     false},
        {"Bob  B.\t<sip:bob@b;lr?x=y>",                                                       "Bob  B.",        "sip:bob@b;lr?x=y",                        "",                     true },
        {"caller<sip:caller@example.com>;tag=323",                                            "caller",         "sip:caller@example.com",                  ";tag=323",
         true                                                                                                                                                                           }, /* RFC 4475 3.1.1.6 */
        {"\"\"<sip:b>",                                                                       "\"\"",           "sip:b",                                   "",                     true },
        {"\"a \\\" < b\"<sip:b>",                                                             "\"a \\\" < b\"", "sip:b",                                   "",                     true },
        {"  <sip:b>  ",                                                                       "",               "sip:b",                                   "",                     true },
        {"* <sip:b>",                                                                         "*",              "sip:b",                                   "",                     true },
        {"sip <sip:b>",                                                                       "sip",            "sip:b",                                   "",                     true },
        {"token1~` token2'+_ token3*%!.- <sip:mundane@example.com>",
         "token1~` token2'+_ token3*%!.-",                                                                      "sip:mundane@example.com",                 "",                     true },
        {"isbn:2983792873",                                                                   "",               "isbn:2983792873",                         "",                     false}, /* RFC 4475 3.3.4 */
        {"<http://www.example.com>;tag=3234233",                                              "",               "http://www.example.com",                  ";tag=3234233",
         true                                                                                                                                                                           },
        {"<mailto:a@b?subject=c,d>",                                                          "",               "mailto:a@b?subject=c,d",                  "",                     true },
        {"<tel:447813812431>;tag=t4BA6CFEC",                                                  "",               "tel:447813812431",                        ";tag=t4BA6CFEC",       true },
        {"tel:+1-201;tag=a",                                                                  "",               "tel:+1-201",                              ";tag=a",               false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_address address = {0};
        CHECK_CASE(sip_address_parse(slice_of(cases[i].value), &address), cases[i].value);
        CHECK_SLICE(address.display, cases[i].display);
        CHECK_SLICE(address.uri, cases[i].uri);
        CHECK_SLICE(address.params, cases[i].params);
        CHECK_CASE(address.has_brackets == cases[i].has_brackets, cases[i].value);
    }
}

static void refuses_what_the_grammar_refuses(void **state)
{
    static const struct {
        const char *value;
        const char *label;
    } cases[] = {
        {"",                                                     "nothing"                             },
        {"*",                                                    "a star is a Contact, not an address" },
        {"<>",                                                   "no URI"                              },
        {"<sip:b",                                               "no closing bracket"                  },
        {"sip:b>",                                               "no opening bracket"                  },
        {"<<sip:b>>",                                            "brackets within brackets"            },
        {"<sip:b> x",                                            "something behind"                    },
        {"<sip:b>;",                                             "a semicolon promises a parameter"    },
        {"<sip:b>,<sip:c>",                                      "one value only"                      },
        {"<sip:b>;tag=\"a\r\n b\"",                              "a tag is a token"                    },
        {"\"a\" b <sip:b>",                                      "a quoted string or tokens"           },
        {"\"Mr. J. User <sip:j.user@example.com>",               "RFC 4475 3.1.2.6: unbalanced quotes" },
        {"sip:user@example.com?Route=%3Csip:sip.example.com%3E", "RFC 4475 3.1.2.13: bare headers"     },
        {"sip:a,b@c",                                            "nor a bare comma"                    },
        {"sip:a?b@c;tag=1",                                      "nor a question mark in a user"       },
        {"\"Watson, Thomas\" < sip:t.watson@example.org >",      "RFC 4475 3.1.2.14: space in brackets"},
        {"Bell, Alexander <sip:a.g.bell@example.com>",           "RFC 4475 3.1.2.15: a comma in tokens"},
        {"a@b <sip:c>",                                          "an @ in tokens"                      },
        {"\303\244 <sip:c>",                                     "UTF-8 wants quotes"                  },
        {"poo <bear@iptel.org>",                                 "no scheme"                           },
        {"bear@iptel.org",                                       "nor here"                            },
        {"<sip:a@b:99999>",                                      "a sip URI that is none"              },
        {"<sips:a@b..c>",                                        "nor this"                            },
        {"<tel:>",                                               "an empty tel URI"                    },
        {"<tel:+1 201>",                                         "a space in it"                       },
        {"<urn:a\tb>",                                           "a control character"                 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_address address = {.has_brackets = true};
        CHECK_CASE(!sip_address_parse(slice_of(cases[i].value), &address), cases[i].label);
        CHECK_CASE(address.has_brackets && address.uri.ptr == NULL, cases[i].label);
    }
}

static void parameters_of_a_bare_uri_belong_to_the_header(void **state)
{
    struct sip_address address;
    struct slice value;

    (void)state;
    assert_true(sip_address_parse(SLICE("sip:a@b;unknownparam;tag=x"), &address));
    CHECK_SLICE(address.uri, "sip:a@b"); /* RFC 4475 3.3.12 */
    assert_true(sip_address_param(&address, SLICE("UnknownParam"), &value));
    assert_null(value.ptr);
    assert_true(sip_address_parse(SLICE("<sip:a@b;unknownparam>;tag=x"), &address));
    CHECK_SLICE(address.uri, "sip:a@b;unknownparam"); /* RFC 4475 3.3.13 */
    assert_false(sip_address_param(&address, SLICE("unknownparam"), &value));
}

static void finds_the_tag(void **state)
{
    struct sip_address address;

    (void)state;
    assert_true(sip_address_parse(SLICE("<sip:b>;x=\";tag=no\";TAG=yes;tag=later"), &address));
    CHECK_SLICE(address.tag, "yes");
    assert_true(sip_address_parse(SLICE("<sip:b;tag=no>"), &address));
    assert_int_equal(address.tag.len, 0);
}

static void qvalues_are_exact(void **state)
{
    static const struct {
        const char *text;
        int thousandths; /* -1: malformed */
    } cases[] = {
        {"0",       0   },
        {"1",       1000},
        {"0.",      0   },
        {"1.",      1000},
        {"0.5",     500 },
        {"0.33",    330 },
        {"0.001",   1   },
        {"0.999",   999 },
        {"1.0",     1000},
        {"1.000",   1000},
        {"0.000",   0   },
        {"",        -1  },
        {".5",      -1  },
        {"00.5",    -1  },
        {"1.001",   -1  },
        {"1.0000",  -1  },
        {"0.1234",  -1  },
        {"2",       -1  },
        {"0,5",     -1  },
        {"-0.5",    -1  },
        {"0.5 ",    -1  },
        {"0.-5",    -1  },
        {"01",      -1  },
        {"a",       -1  },
        {"\"0.5\"", -1  },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint16_t q = 4711;
        bool ok = sip_qvalue_parse(slice_of(cases[i].text), &q);
        CHECK_CASE(ok == (cases[i].thousandths >= 0), cases[i].text);
        CHECK_CASE(q == (ok ? cases[i].thousandths : 4711), cases[i].text);
    }
}

static void reads_the_parameters_of_a_contact(void **state)
{
    static const struct {
        const char *value;
        int q;           /* -1: none */
        int64_t expires; /* -1: none */
        const char *label;
    } cases[] = {
        {"<sip:b>",                                           -1,   -1,         "neither"                    },
        {"<sip:b>;q=0.7;expires=60",                          700,  60,         "both"                       },
        {"<sip:b>;Expires=0;Q=1",                             1000, 0,          "in capitals"                },
        {"<sip:b;q=0.5;expires=1>",                           -1,   -1,         "those of the URI are others"},
        {"<sip:b>;expires=4294967295",                        -1,   4294967295, "the largest"                },
        {"<sip:b>;expires=4294967296",                        -1,   3600,       "too large"                  },
        {"<sip:b>;expires=99999999999999999999999",           -1,   3600,       "much too large"             },
        {"<sip:b>;expires=-1",                                -1,   3600,       "no number"                  },
        {"<sip:b>;expires=\"Thu, 01 Dec 1994 16:00:00 GMT\"", -1,   3600,       "RFC 2543: a date"           },
        {"<sip:b>;expires",                                   -1,   3600,       "without a value"            },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_contact contact;
        CHECK_CASE(sip_contact_parse(slice_of(cases[i].value), &contact), cases[i].label);
        CHECK_CASE(!contact.is_star, cases[i].label);
        CHECK_CASE(contact.has_q == (cases[i].q >= 0), cases[i].label);
        CHECK_CASE(contact.has_expires == (cases[i].expires >= 0), cases[i].label);
        if (contact.has_q)
            CHECK_CASE(contact.q_thousandths == cases[i].q, cases[i].label);
        if (contact.has_expires)
            CHECK_CASE(contact.expires_s == cases[i].expires, cases[i].label);
    }
}

static void a_star_is_a_contact(void **state)
{
    struct sip_contact contact;

    (void)state;
    assert_true(sip_contact_parse(SLICE(" * "), &contact));
    assert_true(contact.is_star);
    assert_false(sip_contact_parse(SLICE("**"), &contact));
    assert_false(sip_contact_parse(SLICE("*;expires=0"), &contact));
    assert_false(sip_contact_parse(SLICE("*,<sip:b>"), &contact));
    assert_false(sip_contact_parse(SLICE("<sip:b>;q=2"), &contact));
}

/* Whatever an earlier message left there. */
static void a_contact_read_in_place_is_the_one_that_is_parsed(void **state)
{
    static const char *const values[] = {"<sip:a@b:5070;lr>;q=0.5;expires=7;tag=t",
                                         "*",
                                         "sip:c@d",
                                         "\"E\" <tel:12>;q=0.25",
                                         "*",
                                         "<sip:[::1]>;expires=x"};
    struct sip_contact in_place, parsed;

    (void)state;
    memset(&in_place, 0xa5, sizeof(in_place));
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        CHECK_CASE(sip_contact_read(slice_of(values[i]), &in_place), values[i]);
        CHECK_CASE(sip_contact_parse(slice_of(values[i]), &parsed), values[i]);
        CHECK_CASE(in_place.is_star == parsed.is_star, values[i]);
        CHECK_CASE(in_place.has_q == parsed.has_q, values[i]);
        CHECK_CASE(!parsed.has_q || in_place.q_thousandths == parsed.q_thousandths, values[i]);
        CHECK_CASE(in_place.has_expires == parsed.has_expires, values[i]);
        CHECK_CASE(!parsed.has_expires || in_place.expires_s == parsed.expires_s, values[i]);
        CHECK_CASE(in_place.address.has_brackets == parsed.address.has_brackets, values[i]);
        CHECK_CASE(slice_equal(in_place.address.display, parsed.address.display), values[i]);
        CHECK_CASE(slice_equal(in_place.address.uri, parsed.address.uri), values[i]);
        CHECK_CASE(slice_equal(in_place.address.parts.host, parsed.address.parts.host), values[i]);
        CHECK_CASE(in_place.address.parts.port == parsed.address.parts.port, values[i]);
        CHECK_CASE(slice_equal(in_place.address.params, parsed.address.params), values[i]);
        CHECK_CASE(slice_equal(in_place.address.tag, parsed.address.tag), values[i]);
    }
}

CHECK_MAIN(CHECK_TEST(finds_the_parts_of_an_address), CHECK_TEST(refuses_what_the_grammar_refuses),
           CHECK_TEST(parameters_of_a_bare_uri_belong_to_the_header), CHECK_TEST(finds_the_tag),
           CHECK_TEST(qvalues_are_exact), CHECK_TEST(reads_the_parameters_of_a_contact),
           CHECK_TEST(a_star_is_a_contact),
           CHECK_TEST(a_contact_read_in_place_is_the_one_that_is_parsed))
