#include "server/comments.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static void comments_become_blanks_and_nothing_else_does(void **state)
{
    static const struct {
        const char *text;
        const char *blanked;
    } cases[] = {
        {"",                     ""                    },
        {"a = 1",                "a = 1"               },
        {"#",                    " "                   },
        {"a # b\nc",             "a    \nc"            },
        {"a#b",                  "a  "                 },
        {"// b\nc",              "    \nc"             },
        {"a /* b\n c */ d",      "a     \n      d"     },
        {"/*/ a */b",            "        b"           },
        {"/* a",                 "    "                },
        {"/",                    "/"                   },
        {"/*",                   "  "                  },
        {"a = \"# b\" # c",      "a = \"# b\"    "     },
        {"a = \"\\\"# b\" # c",  "a = \"\\\"# b\"    " },
        {"a = '// b\\'# c' # d", "a = '// b\\'# c'    "},
        {"a = \"b",              "a = \"b"             },
        {"a = \"b\\",            "a = \"b\\"           },
        {"data = /srv//data",    "data = /srv//data"   },
        {"data = /srv/*/data",   "data = /srv/*/data"  },
        {"a # \"\nb # '\nc",     "a    \nb    \nc"     },
        {"\"a\"//b",             "\"a\"   "            },
        {"{1,/*2*/3}",           "{1,     3}"          },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = strlen(cases[i].text);
        char *text = malloc(len + 1); /* no byte more, so that the sanitizer sees who reads on */
        check_later(free, text);
        CHECK_MADE(text);
        memcpy(text, cases[i].text, len);
        comments_blank(text, len);
        CHECK_SLICE(((struct slice){text, len}), cases[i].blanked);
    }
}

CHECK_MAIN(CHECK_TEST(comments_become_blanks_and_nothing_else_does))
