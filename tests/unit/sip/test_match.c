/* Finding bytes: every way of doing it finds the same, and looks at nothing behind the end. */
#include "check.h"

#include <stdlib.h>

#include "sip/match.h"
#include "sip/match_portable.h"

enum { MAX_LEN = 300, ROUNDS = 2000 };

/* Few values, so that what is looked for is there; some that a comparison of signs would miss. */
static char any_byte(unsigned *seed)
{
    static const char bytes[] = {'\n', '\r', ':', ' ', 'a', '\x0b', '\x8a', '\xff', '\0'};

    *seed = *seed * 1103515245U + 12345U;
    return bytes[(*seed >> 16) % sizeof(bytes)];
}

/* In memory that ends where the text does. */
static char *any_text(size_t len, unsigned *seed)
{
    char *text = malloc(len > 0 ? len : 1);

    CHECK_MADE(text);
    for (size_t i = 0; i < len; i++)
        text[i] = any_byte(seed);
    return text;
}

static void sixteen_bytes_match_alike_on_every_machine(void **state)
{
    unsigned seed = 1;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char *text = any_text(16, &seed);
        char byte = any_byte(&seed);
        assert_int_equal(match16(text, byte), match16_portable(text, byte));
        free(text);
    }
}

static void sixteen_bytes_are_equal_alike_on_every_machine(void **state)
{
    unsigned seed = 3;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char *a = any_text(16, &seed), *b = any_text(16, &seed);
        assert_int_equal(equal16(a, b), equal16_portable(a, b));
        assert_int_equal(equal16(a, a), 0xffff);
        free(a);
        free(b);
    }
}

static void what_is_special_in_quotes_is_so_on_every_machine(void **state)
{
    char text[16] = "................";

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool is_special = byte < ' ' || byte == '"' || byte == '\\' || byte == 0x7f;
        text[5] = (char)byte;
        assert_int_equal(special16(text), is_special ? 1 << 5 : 0);
        assert_int_equal(special16_portable(text), is_special ? 1 << 5 : 0);
    }
}

static void what_is_plain_is_so_on_every_machine(void **state)
{
    char text[16] = "                ";

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool is_joint = byte == '-' || byte == '.';
        bool is_plain = is_joint || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z')
                        || (byte >= 'a' && byte <= 'z');
        text[5] = (char)byte;
        assert_int_equal(plain16(text), is_plain ? 1 << 5 : 0);
        assert_int_equal(plain16_portable(text), is_plain ? 1 << 5 : 0);
        assert_int_equal(joint16(text), is_joint ? 1 << 5 : 0);
        assert_int_equal(joint16_portable(text), is_joint ? 1 << 5 : 0);
    }
}

static void bit_0_is_the_first_byte(void **state)
{
    (void)state;
    assert_int_equal(match16("a..............a", 'a'), 0x8001);
    assert_int_equal(match16_portable("a..............a", 'a'), 0x8001);
    assert_int_equal(equal16("a..............a", "ab............ba"), 0xbffd);
    assert_int_equal(equal16_portable("a..............a", "ab............ba"), 0xbffd);
}

static void matches_are_those_of_memchr_at_every_length(void **state)
{
    unsigned seed = 7;

    (void)state;
    for (size_t len = 0; len <= MAX_LEN; len++) {
        char *text = any_text(len, &seed);
        struct matches matches = matches_in(text, text + len, '\n');
        const char *at = text, *end = text + len;
        while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL)
            assert_ptr_equal(next_match(&matches), at++);
        assert_null(next_match(&matches));
        assert_null(next_match(&matches));
        free(text);
    }
}

CHECK_MAIN(CHECK_TEST(sixteen_bytes_match_alike_on_every_machine),
           CHECK_TEST(sixteen_bytes_are_equal_alike_on_every_machine),
           CHECK_TEST(what_is_special_in_quotes_is_so_on_every_machine),
           CHECK_TEST(what_is_plain_is_so_on_every_machine), CHECK_TEST(bit_0_is_the_first_byte),
           CHECK_TEST(matches_are_those_of_memchr_at_every_length))
