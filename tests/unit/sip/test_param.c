/* Parameters behind a value: eaten as one slice, found by name. */
#include "check.h"

#include "sip/param.h"

static void accepts_what_the_grammar_accepts(void **state)
{
    static const struct {
        const char *text;
        const char *params; /* NULL: malformed */
        const char *rest;
        const char *label;
    } cases[] = {
        {"",                        "",                        "",       "there may be none"                    },
        {"x",                       "",                        "x",      "what is no parameter stays"           },
        {";a",                      ";a",                      "",       "a name may stand alone"               },
        {";a=1;b",                  ";a=1;b",                  "",       "one after the other"                  },
        {" ; a\r\n = 1 ,",          "; a\r\n = 1",             " ,",     "space and folds around SEMI and EQUAL"},
        {";a=\"x;\\\";y\";b",       ";a=\"x;\\\";y\";b",       "",       "a semicolon in quotes ends nothing"   },
        {";received=2001:db8::9",   ";received=2001:db8::9",   "",       "a bare IPv6 address"                  },
        {";received=[2001:db8::9]", ";received=[2001:db8::9]", "",       "and one in brackets"                  },
        {";a=1, b",                 ";a=1",                    ", b",    "a comma ends it"                      },
        {";a> ",                    ";a",                      "> ",     "a bracket ends it"                    },
        {";",                       NULL,                      ";",      "SEMI promises a parameter"            },
        {";a;",                     NULL,                      ";a;",    "also the second"                      },
        {";;a",                     NULL,                      ";;a",    "also before another"                  },
        {";a=",                     NULL,                      ";a=",    "EQUAL promises a value"               },
        {";a=\"x",                  NULL,                      ";a=\"x", "a quote must be closed"               },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cursor c = cursor_over(slice_of(cases[i].text));
        struct slice params;
        bool ok = eat_params(&c, &params);
        CHECK_CASE(ok == (cases[i].params != NULL), cases[i].label);
        CHECK_SLICE(slice_between(c.at, c.end), cases[i].rest);
        if (ok)
            CHECK_SLICE(params, cases[i].params);
    }
}

static void walks_through_them_in_their_order(void **state)
{
    struct slice rest = SLICE("; tag = x1 ;lr;text=\"a;b\"");
    struct sip_param param;

    (void)state;
    assert_true(sip_param_next(&rest, &param));
    CHECK_SLICE(param.name, "tag");
    CHECK_SLICE(param.value, "x1");
    assert_true(sip_param_next(&rest, &param));
    CHECK_SLICE(param.name, "lr");
    assert_null(param.value.ptr);
    assert_true(sip_param_next(&rest, &param));
    CHECK_SLICE(param.name, "text");
    CHECK_SLICE(param.value, "\"a;b\"");
    assert_false(sip_param_next(&rest, &param));
}

static void finds_the_first_of_a_name_whatever_its_case(void **state)
{
    struct slice params = SLICE(";tags=0;x=\"tag=9\";TAG=1;tag=2");
    struct sip_param param;

    (void)state;
    assert_true(sip_param_find(params, SLICE("tag"), &param));
    CHECK_SLICE(param.value, "1");
    assert_false(sip_param_find(params, SLICE("ta"), &param));
    assert_false(sip_param_find(SLICE_NONE, SLICE("tag"), &param));
}

CHECK_MAIN(CHECK_TEST(accepts_what_the_grammar_accepts),
           CHECK_TEST(walks_through_them_in_their_order),
           CHECK_TEST(finds_the_first_of_a_name_whatever_its_case))
