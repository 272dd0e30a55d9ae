/* What uacme 1.7 prints, and what is said to be done about it. */
#include "server/acme_advice.h"

#include "check.h"

#define PROBLEM(type, detail)                                                                      \
    "uacme: challenge https://ca.example/1 failed with status invalid\n"                           \
    "uacme: the server reported the following error:\n{\n"                                         \
    "    \"type\": \"urn:ietf:params:acme:error:" type "\",\n    \"detail\": \"" detail "\",\n"    \
    "    \"status\": 400\n}\nuacme: failed to authorize order at https://ca.example/2\n"

static void says_why_and_what_to_do(void **state)
{
    static const struct {
        const char *said;
        const char *reason;
        const char *advice; /* a part of it */
    } cases[] = {
        {PROBLEM("connection",                                                                      "Connection refused"),                                                                       "Connection refused",                                                                      "port 80 be open"},
        {PROBLEM("connection",                                                                                         "could not resolve URL"),                                                                                                                                                                 "could not resolve URL",                                                                                                                                          "found in DNS"},
        {PROBLEM("dns",                                                                           "NXDOMAIN looking up A"),                                                                                                                                                                      "NXDOMAIN looking up A",                                                                                                          "A and AAAA records"},
        {PROBLEM("unauthorized",                                                                  "got \\\"x\\\""),"got 'x'","another server answered"},
        {PROBLEM("caa",        "c"),                                                                                                                       "c",                                                                                                                                                                                                                                    "CAA record"},
        {PROBLEM("rateLimited",                                                                             "too many"),                                                                                                                                                             "too many",                                                                                                                             "wait"},
        {PROBLEM("serverInternal",                                                                                         "d"),                                                                                                                                                                "d",                                                                                                                                                                  "wait"},
        {PROBLEM("new",                                                                                   "e"),                                                                                                                                                                              "e",                                                                                                                    "wait"},
        {"uacme: curl_get: GET https://ca.example/dir failed: Couldn't connect to server\n"
         "uacme: acme_get: curl_get failed\nuacme: failed to fetch directory at "
         "https://ca.example/dir\n",                                                                                      "uacme: failed to fetch directory at https://ca.example/dir",
         "acme_directory cannot be reached"},
        {"uacme: curl_get: GET https://ca.example/dir failed: SSL peer certificate or SSH remote "
         "key "
         "was not OK\nuacme: acme_get: curl_get failed\nuacme: failed to fetch directory",   "uacme: failed to fetch directory","ca-certificates"},
        {"",                                                       "", "wait"                                                                                                                                                                                                                                               },
        {"\"detail\": \"", "",                                                        "wait"                                                                                                                                                                                                                  },
        {"\"detail\": \"half\\",                                                                                        "half\\",                                                                                                                           "wait"                                                                                                                                                                                                             },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[256];
        struct buffer room = buffer_over(text, sizeof(text));
        struct acme_verdict verdict = acme_judge(slice_of(cases[i].said), &room);
        CHECK_CASE(slice_equal(verdict.reason, slice_of(cases[i].reason)), cases[i].said);
        CHECK_CASE(strstr(verdict.advice, cases[i].advice) != NULL, cases[i].said);
    }
}

static void knows_when_it_was_asked_too_often(void **state)
{
    char text[256];
    struct buffer room = buffer_over(text, sizeof(text));

    (void)state;
    assert_true(acme_judge(slice_of(PROBLEM("rateLimited", "x")), &room).asked_too_often);
    assert_false(acme_judge(slice_of(PROBLEM("dns", "rateLimited")), &room).asked_too_often);
}

CHECK_MAIN(CHECK_TEST(says_why_and_what_to_do), CHECK_TEST(knows_when_it_was_asked_too_often))
