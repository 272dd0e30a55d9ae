/* What is found without parsing is what the parser finds, or nothing. */
#include "check.h"

#include <stdlib.h>

#include "sip/message.h"
#include "sip/peek.h"

enum { ROUNDS = 20000, MAX_CHANGES = 3 };

#define START "OPTIONS sip:bob@example.com SIP/2.0\r\n"
#define FIRST                                                                                      \
    "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nCSeq: 1 OPTIONS\r\nContact: <sip:a@b>\r\n"
#define LAST                                                                                       \
    "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nX: i:j\r\n\r\ni: "        \
    "body\r\n"

/* In memory of its own, so that the sanitizer sees who looks behind the end. */
static char *copy_of(struct slice text)
{
    char *copy = malloc(text.len);

    CHECK_MADE(copy);
    memcpy(copy, text.ptr, text.len);
    return copy;
}

static void the_usual_spellings_are_found_and_the_others_left_to_the_parser(void **state)
{
    static const struct {
        const char *text;
        const char *call_id; /* NULL: not found */
        const char *label;
    } cases[] = {
        {START FIRST "Call-ID: c@a\r\n" LAST,      "c@a", "as everybody writes it"        },
        {START FIRST "CALL-id:c@a \t\r\n" LAST,    "c@a", "whatever its case, and trimmed"},
        {START FIRST "i: c@a\n" LAST,              "c@a", "compact, and a bare LF"        },
        {START "I:c@a\r\n" FIRST LAST,             "c@a", "first of all"                  },
        {"\r\n" START FIRST "i: c@a\r\n" LAST,     "c@a", "behind one empty line"         },
        {START FIRST "Call-ID : c@a\r\n" LAST,     NULL,  "a space before the colon"      },
        {START FIRST "Call-ID:\r\n c@a\r\n" LAST,  NULL,  "folded"                        },
        {START FIRST "Call-ID: c\r\n\td\r\n" LAST, NULL,  "folded behind its beginning"   },
        {START FIRST "Call-ID:\r\n" LAST,          NULL,  "empty"                         },
        {START FIRST "Call-IDs: c@a\r\n" LAST,     NULL,  "another name"                  },
        {START FIRST " Call-ID: c@a\r\n" LAST,     NULL,  "the rest of the line before"   },
        {START FIRST LAST,                         NULL,  "the body has no header fields" },
        {START FIRST "Call-ID: c@a",               NULL,  "cut short"                     },
        {START "i",                                NULL,  "cut shorter"                   },
        {"",                                       NULL,  "nothing at all"                },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice text = slice_of(cases[i].text), call_id;
        char *copy = copy_of(text);
        bool is_found = sip_peek_call_id((struct slice){copy, text.len}, &call_id);
        CHECK_CASE(is_found == (cases[i].call_id != NULL), cases[i].label);
        if (is_found)
            CHECK_CASE(slice_equal(call_id, slice_of(cases[i].call_id)), cases[i].label);
        free(copy);
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1103515245U + 12345U;
    return *seed >> 16;
}

/* What matters to the finding of lines and names. */
static void change(char *text, size_t len, uint32_t *seed)
{
    static const char bytes[] = "\r\n\n :iCx\t";

    for (uint32_t i = next_random(seed) % (MAX_CHANGES + 1); i > 0; i--)
        text[next_random(seed) % len] = bytes[next_random(seed) % (sizeof(bytes) - 1)];
}

static void in_a_sound_message_it_is_the_call_id_that_the_parser_finds(void **state)
{
    static const char *const texts[] = {
        START FIRST "Call-ID: c@a\r\n" LAST,
        "\r\n" START "i: a b\r\n" FIRST "i: c@a\r\n" LAST,
        START FIRST "Call-ID : d@a\r\n"
                    "i: c@a\r\n" LAST,
        START "X: \r\n i: d@a\r\n" FIRST "Call-ID\r: d@a\r\n"
              "i: c@a\r\n" LAST,
    };
    static struct sip_message msg;
    size_t sound = 0, found = 0;
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct slice text = slice_of(texts[(size_t)round % ARRAY_LEN(texts)]), call_id;
        char *copy = copy_of(text);
        struct slice bytes = {copy, text.len};
        struct sip_fault fault;
        change(copy, text.len, &seed);
        bool is_found = sip_peek_call_id(bytes, &call_id);
        bool is_sound = sip_message_parse(bytes, &msg, &fault) && sip_message_check(&msg, &fault);
        sound += is_sound;
        found += is_sound && is_found;
        if (is_sound && is_found)
            assert_true(slice_equal(call_id, msg.basics.call_id));
        free(copy);
    }
    assert_true(sound > 1000);
    assert_in_range(found, sound * 3 / 4, sound - 1);
}

CHECK_MAIN(CHECK_TEST(the_usual_spellings_are_found_and_the_others_left_to_the_parser),
           CHECK_TEST(in_a_sound_message_it_is_the_call_id_that_the_parser_finds))
