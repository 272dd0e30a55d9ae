/*
 * RFC 3261 10.3, steps 6 and 7. Bindings are written as "contact call-id cseq seconds [q]": seconds
 * are those from now until it expires, 0 removes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "store/change.h"
#include "store/record.h"

enum { NOW = 1000000, MAX = 3 };

/* Here, contacts are the same but for the case of letters. */
static bool same_but_for_case(struct slice a, struct slice b)
{
    return slice_equal_nocase(a, b);
}

static struct slice take_word(struct slice *text)
{
    size_t len = slice_find(*text, ' ');
    struct slice word = {text->ptr, len};

    *text = slice_after(*text, len + 1);
    return word;
}

static uint32_t take_number(struct slice *text)
{
    uint32_t number = 0;

    (void)slice_to_u32(take_word(text), UINT32_MAX, &number);
    return number;
}

static struct binding read_binding(struct slice text)
{
    struct binding binding = {.contact = take_word(&text), .q_thousandths = 1000};

    binding.call_id = take_word(&text);
    binding.cseq = take_number(&text);
    binding.expires_at_ms = NOW + 1000 * (uint64_t)take_number(&text);
    if (text.len > 0)
        binding.q_thousandths = (uint16_t)take_number(&text);
    return binding;
}

static size_t read_bindings(const char *lines, struct binding out[16])
{
    struct slice rest = slice_of(lines);
    size_t count = 0;

    while (rest.len > 0) {
        size_t len = slice_find(rest, ',');
        out[count++] = read_binding(slice_trim((struct slice){rest.ptr, len}));
        rest = slice_after(rest, len + 1);
    }
    return count;
}

/* "contact/cseq", with spaces between. */
static void write_bindings(const struct binding_list *list, struct buffer *out)
{
    for (size_t i = 0; i < list->count; i++) {
        buffer_add_text(out, i > 0 ? " " : "");
        buffer_add(out, list->items[i].contact);
        buffer_add_char(out, '/');
        buffer_add_u64(out, list->items[i].cseq);
    }
}

/* What becomes of `standing`: the bindings, or why the request fails. */
static void write_outcome(const char *standing, const char *request, struct buffer *out)
{
    struct binding stood[16];
    struct binding wanted[16];
    struct binding room[32];
    struct binding_list valid = {stood, read_bindings(standing, stood)};
    struct binding_list result = {.items = room};
    struct location_changes changes = {
        .items = wanted, .count = read_bindings(request, wanted), .max_bindings = MAX};

    if (request[0] == '*') {
        changes.removes_all = true;
        changes.call_id = wanted[0].call_id;
        changes.cseq = wanted[0].cseq;
        changes.count = 0;
    }
    enum err err = change_apply(&changes, &valid, NOW, same_but_for_case, &result);
    if (err == ERR_NONE)
        write_bindings(&result, out);
    else
        buffer_add_text(out, err == ERR_STALE ? "stale" : err == ERR_FULL ? "full" : "?");
}

static void the_steps_of_the_rfc_are_taken(void **state)
{
    static const struct {
        const char *standing;
        const char *request; /* "* call-id cseq" removes all */
        const char *outcome;
        const char *label;
    } cases[] = {
        {"",                        "a i 1 9",                 "a/1",         "a new contact is added"         },
        {"a i 1 9",                 "b i 2 9",                 "b/2 a/1",     "the newest comes first"         },
        {"a i 1 9",                 "b j 1 9,c j 1 9",         "b/1 c/1 a/1", "those of one request keep order"},
        {"a i 1 9 500,b i 1 9 1",   "c j 1 9 30",              "a/1 c/1 b/1", "the highest q comes first"      },
        {"a i 1 9 500,b i 1 9 500", "b i 2 9 500",             "b/2 a/1",     "of equal q the newest"          },
        {"a i 1 9",                 "a i 2 9",                 "a/2",         "a higher CSeq refreshes"        },
        {"a i 2 9",                 "a i 2 9",                 "stale",       "an equal one does not"          },
        {"a i 2 9",                 "a i 1 9",                 "stale",       "a lower one does not"           },
        {"a i 2 9",                 "a j 1 9",                 "a/1",         "of another Call-ID any CSeq"    },
        {"a i 2 9",                 "a I 1 9",                 "a/1",         "case counts in Call-IDs"        },
        {"a i 1 9",                 "A i 2 9",                 "A/2",         "contacts compare as URIs"       },
        {"a i 1 9,b i 1 9",         "a i 2 0",                 "b/1",         "no time left removes"           },
        {"a i 2 9",                 "a i 2 0",                 "stale",       "but not what is newer"          },
        {"a i 1 9",                 "b i 2 0",                 "a/1",         "what is not there can go"       },
        {"a i 5 9",                 "b i 3 9,a i 3 9",         "stale",       "one stale contact aborts all"   },
        {"",                        "a i 1 9,b i 1 9,a i 1 0", "b/1",         "named twice: the last word"     },
        {"a i 1 9",                 "a i 2 0,a i 2 9",         "a/2",         "the same, where one stood"      },
        {"a i 1 9,b j 7 9",         "* i 2",                   "",            "* removes all"                  },
        {"",                        "* i 2",                   "",            "* where there is nothing"       },
        {"a j 1 9,b i 2 9",         "* i 2",                   "stale",       "* where one is newer"           },
        {"a i 1 9,b i 1 9,c i 1 9", "d i 2 9",                 "full",        "one too many"                   },
        {"a i 1 9,b i 1 9,c i 1 9", "d i 2 9,a i 2 0",         "d/2 b/1 c/1", "one for another"                },
        {"a i 1 9,b i 1 9,c i 1 9", "b i 2 9",                 "b/2 a/1 c/1", "refreshing at the limit"        },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[256];
        struct buffer out = buffer_over(text, sizeof(text));
        write_outcome(cases[i].standing, cases[i].request, &out);
        CHECK_CASE(slice_equal(buffer_slice(&out), slice_of(cases[i].outcome)), cases[i].label);
    }
}

/* --- instances: RFC 5626 6, RFC 5627 5.1 ---------------------------------------------------------
 */

static struct binding of_instance(const char *contact, const char *instance, uint32_t reg_id,
                                  const char *call_id, uint64_t since_ms)
{
    return (struct binding){.contact = slice_of(contact),
                            .instance = slice_of(instance),
                            .reg_id = reg_id,
                            .call_id = slice_of(call_id),
                            .cseq = 1,
                            .since_ms = since_ms,
                            .q_thousandths = 1000,
                            .expires_at_ms = NOW + 1000};
}

static void an_instance_with_a_reg_id_is_its_own_binding_whatever_its_contact(void **state)
{
    static const struct {
        const char *contact, *instance;
        uint32_t reg_id;
        size_t count; /* of bindings in the end */
        const char *label;
    } cases[] = {
        {"b", "urn:x", 1, 1, "the same pair replaces"          },
        {"b", "URN:X", 1, 1, "a URN has no case"               },
        {"a", "urn:x", 2, 2, "another flow of the same contact"},
        {"a", "urn:y", 1, 2, "another instance"                },
        {"a", "",      0, 1, "one without, of the same contact"},
        {"b", "",      0, 2, "one without, of another"         },
        {"a", "urn:x", 0, 1, "without a reg-id, by contact"    },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct binding stood = of_instance("a", "urn:x", 1, "i", 5);
        struct binding wanted =
            of_instance(cases[i].contact, cases[i].instance, cases[i].reg_id, "j", 0);
        struct binding room[2];
        struct binding_list result = {.items = room};
        const struct location_changes changes = {.items = &wanted, .count = 1, .max_bindings = MAX};
        assert_int_equal(change_apply(&changes, &(struct binding_list){&stood, 1}, NOW,
                                      same_but_for_case, &result),
                         ERR_NONE);
        CHECK_CASE(result.count == cases[i].count, cases[i].label);
    }
}

static void an_instance_is_as_old_as_its_newest_call_id(void **state)
{
    static const struct {
        const char *instance, *call_id;
        uint32_t reg_id;
        uint64_t since_ms;
        const char *label;
    } cases[] = {
        {"urn:x", "one", 1, 7,   "each flow has its own Call-ID"       },
        {"urn:x", "two", 2, 7,   "and keeps it"                        },
        {"urn:x", "two", 1, NOW, "that of another flow does not count" },
        {"urn:x", "i",   3, 7,   "one more flow changes nothing"       },
        {"urn:x", "one", 0, 7,   "no flow, and the Call-ID of the last"},
        {"urn:x", "two", 0, NOW, "no flow, and another Call-ID"        },
        {"urn:y", "two", 2, NOW, "another instance has ages of its own"},
        {"",      "two", 0, 0,   "no instance"                         },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct binding stood[] = {of_instance("a", "urn:x", 1, "one", 7),
                                  of_instance("b", "urn:x", 2, "two", 7)};
        struct binding wanted =
            of_instance("c", cases[i].instance, cases[i].reg_id, cases[i].call_id, 0);
        struct binding room[3];
        struct binding_list result = {.items = room};
        const struct location_changes changes = {.items = &wanted, .count = 1, .max_bindings = MAX};
        wanted.cseq = 2;
        assert_int_equal(change_apply(&changes, &(struct binding_list){stood, 2}, NOW,
                                      same_but_for_case, &result),
                         ERR_NONE);
        CHECK_CASE(result.items[0].since_ms == cases[i].since_ms, cases[i].label);
        for (size_t k = 1; k < result.count; k++) {
            bool is_same = slice_equal(result.items[k].instance, wanted.instance);
            CHECK_CASE(result.items[k].since_ms == (is_same ? cases[i].since_ms : 7),
                       cases[i].label);
        }
    }
}

static void above_a_limit_that_was_lowered_a_binding_can_be_refreshed(void **state)
{
    char text[256];
    struct buffer out = buffer_over(text, sizeof(text));

    (void)state;
    write_outcome("a i 1 9,b i 1 9,c i 1 9,d i 1 9", "b i 2 9", &out);
    CHECK_SLICE(buffer_slice(&out), "b/2 a/1 c/1 d/1");
}

static void a_request_that_removes_more_than_there_can_be_is_refused(void **state)
{
    char text[256];
    struct buffer out = buffer_over(text, sizeof(text));

    (void)state;
    write_outcome("", "a i 1 0,b i 1 0,c i 1 0,d i 1 0,e i 1 0,f i 1 0", &out);
    CHECK_SLICE(buffer_slice(&out), "");
    write_outcome("", "a i 1 0,b i 1 0,c i 1 0,d i 1 0,e i 1 0,f i 1 0,g i 1 0,h i 1 0", &out);
    CHECK_SLICE(buffer_slice(&out), "full");
}

/* A record of bindings as read_bindings reads them; among those that stood, 0 seconds are over. */
static struct record *make_record(const char *bindings)
{
    struct binding items[16];
    struct binding_list list = {items, read_bindings(bindings, items)};
    struct record *record = NULL;

    CHECK_MADE(record_new(SLICE("aor"), &list, &record) == ERR_NONE ? record : NULL);
    check_later(free, record);
    return record;
}

static bool is_plain(const char *standing, const char *request, size_t max_bindings,
                     bool *is_refresh)
{
    const struct location_update update = {
        .wanted = record_bytes(make_record(request)), .max_bindings = max_bindings, .now_ms = NOW};
    struct slice record = SLICE_NONE;

    if (standing != NULL)
        record = record_bytes(make_record(standing));
    return change_is_plain(&update, record, is_refresh);
}

/* What change_apply makes of the same, once more as a record. */
static struct slice merge(const char *standing, const char *request, size_t max_bindings)
{
    struct binding stood[16], wanted[16], room[32];
    struct binding_list valid = {stood, read_bindings(standing != NULL ? standing : "", stood)};
    struct binding_list result = {.items = room};
    struct location_changes changes = {
        .items = wanted, .count = read_bindings(request, wanted), .max_bindings = max_bindings};
    struct record *record = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < valid.count; i++) {
        if (stood[i].expires_at_ms > NOW)
            stood[kept++] = stood[i];
    }
    valid.count = kept;
    if (change_apply(&changes, &valid, NOW, same_but_for_case, &result) != ERR_NONE)
        return SLICE_NONE;
    CHECK_MADE(record_new(SLICE("aor"), &result, &record) == ERR_NONE ? record : NULL);
    check_later(free, record);
    return record_bytes(record);
}

static void what_is_plain_needs_no_merging(void **state)
{
    static const char *const standings[] = {
        NULL,      "",         "a i 1 9",         "a i 1 0",         "b i 1 9",
        "b i 1 0", "a j 5 9",  "A i 1 9",         "a i 1 9 500",     "a i 2 9",
        "a i 3 0", "a i 1 99", "a i 1 9,b i 1 9", "a i 1 0,b i 1 0", "a i 1 9,a i 1 0",
    };
    static const char *const requests[] = {"a i 2 9",         "a i 2 0", "b i 2 9", "a i 2 9 500",
                                           "a i 2 9,b i 2 9", "A i 2 9", ""};
    size_t plain = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(standings); i++) {
        for (size_t j = 0; j < ARRAY_LEN(requests); j++) {
            for (size_t max = 0; max < 3; max++) {
                bool is_refresh;
                if (!is_plain(standings[i], requests[j], max, &is_refresh))
                    continue;
                plain++;
                struct slice wanted = record_bytes(make_record(requests[j]));
                CHECK_CASE(slice_equal(wanted, merge(standings[i], requests[j], max)),
                           standings[i] != NULL ? standings[i] : "nothing");
            }
        }
    }
    assert_in_range(plain, 30, 100);
}

static void a_refresh_is_told_from_news(void **state)
{
    bool is_refresh = false;

    (void)state;
    assert_true(is_plain("a i 1 9", "a i 2 99", MAX, &is_refresh));
    assert_true(is_refresh);
    assert_true(is_plain(NULL, "a i 2 9", MAX, &is_refresh));
    assert_false(is_refresh);
    assert_true(is_plain("a i 1 0", "a i 2 9", MAX, &is_refresh));
    assert_false(is_refresh);
    assert_false(is_plain("a i 2 9", "a i 2 9", MAX, &is_refresh)); /* stale */

    struct binding before[16], after[16];
    struct binding_list was = {before, read_bindings("a i 1 9,b i 1 9", before)};
    struct binding_list is = {after, read_bindings("b i 2 9,a i 1 9", after)};
    assert_true(change_keeps_contacts(&was, &is));
    after[0].contact = SLICE("c");
    assert_false(change_keeps_contacts(&was, &is));
    is.count = 1;
    assert_false(change_keeps_contacts(&was, &is));
}

CHECK_MAIN(CHECK_TEST(what_is_plain_needs_no_merging), CHECK_TEST(a_refresh_is_told_from_news),
           CHECK_TEST(the_steps_of_the_rfc_are_taken),
           CHECK_TEST(an_instance_with_a_reg_id_is_its_own_binding_whatever_its_contact),
           CHECK_TEST(an_instance_is_as_old_as_its_newest_call_id),
           CHECK_TEST(above_a_limit_that_was_lowered_a_binding_can_be_refreshed),
           CHECK_TEST(a_request_that_removes_more_than_there_can_be_is_refused))
