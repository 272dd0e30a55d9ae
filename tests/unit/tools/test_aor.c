#include "tools/aor.h"

#include "check.h"

static void users_are_named_as_the_store_keeps_them(void **state)
{
    static const struct {
        const char *text;
        const char *aor; /* NULL: it is none */
    } cases[] = {
        {"alice@example.org",                        "alice@example.org"},
        {"Alice@Example.ORG",                        "Alice@example.org"},
        {"sip:alice@example.org",                    "alice@example.org"},
        {"sip:alice@example.org:5070;transport=tcp", "alice@example.org"},
        {"sips:alice@example.org",                   "alice@example.org"},
        {"%61lice@example.org",                      "alice@example.org"},
        {"+49151@192.0.2.1",                         "+49151@192.0.2.1" },
        {"sip@example.org",                          "sip@example.org"  },
        {"",                                         NULL               },
        {"alice",                                    NULL               },
        {"example.org",                              NULL               },
        {"sip:example.org",                          NULL               },
        {"@example.org",                             NULL               },
        {"alice@",                                   NULL               },
        {"alice@exa mple.org",                       NULL               },
        {"alice@example.org, bob@example.org",       NULL               },
        {"tel:+49151",                               NULL               },
        {"mailto:alice@example.org",                 NULL               },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[256];
        struct buffer fault = buffer_over(text, sizeof(text));
        struct aor aor = {.len = 0};
        bool ok = aor_read(slice_of(cases[i].text), &aor, &fault);
        CHECK_CASE(ok == (cases[i].aor != NULL), cases[i].text);
        CHECK_SLICE(aor_slice(&aor), ok ? cases[i].aor : "");
        assert_int_equal(fault.len == 0, ok);
    }
}

static void names_too_long_are_refused(void **state)
{
    char name[2000], text[256];
    struct aor aor;

    (void)state;
    memset(name, 'a', sizeof(name));
    for (size_t len = USER_MAX_NAME - 4; len <= sizeof(name); len += 1) {
        struct buffer fault = buffer_over(text, sizeof(text));
        memcpy(name + len - 4, "@b.c", 4);
        assert_int_equal(aor_read((struct slice){name, len}, &aor, &fault), len <= USER_MAX_NAME);
        memset(name + len - 4, 'a', 4);
    }
}

CHECK_MAIN(CHECK_TEST(users_are_named_as_the_store_keeps_them),
           CHECK_TEST(names_too_long_are_refused))
