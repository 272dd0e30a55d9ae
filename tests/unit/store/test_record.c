/* The packed record: what is packed is read back, and nothing else is. */
#include <stdlib.h>

#include "check.h"
#include "store/record.h"

static const struct binding_list two = {
    (struct binding[]){
                       {
            .contact = {"sip:alice@192.0.2.1:5060", 24},
            .params = {";+sip.instance=\"<urn:uuid:1>\"", 29},
            .call_id = {"a84b4c76e66710", 14},
            .path = {"<sip:p1.example.com;lr>", 23},
            .flow = {"\0\1\2\3", 4},
            .user_agent = {"a phone", 7},
            .instance = {"urn:uuid:1", 10},
            .reg_id = 1U << 31,
            .since_ms = UINT64_MAX - 1,
            .cseq = UINT32_MAX,
            .q_thousandths = 700,
            .has_q = true,
            .expires_at_ms = UINT64_MAX,
        }, {
            .contact = {"sips:b", 6},
            .call_id = {"c", 1},
            .q_thousandths = 1000,
            .expires_at_ms = 5,
        }, },
    2,
};

static struct record *made_of(const struct binding_list *list)
{
    struct record *record = NULL;

    CHECK_MADE(record_new(SLICE("alice@example.org"), list, &record) == ERR_NONE ? record : NULL);
    check_later(free, record);
    return record;
}

static bool same_binding(const struct binding *a, const struct binding *b)
{
    return slice_equal(a->contact, b->contact) && slice_equal(a->params, b->params)
           && slice_equal(a->call_id, b->call_id) && slice_equal(a->path, b->path)
           && slice_equal(a->flow, b->flow) && slice_equal(a->user_agent, b->user_agent)
           && slice_equal(a->instance, b->instance) && a->reg_id == b->reg_id
           && a->since_ms == b->since_ms && a->cseq == b->cseq
           && a->q_thousandths == b->q_thousandths && a->has_q == b->has_q
           && a->expires_at_ms == b->expires_at_ms;
}

static void what_is_packed_is_read_back(void **state)
{
    struct record *record = made_of(&two);
    struct record_reader reader;
    struct binding binding;
    size_t len = 0;

    (void)state;
    assert_true(record_measure(record_bytes(record), &len));
    assert_int_equal(len, record->len);
    assert_true(record_open(record_bytes(record), &reader));
    CHECK_SLICE(reader.aor, "alice@example.org");
    for (size_t i = 0; i < two.count; i++) {
        assert_true(record_next(&reader, &binding));
        assert_true(same_binding(&binding, &two.items[i]));
    }
    assert_false(record_next(&reader, &binding));
    CHECK_SLICE(record_aor(record_bytes(record)), "alice@example.org");
    assert_int_equal(record_binding_count(record_bytes(record)), 2);
}

/* As the version before this one packed it: six texts, and no instance. */
static void a_record_of_the_first_version_is_read(void **state)
{
    static const char bytes[] = "\1\1\0\1\0a"
                                "\5\0\0\0\0\0\0\0\7\0\0\0\xf4\x81"
                                "\5\0\2\0\1\0\1\0\1\0\1\0sip:b;xcpfu";
    const struct slice packed = {bytes, sizeof(bytes) - 1};
    struct record_reader reader;
    struct binding binding;
    size_t len = 0;

    (void)state;
    assert_true(record_measure(packed, &len));
    assert_int_equal(len, packed.len);
    assert_true(record_open(packed, &reader) && record_next(&reader, &binding));
    CHECK_SLICE(binding.contact, "sip:b");
    CHECK_SLICE(binding.params, ";x");
    CHECK_SLICE(binding.user_agent, "u");
    assert_int_equal(binding.instance.len, 0);
    assert_int_equal(binding.reg_id, 0);
    assert_int_equal(binding.expires_at_ms, 5);
    assert_int_equal(binding.cseq, 7);
    assert_int_equal(binding.q_thousandths, 500);
}

static void no_beginning_of_a_record_is_a_record(void **state)
{
    struct record *record = made_of(&two);

    (void)state;
    for (size_t len = 0; len < record->len; len++) {
        char *bytes = malloc(len + 1); /* so that the sanitizer sees who reads on */
        size_t measured = 0;
        CHECK_MADE(bytes);
        check_later(free, bytes);
        memcpy(bytes, record->packed, len);
        assert_false(record_measure((struct slice){bytes, len}, &measured));
    }
}

static void what_follows_a_record_is_not_part_of_it(void **state)
{
    struct record *record = made_of(&two);
    char bytes[1024];
    size_t len = 0;

    (void)state;
    memcpy(bytes, record->packed, record->len);
    memset(bytes + record->len, 0xff, 100);
    assert_true(record_measure((struct slice){bytes, record->len + 100}, &len));
    assert_int_equal(len, record->len);
}

static void damaged_records_are_refused(void **state)
{
    static const struct {
        const char *label;
        size_t at;
        char value;
    } cases[] = {
        {"another version",                0,                      3   },
        {"more bindings than there are",   1,                      3   },
        {"an AoR longer than the record",  4,                      1   },
        {"a contact longer than the rest", 5 + 17 + 8 + 4 + 2 + 1, 1   },
        {"a q above 1000",                 5 + 17 + 8 + 4 + 1,     0x7f},
    };
    struct record *record = made_of(&two);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char bytes[1024];
        size_t len = 0;
        memcpy(bytes, record->packed, record->len);
        bytes[cases[i].at] = cases[i].value;
        CHECK_CASE(!record_measure((struct slice){bytes, record->len}, &len), cases[i].label);
    }
}

static void what_is_too_long_is_not_packed(void **state)
{
    static const char long_text[UINT16_MAX + 1];
    struct record *record = NULL;
    struct binding binding = {
        .contact = {long_text, sizeof(long_text)}
    };
    struct binding_list one = {&binding, 1};
    struct binding_list none = {0};

    (void)state;
    assert_int_equal(record_new(SLICE("a"), &one, &record), ERR_FULL);
    assert_int_equal(record_new(binding.contact, &none, &record), ERR_FULL);
    assert_null(record);
}

static void is_over_when_its_last_binding_is(void **state)
{
    struct binding_list last = {two.items + 1, 1};
    struct record *record = made_of(&last);

    (void)state;
    assert_false(record_is_over(record_bytes(record), 4));
    assert_true(record_is_over(record_bytes(record), 5));
    assert_false(record_is_over(record_bytes(made_of(&two)), 5));
}

CHECK_MAIN(CHECK_TEST(what_is_packed_is_read_back),
           CHECK_TEST(a_record_of_the_first_version_is_read),
           CHECK_TEST(no_beginning_of_a_record_is_a_record),
           CHECK_TEST(what_follows_a_record_is_not_part_of_it),
           CHECK_TEST(damaged_records_are_refused), CHECK_TEST(what_is_too_long_is_not_packed),
           CHECK_TEST(is_over_when_its_last_binding_is))
