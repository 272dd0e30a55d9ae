/* Reason phrases. */
#include "check.h"

#include "sip/status.h"

static void a_code_has_the_phrase_of_its_rfc(void **state)
{
    static const struct {
        int status;
        const char *phrase;
    } cases[] = {
        {100, "Trying"                         },
        {200, "OK"                             },
        {420, "Bad Extension"                  },
        {433, "Anonymity Disallowed"           },
        {440, "Max-Breadth Exceeded"           },
        {481, "Call/Transaction Does Not Exist"},
        {494, "Security Agreement Required"    },
        {505, "Version Not Supported"          },
        {580, "Precondition Failure"           },
        {604, "Does Not Exist Anywhere"        },
        {608, "Rejected"                       },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_SLICE(sip_reason_phrase(cases[i].status), cases[i].phrase);
}

static void a_code_without_a_phrase_is_called_unknown(void **state)
{
    (void)state;
    CHECK_SLICE(sip_reason_phrase(299), "Unknown");
    CHECK_SLICE(sip_reason_phrase(-1), "Unknown");
    CHECK_SLICE(sip_reason_phrase(70000), "Unknown");
}

CHECK_MAIN(CHECK_TEST(a_code_has_the_phrase_of_its_rfc),
           CHECK_TEST(a_code_without_a_phrase_is_called_unknown))
