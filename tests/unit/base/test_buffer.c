/* Text under construction never leaves its memory, and tells when it would have. */
#include "check.h"

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

CHECK_MAIN(CHECK_TEST(adds_whatever_there_is), CHECK_TEST(what_does_not_fit_is_left_out),
           CHECK_TEST(once_overflowed_it_stays_so), CHECK_TEST(can_be_filled_to_the_brim),
           CHECK_TEST(a_format_that_is_too_long_is_noticed))
