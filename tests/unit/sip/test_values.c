/* Values of one grammar each: what they say, and where numbers end. */
#include "check.h"

#include "base/buffer.h"
#include "sip/values.h"

static void a_cseq_is_a_number_below_2_to_the_31_and_a_method(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        uint32_t number;
        const char *method;
    } cases[] = {
        {"4711 INVITE",                   true,  4711,       "INVITE"   },
        {"0009\r\n  INVITE",              true,  9,          "INVITE"   },
        {"2147483647 NEWMETHOD",          true,  2147483647, "NEWMETHOD"},
        {"2147483648 INVITE",             false, 0,          ""         },
        {"36893488147419103232 REGISTER", false, 0,          ""         },
        {"1INVITE",                       false, 0,          ""         },
        {"1 ",                            false, 0,          ""         },
        {"INVITE",                        false, 0,          ""         },
        {"-1 INVITE",                     false, 0,          ""         },
        {"1 INVITE 2",                    false, 0,          ""         },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_cseq cseq = {0, SLICE("")};
        CHECK_CASE(sip_cseq_parse(slice_of(cases[i].text), &cseq) == cases[i].valid, cases[i].text);
        CHECK_CASE(cseq.number == cases[i].number, cases[i].text);
        CHECK_SLICE(cseq.method, cases[i].method);
    }
}

static void a_rack_names_a_response_and_a_cseq(void **state)
{
    struct sip_rack rack;

    (void)state;
    assert_true(sip_rack_parse(SLICE("776656 1 INVITE"), &rack));
    assert_int_equal(rack.response_number, 776656);
    assert_int_equal(rack.cseq.number, 1);
    CHECK_SLICE(rack.cseq.method, "INVITE");
    assert_false(sip_rack_parse(SLICE("4294967296 1 INVITE"), &rack));
}

static void a_call_id_is_one_word_or_two_around_an_at_sign(void **state)
{
    (void)state;
    assert_true(sip_call_id_is_valid(SLICE("a84b4c76e66710@pc33.atlanta.com")));
    assert_true(sip_call_id_is_valid(SLICE("()<>:\\\"/[]?{}")));
    assert_false(sip_call_id_is_valid(SLICE("a@")));
    assert_false(sip_call_id_is_valid(SLICE("@b")));
    assert_false(sip_call_id_is_valid(SLICE("a@b@c")));
    assert_false(sip_call_id_is_valid(SLICE("a b")));
    assert_false(sip_call_id_is_valid(SLICE("")));
    assert_false(sip_call_id_is_valid(SLICE("a\0b")));
}

static void seconds_have_32_bits(void **state)
{
    uint32_t seconds = 7;

    (void)state;
    assert_true(sip_seconds_parse(SLICE("4294967295"), &seconds));
    assert_int_equal(seconds, UINT32_MAX);
    assert_false(sip_seconds_parse(SLICE("4294967296"), &seconds));
    assert_false(sip_seconds_parse(SLICE(""), &seconds));
    assert_int_equal(seconds, UINT32_MAX);
}

static void a_word_may_have_parameters(void **state)
{
    struct sip_word_params found;

    (void)state;
    assert_true(sip_token_params_parse(SLICE("presence ; id=1"), &found));
    CHECK_SLICE(found.word, "presence");
    CHECK_SLICE(found.params, "; id=1");
    assert_true(sip_replaces_parse(SLICE("98asjd8@a;from-tag=1;to-tag=2"), &found));
    CHECK_SLICE(found.word, "98asjd8@a");
    CHECK_SLICE(found.params, ";from-tag=1;to-tag=2");
    assert_true(sip_seconds_params_parse(SLICE("18000;duration=3600"), &found));
    CHECK_SLICE(found.word, "18000");
    CHECK_SLICE(found.params, ";duration=3600");
    assert_true(sip_seconds_params_parse(SLICE("120 (I'm (not) here)"), &found));
    CHECK_SLICE(found.word, "120");
    assert_int_equal(found.params.len, 0);
    assert_false(sip_seconds_params_parse(SLICE("(120)"), &found));
}

static void a_media_type_has_two_tokens_and_perhaps_parameters(void **state)
{
    struct sip_media_type type;

    (void)state;
    assert_true(sip_media_type_parse(SLICE("multipart / mixed;boundary=\"a;b\""), &type));
    CHECK_SLICE(type.type, "multipart");
    CHECK_SLICE(type.subtype, "mixed");
    CHECK_SLICE(type.params, ";boundary=\"a;b\"");
    assert_true(sip_media_type_parse(SLICE("*/*"), &type));
    assert_false(sip_media_type_parse(SLICE("/sdp"), &type));
    assert_false(sip_media_type_parse(SLICE("application/sdp;"), &type));
}

static void an_info_is_a_uri_in_brackets(void **state)
{
    struct sip_info info;

    (void)state;
    assert_true(sip_info_parse(SLICE("<http://a.example/x;y?z,1> ;purpose=icon"), &info));
    CHECK_SLICE(info.uri, "http://a.example/x;y?z,1");
    CHECK_SLICE(info.params, ";purpose=icon");
    assert_false(sip_info_parse(SLICE("<no scheme>"), &info));
}

static void a_warning_has_three_digits_an_agent_and_a_text(void **state)
{
    struct sip_warning warning;

    (void)state;
    assert_true(
        sip_warning_parse(SLICE("301 [2001:db8::1]:5060 \"Incompatible \\\"x\\\"\""), &warning));
    assert_int_equal(warning.code, 301);
    CHECK_SLICE(warning.agent, "[2001:db8::1]:5060");
    CHECK_SLICE(warning.text, "Incompatible \\\"x\\\"");
    assert_false(sip_warning_parse(SLICE("30 a \"x\""), &warning));
    assert_false(sip_warning_parse(SLICE("1812 overture \"In Progress\""), &warning));
}

static void a_date_is_of_rfc_1123_and_gmt(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        int64_t seconds;
    } cases[] = {
        {"Thu, 01 Jan 1970 00:00:00 GMT",      true,  0           },
        {"Sat, 13 Nov 2010 23:29:00 GMT",      true,  1289690940  },
        {"Thu, 29 Feb 2024 23:59:59 GMT",      true,  1709251199  },
        {"Tue, 01 Mar 2100 00:00:00 GMT",      true,  4107542400  },
        {"Wed, 31 Dec 1969 23:59:59 GMT",      true,  -1          },
        {"Fri, 31 Dec 9999 23:59:59 GMT",      true,  253402300799},
        {"Fri, 01 Jan 2010 16:00:00 EST",      false, 0           }, /* RFC 4475 3.1.2.12 */
        {"Thu, 29 Feb 2023 00:00:00 GMT",      false, 0           },
        {"Sat, 32 Nov 2010 23:29:00 GMT",      false, 0           },
        {"Sat, 13 Nov 2010 24:00:00 GMT",      false, 0           },
        {"Sat, 13 Nov 10 23:29:00 GMT",        false, 0           },
        {"Sat, 13 Foo 2010 23:29:00 GMT",      false, 0           },
        {"Saturday, 13 Nov 2010 23:29:00 GMT", false, 0           },
        {"",                                   false, 0           },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t seconds = 0;
        CHECK_CASE(sip_date_parse(slice_of(cases[i].text), &seconds) == cases[i].valid,
                   cases[i].text);
        CHECK_CASE(seconds == cases[i].seconds, cases[i].text);
    }
}

static void a_timestamp_has_a_delay_or_none(void **state)
{
    struct sip_timestamp timestamp;

    (void)state;
    assert_true(sip_timestamp_parse(SLICE("54"), &timestamp));
    assert_int_equal(timestamp.sent_ms, 54000);
    assert_int_equal(timestamp.delay_ms, 0);
    assert_true(sip_timestamp_parse(SLICE("1.0456 .5"), &timestamp));
    assert_int_equal(timestamp.sent_ms, 1045);
    assert_int_equal(timestamp.delay_ms, 500);
    assert_false(sip_timestamp_parse(SLICE("18446744073709551615"), &timestamp));
    assert_false(sip_timestamp_parse(SLICE("x"), &timestamp));
}

static void escapes_of_a_quoted_string_are_resolved_once(void **state)
{
    char text[64];
    struct buffer out = buffer_over(text, sizeof(text));

    (void)state;
    sip_unquote(SLICE("J Rosenberg \\\\\\\""), &out);
    CHECK_SLICE(buffer_slice(&out), "J Rosenberg \\\"");
}

CHECK_MAIN(CHECK_TEST(a_cseq_is_a_number_below_2_to_the_31_and_a_method),
           CHECK_TEST(a_rack_names_a_response_and_a_cseq),
           CHECK_TEST(a_call_id_is_one_word_or_two_around_an_at_sign),
           CHECK_TEST(seconds_have_32_bits), CHECK_TEST(a_word_may_have_parameters),
           CHECK_TEST(a_media_type_has_two_tokens_and_perhaps_parameters),
           CHECK_TEST(an_info_is_a_uri_in_brackets),
           CHECK_TEST(a_warning_has_three_digits_an_agent_and_a_text),
           CHECK_TEST(a_date_is_of_rfc_1123_and_gmt), CHECK_TEST(a_timestamp_has_a_delay_or_none),
           CHECK_TEST(escapes_of_a_quoted_string_are_resolved_once))
