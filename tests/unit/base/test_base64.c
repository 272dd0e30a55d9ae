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

CHECK_MAIN(CHECK_TEST(bytes_are_written_and_read_back), CHECK_TEST(what_is_no_such_text_is_refused))
