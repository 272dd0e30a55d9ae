/* Slices: comparing, cutting, numbers, and what becomes of a slice of nothing. */
#include "check.h"

static void compares_letters_of_ascii_alone_without_case(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"",     "",     true },
        {"Via",  "vIA",  true },
        {"az[",  "AZ{",  false}, /* "[" and "{" differ by the same bit as "A" and "a" */
        {"@",    "`",    false},
        {"\304", "\344", false},
        {"ab",   "abc",  false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(slice_equal_nocase(slice_of(cases[i].a), slice_of(cases[i].b)) == cases[i].equal,
                   cases[i].a);
}

static void reads_numbers_without_overflow(void **state)
{
    static const struct {
        const char *digits;
        uint64_t max;
        bool valid;
        uint64_t value;
    } cases[] = {
        {"0",                                0,          true,  0         },
        {"1",                                0,          false, 0         },
        {"00000000000000000000000000000007", 9,          true,  7         },
        {"65535",                            65535,      true,  65535     },
        {"65536",                            65535,      false, 0         },
        {"18446744073709551615",             UINT64_MAX, true,  UINT64_MAX},
        {"18446744073709551616",             UINT64_MAX, false, 0         },
        {"36893488147419103232",             UINT64_MAX, false, 0         }, /* RFC 4475 3.1.2.4: 2**65 */
        {"99999999999999999999999999999",    UINT64_MAX, false, 0         },
        {"",                                 9,          false, 0         },
        {"+1",                               9,          false, 0         },
        {"-1",                               9,          false, 0         },
        {" 1",                               9,          false, 0         },
        {"1 ",                               9,          false, 0         },
        {"0x1",                              99,         false, 0         },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t value = 4711;
        bool ok = slice_to_u64(slice_of(cases[i].digits), cases[i].max, &value);
        CHECK_CASE(ok == cases[i].valid, cases[i].digits);
        CHECK_CASE(value == (ok ? cases[i].value : 4711), cases[i].digits);
    }
}

static void numbers_of_32_bits_have_32_bits(void **state)
{
    uint32_t value = 4711;

    (void)state;
    assert_false(slice_to_u32(SLICE("4294967296"), UINT32_MAX, &value));
    assert_int_equal(value, 4711);
    assert_true(slice_to_u32(SLICE("4294967295"), UINT32_MAX, &value));
    assert_true(value == UINT32_MAX);
}

static void cuts_and_finds(void **state)
{
    struct slice s = SLICE("a:b:");

    (void)state;
    assert_int_equal(slice_find(s, ':'), 1);
    assert_int_equal(slice_find(s, 'x'), s.len);
    CHECK_SLICE(slice_after(s, 2), "b:");
    CHECK_SLICE(slice_after(s, 4), "");
    CHECK_SLICE(slice_after(s, 99), "");
    assert_ptr_equal(slice_after(s, 99).ptr, slice_end(s));
    CHECK_SLICE(slice_between(s.ptr + 1, s.ptr + 3), ":b");
    CHECK_SLICE(slice_trim(SLICE("\r\n \ta b\t \r\n")), "a b");
    CHECK_SLICE(slice_trim(SLICE(" \r\n\t")), "");
    assert_true(slice_starts_with(s, SLICE("a:")));
    assert_true(slice_starts_with(s, SLICE("")));
    assert_false(slice_starts_with(s, SLICE("a:b:c")));
}

static void a_slice_of_nothing_is_harmless(void **state)
{
    uint64_t value;

    (void)state;
    assert_true(slice_equal(SLICE_NONE, SLICE("")));
    assert_true(slice_equal_nocase(SLICE_NONE, SLICE("")));
    assert_true(slice_equal_secret(SLICE_NONE, SLICE("")));
    assert_true(slice_starts_with(SLICE_NONE, SLICE_NONE));
    assert_true(slice_starts_with(SLICE("a"), SLICE_NONE));
    assert_null(slice_end(SLICE_NONE));
    assert_null(slice_after(SLICE_NONE, 1).ptr);
    assert_int_equal(slice_find(SLICE_NONE, 'a'), 0);
    assert_int_equal(slice_trim(SLICE_NONE).len, 0);
    assert_false(slice_to_u64(SLICE_NONE, 9, &value));
}

static void secrets_compare_as_others_do(void **state)
{
    (void)state;
    assert_true(slice_equal_secret(SLICE("abc"), SLICE("abc")));
    assert_false(slice_equal_secret(SLICE("abc"), SLICE("abd")));
    assert_false(slice_equal_secret(SLICE("abc"), SLICE("\341bc")));
    assert_false(slice_equal_secret(SLICE("abc"), SLICE("ab")));
}

static void secrets_of_every_length_differ_in_every_place(void **state)
{
    char a[40] = {0}, b[40] = {0};

    (void)state;
    for (size_t len = 0; len <= sizeof(a); len++) {
        assert_true(slice_equal_secret((struct slice){a, len}, (struct slice){b, len}));
        for (size_t i = 0; i < sizeof(a); i++) {
            b[i] = '\x80';
            bool is_equal = slice_equal_secret((struct slice){a, len}, (struct slice){b, len});
            assert_int_equal(is_equal, i >= len);
            b[i] = '\0';
        }
    }
}

static void knows_hexadecimal_digits(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *digits = "0123456789abcdef";
        const char *at = c == 0 ? NULL : strchr(digits, ascii_lower((char)c));
        assert_int_equal(ascii_hex_value((char)c), at == NULL ? -1 : at - digits);
    }
}

CHECK_MAIN(CHECK_TEST(compares_letters_of_ascii_alone_without_case),
           CHECK_TEST(reads_numbers_without_overflow), CHECK_TEST(numbers_of_32_bits_have_32_bits),
           CHECK_TEST(cuts_and_finds), CHECK_TEST(a_slice_of_nothing_is_harmless),
           CHECK_TEST(secrets_compare_as_others_do),
           CHECK_TEST(secrets_of_every_length_differ_in_every_place),
           CHECK_TEST(knows_hexadecimal_digits))
