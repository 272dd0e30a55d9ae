/* What a load is made of and needs no network for: times, templates, users. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "tools/load_histogram.h"
#include "tools/load_messages.h"
#include "tools/load_template.h"
#include "tools/load_users.h"

static void percentiles_are_off_by_two_percent_at_most(void **state)
{
    static struct load_histogram histogram;
    static const double fractions[] = {0, 0.01, 0.5, 0.9, 0.99, 0.999};

    (void)state;
    memset(&histogram, 0, sizeof(histogram));
    assert_int_equal(load_histogram_at(&histogram, 0.5), 0);
    for (uint64_t i = 0; i < 100000; i++)
        load_histogram_add(&histogram, i * 1000);
    for (size_t i = 0; i < ARRAY_LEN(fractions); i++) {
        double exact = fractions[i] * 100000 * 1000;
        double told = (double)load_histogram_at(&histogram, fractions[i]);
        CHECK_CASE(told >= exact * 0.98 && told <= exact * 1.02, "within 2%");
    }
    assert_int_equal(load_histogram_at(&histogram, 1), histogram.max);
    assert_int_equal(histogram.max, 99999000);
}

static void every_value_has_its_cell(void **state)
{
    static struct load_histogram histogram;

    (void)state;
    for (int bit = 0; bit < 64; bit++) {
        for (int more = -1; more <= 1; more++) {
            uint64_t value = ((uint64_t)1 << bit) + (uint64_t)more;
            memset(&histogram, 0, sizeof(histogram));
            load_histogram_add(&histogram, value);
            uint64_t told = load_histogram_at(&histogram, 0);
            CHECK_CASE(told <= value && (double)(value - told) <= 0.016 * (double)value, "its own");
        }
    }
}

static void gaps_are_filled(void **state)
{
    static struct load_template template;
    static const struct slice values[FIELD_COUNT] = {
        [FIELD_DOMAIN] = SLICE("example.org"),
        [FIELD_ID] = SLICE("42"),
        [FIELD_CSEQ] = SLICE("7"),
    };
    char memory[64];
    struct buffer out = buffer_over(memory, sizeof(memory));

    (void)state;
    assert_true(load_template_init(&template, "{id}@{domain} {login}{cseq}{id}!", values));
    assert_int_equal(template.gap_count, 4);
    load_template_write(&template, values, &out);
    CHECK_SLICE(buffer_slice(&out), "42@example.org 742!");
    assert_true(load_template_init(&template, "", values));
    load_template_write(&template, values, &out);
    CHECK_SLICE(buffer_slice(&out), "42@example.org 742!");
}

static void what_does_not_fit_is_refused(void **state)
{
    static struct load_template template;
    static char name[LOAD_TEMPLATE_BYTES];
    static struct slice values[FIELD_COUNT];
    char memory[8];
    struct buffer out = buffer_over(memory, sizeof(memory));

    (void)state;
    memset(name, 'x', sizeof(name));
    values[FIELD_DOMAIN] = (struct slice){name, sizeof(name)};
    for (int i = 0; i < LOAD_REQUEST_COUNT; i++)
        assert_false(load_template_init(&template, load_request_texts[i], values)
                     && strstr(load_request_texts[i], "{domain}") != NULL);
    values[FIELD_DOMAIN] = SLICE("example.org");
    for (int i = 0; i < LOAD_REQUEST_COUNT; i++)
        assert_true(load_template_init(&template, load_request_texts[i], values));
    load_template_write(&template, values, &out);
    assert_true(out.overflowed);
}

static const char *write_file(const char *text)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/users.csv", check_folder());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static void users_come_numbered_or_from_a_file(void **state)
{
    struct load_users users = {.count = 10, .first = 1234567, .password = SLICE("x")};
    char memory[LOAD_NAME_MAX], text[256];
    struct buffer fault = buffer_over(text, sizeof(text));

    (void)state;
    CHECK_SLICE(load_users_name(&users, 3, memory), "user1234570");
    CHECK_SLICE(load_users_password(&users, 3), "x");
    if (!load_users_read(write_file("# ours\n\nsip:alice@EXAMPLE.org,a,b\r\nbob@example.org, c"),
                         SLICE("example.org"), &users, &fault))
        CHECK_MADE(NULL);
    assert_int_equal(users.count, 2);
    CHECK_SLICE(load_users_name(&users, 0, memory), "alice");
    CHECK_SLICE(load_users_password(&users, 0), "a,b");
    CHECK_SLICE(load_users_name(&users, 1, memory), "bob");
    CHECK_SLICE(load_users_password(&users, 1), " c");
    load_users_fini(&users);
}

static void wrong_lines_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *label;
    } cases[] = {
        {"",                       "no users"                           },
        {"# none\n",               "no users but a comment"             },
        {"alice@example.org\n",    "no comma"                           },
        {"alice@example.org,\n",   "no password"                        },
        {"@example.org,x\n",       "no name"                            },
        {"alice@b.example,x\n",    "another domain"                     },
        {"a@example.org:5060,x\n", "a port"                             },
        {"a@example.org;x=y,x\n",  "a parameter"                        },
        {"al ice@example.org,x\n", "a space within"                     },
        {"tel:1@example.org,x\n",  "another scheme, or a password in it"},
    };
    struct load_users users;
    char text[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buffer fault = buffer_over(text, sizeof(text));
        CHECK_CASE(!load_users_read(write_file(cases[i].text), SLICE("example.org"), &users, &fault)
                       && fault.len > 0,
                   cases[i].label);
    }
}

CHECK_MAIN(CHECK_TEST(percentiles_are_off_by_two_percent_at_most),
           CHECK_TEST(every_value_has_its_cell), CHECK_TEST(gaps_are_filled),
           CHECK_TEST(what_does_not_fit_is_refused), CHECK_TEST(users_come_numbered_or_from_a_file),
           CHECK_TEST(wrong_lines_are_refused))
