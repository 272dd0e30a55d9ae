#include "base/utf8.h"
#include "check.h"

static void accepts_what_the_grammar_accepts(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        const char *label;
    } cases[] = {
        {"",                           true,  "nothing"                           },
        {"SIP/2.0 200 OK\r\n\r\n",     true,  "ASCII"                             },
        {"Subject: \xC3\xA9t\xC3\xA9", true,  "two bytes"                         },
        {"\xE2\x82\xAC",               true,  "three bytes"                       },
        {"\xF0\x9F\x93\x9E",           true,  "four bytes"                        },
        {"\xF4\x8F\xBF\xBF",           true,  "the last character"                },
        {"12345678\xC3\xA9",           true,  "behind a word of ASCII"            },
        {"\xC3",                       false, "it ends within a character"        },
        {"12345678\xE2\x82",           false, "likewise, of three bytes"          },
        {"\x80",                       false, "a second byte alone"               },
        {"\xC3\xC3",                   false, "a first byte where a second is due"},
        {"\xC0\xAF",                   false, "two bytes for one"                 },
        {"\xE0\x80\xAF",               false, "three bytes for one"               },
        {"\xF0\x80\x80\xAF",           false, "four bytes for one"                },
        {"\xED\xA0\x80",               false, "a surrogate"                       },
        {"\xF4\x90\x80\x80",           false, "behind the last character"         },
        {"\xFF",                       false, "a byte that is never used"         },
        {"\xE2\x82\x41",               false, "ASCII where a third byte is due"   },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(utf8_is_valid(slice_of(cases[i].text)) == cases[i].valid, cases[i].label);
}

CHECK_MAIN(CHECK_TEST(accepts_what_the_grammar_accepts))
