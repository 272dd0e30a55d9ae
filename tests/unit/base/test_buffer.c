/* Text under construction never leaves its memory, and tells when it would have. */
#include "check.h"

#include <stdio.h>

#include "base/buffer.h"

static void adds_whatever_there_is(void **state)
{
    char memory[128];
    struct buffer buffer = buffer_over(memory, sizeof(memory));

    (void)state;
    buffer_add(&buffer, SLICE("a"));
    buffer_add(&buffer, SLICE_NONE);
    buffer_add_text(&buffer, "bc ");
    buffer_add_char(&buffer, '\0');
    buffer_add_u64(&buffer, 0);
    buffer_add_char(&buffer, ' ');
    buffer_add_u64(&buffer, UINT64_MAX);
    buffer_add_hex(&buffer, "\x00\x7f\xff", 3);
    buffer_printf(&buffer, " %s %d", "d", -1);
    assert_false(buffer.overflowed);
    assert_true(
        slice_equal(buffer_slice(&buffer), SLICE("abc \0000 18446744073709551615007fff d -1")));
}

static void every_byte_has_its_two_digits_wherever_it_stands(void **state)
{
    unsigned char bytes[256];
    char memory[512];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 151);
    for (size_t count = 0; count <= sizeof(bytes); count++) {
        struct buffer buffer = buffer_over(memory, 2 * count);
        buffer_add_hex(&buffer, bytes, count);
        assert_false(buffer.overflowed);
        assert_int_equal(buffer.len, 2 * count);
        for (size_t i = 0; i < count; i++) {
            char digits[3];
            snprintf(digits, sizeof(digits), "%02x", bytes[i]);
            assert_memory_equal(memory + 2 * i, digits, 2);
        }
    }
}

static void numbers_have_as_many_digits_as_they_need(void **state)
{
    static const struct {
        uint64_t value;
        const char *text;
    } cases[] = {
        {9,                     "9"                   },
        {10,                    "10"                  },
        {99,                    "99"                  },
        {100,                   "100"                 },
        {65535,                 "65535"               },
        {9999999999999999999U,  "9999999999999999999" },
        {10000000000000000000U, "10000000000000000000"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char memory[20];
        struct buffer buffer = buffer_over(memory, sizeof(memory));
        buffer_add_u64(&buffer, cases[i].value);
        CHECK_CASE(slice_equal(buffer_slice(&buffer), slice_of(cases[i].text)), cases[i].text);
    }
}

static void what_does_not_fit_is_left_out(void **state)
{
    char memory[4] = {0, 0, 0, '#'};
    struct buffer buffer = buffer_over(memory, 3);

    (void)state;
    buffer_add_text(&buffer, "ab");
    buffer_add_text(&buffer, "cd");
    assert_true(buffer.overflowed);
    CHECK_SLICE(buffer_slice(&buffer), "ab");
    assert_int_equal(memory[3], '#');
}

static void once_overflowed_it_stays_so(void **state)
{
    char memory[3];
    struct buffer buffer = buffer_over(memory, sizeof(memory));

    (void)state;
    buffer_add_text(&buffer, "abcd");
    buffer_add_text(&buffer, "a"); /* it would fit, and a gap would not be seen */
    assert_true(buffer.overflowed);
    assert_int_equal(buffer.len, 0);
}

static void can_be_filled_to_the_brim(void **state)
{
    char memory[3];
    struct buffer buffer = buffer_over(memory, sizeof(memory));

    (void)state;
    buffer_add_text(&buffer, "abc");
    buffer_add_text(&buffer, "");
    assert_false(buffer.overflowed);
    buffer_add_char(&buffer, 'd');
    assert_true(buffer.overflowed);
}

static void a_format_that_is_too_long_is_noticed(void **state)
{
    char memory[2048];
    struct buffer buffer = buffer_over(memory, sizeof(memory));

    (void)state;
    buffer_printf(&buffer, "%1000d", 1);
    assert_true(buffer.overflowed);
    assert_int_equal(buffer.len, 0);
}

CHECK_MAIN(CHECK_TEST(adds_whatever_there_is),
           CHECK_TEST(every_byte_has_its_two_digits_wherever_it_stands),
           CHECK_TEST(numbers_have_as_many_digits_as_they_need),
           CHECK_TEST(what_does_not_fit_is_left_out), CHECK_TEST(once_overflowed_it_stays_so),
           CHECK_TEST(can_be_filled_to_the_brim), CHECK_TEST(a_format_that_is_too_long_is_noticed))
