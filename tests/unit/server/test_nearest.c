#include "server/nearest.h"

#include "check.h"

static void distance_counts_letters_to_change(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        size_t distance;
    } cases[] = {
        {"",            "",             0},
        {"log",         "log",          0},
        {"log",         "",             3},
        {"",            "log",          3},
        {"log",         "lag",          1},
        {"max_bindigs", "max_bindings", 1},
        {"kitten",      "sitting",      3},
        {"wrokers",     "workers",      2},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CHECK_CASE(edit_distance(slice_of(cases[i].a), slice_of(cases[i].b)) == cases[i].distance,
                   cases[i].a);
}

static void endless_words_are_cut(void **state)
{
    char a[1000], b[1000];

    (void)state;
    memset(a, 'a', sizeof(a));
    memset(b, 'b', sizeof(b));
    assert_int_equal(edit_distance((struct slice){a, sizeof(a)}, (struct slice){b, sizeof(b)}), 63);
}

static void the_first_of_the_nearest_is_meant(void **state)
{
    static const char *const words[] = {"auth", "log", "lag"};

    (void)state;
    assert_string_equal(nearest_word(SLICE("lug"), words, ARRAY_LEN(words)), "log");
    assert_string_equal(nearest_word(SLICE("ath"), words, ARRAY_LEN(words)), "auth");
}

CHECK_MAIN(CHECK_TEST(distance_counts_letters_to_change), CHECK_TEST(endless_words_are_cut),
           CHECK_TEST(the_first_of_the_nearest_is_meant))
