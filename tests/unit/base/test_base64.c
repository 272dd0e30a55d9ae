/* base64url: the vectors of RFC 4648 10 without their padding, and what is no such text. */
#include "check.h"

#include "base/base64.h"

static void bytes_are_written_and_read_back(void **state)
{
    static const struct {
        const char *bytes;
        const char *text;
    } cases[] = {
        {"",             ""        },
        {"f",            "Zg"      },
        {"fo",           "Zm8"     },
        {"foo",          "Zm9v"    },
        {"foob",         "Zm9vYg"  },
        {"fooba",        "Zm9vYmE" },
        {"foobar",       "Zm9vYmFy"},
        {"\xff\xef\xbe", "_---"    },
    };
    char memory[16];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buffer text = buffer_over(memory, sizeof(memory));
        base64_write(slice_of(cases[i].bytes), &text);
        CHECK_CASE(slice_equal(buffer_slice(&text), slice_of(cases[i].text)), cases[i].text);
        struct buffer bytes = buffer_over(memory, sizeof(memory));
        CHECK_CASE(base64_read(slice_of(cases[i].text), &bytes), cases[i].text);
        CHECK_CASE(slice_equal(buffer_slice(&bytes), slice_of(cases[i].bytes)), cases[i].text);
    }
}

static void bytes_of_all_values_and_lengths_come_back(void **state)
{
    char bytes[256], text[344], back[256];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 151);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        struct buffer written = buffer_over(text, (len * 4 + 2) / 3);
        struct buffer read = buffer_over(back, len);
        base64_write((struct slice){bytes, len}, &written);
        assert_false(written.overflowed);
        assert_int_equal(written.len, written.max);
        assert_true(base64_read(buffer_slice(&written), &read));
        assert_int_equal(read.len, len);
        assert_memory_equal(back, bytes, len);
    }
}

static void what_is_no_such_text_is_refused(void **state)
{
    static const char *const cases[] = {
        "Z", "Zh", "Zm9", "Zg==", "Zm8+", "Zm 8", "Zm9vY", "Zm9vYmFy/"};
    char memory[16];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buffer bytes = buffer_over(memory, sizeof(memory));
        CHECK_CASE(!base64_read(slice_of(cases[i]), &bytes), cases[i]);
    }
    struct buffer little = buffer_over(memory, 2);
    assert_false(base64_read(SLICE("Zm9v"), &little));
}

static void numbers_are_written_and_read_back(void **state)
{
    static const struct {
        uint64_t number;
        const char *text;
    } cases[] = {
        {0,                      "A"         },
        {63,                     "_"         },
        {64,                     "BA"        },
        {64,                     "AABA"      },
        {(uint64_t)62 << 54 | 1, "-AAAAAAAAB"},
        {UINT64_MAX >> 4,        "__________"},
    };
    char text[BASE64_NUMBER_DIGITS];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t number;
        base64_write_number(cases[i].number, text, strlen(cases[i].text));
        CHECK_CASE(memcmp(text, cases[i].text, strlen(cases[i].text)) == 0, cases[i].text);
        CHECK_CASE(base64_read_number(slice_of(cases[i].text), &number), cases[i].text);
        CHECK_CASE(number == cases[i].number, cases[i].text);
    }
}

static void what_is_no_such_number_is_refused(void **state)
{
    static const char *const cases[] = {"=", "A+", "A/", " A", "A\303", "AAAAAAAAAAA"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t number = 4711;
        CHECK_CASE(!base64_read_number(slice_of(cases[i]), &number), cases[i]);
        CHECK_CASE(number == 4711, cases[i]);
    }
}

CHECK_MAIN(CHECK_TEST(bytes_are_written_and_read_back),
           CHECK_TEST(bytes_of_all_values_and_lengths_come_back),
           CHECK_TEST(what_is_no_such_text_is_refused),
           CHECK_TEST(numbers_are_written_and_read_back),
           CHECK_TEST(what_is_no_such_number_is_refused))
