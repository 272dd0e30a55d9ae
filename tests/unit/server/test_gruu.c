/* GRUUs: written and opened again, and what does not open. RFC 5627. */
#include "check.h"

#include "server/gruu.h"

#define AOR      "alice@example.org"
#define INSTANCE "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6" /* RFC 5627 3.2 */

enum { NOW = 1000000 };

static struct server server = {
    .keys.gruu = {1, 2}
};

static struct binding binding_of(const char *instance, uint64_t since_ms)
{
    return (struct binding){.instance = slice_of(instance), .since_ms = since_ms};
}

static struct slice temporary(const struct binding *binding, char text[GRUU_MAX_TEXT])
{
    struct buffer out = buffer_over(text, GRUU_MAX_TEXT);

    gruu_write_temporary(&server, SLICE(AOR), binding, &out);
    assert_false(out.overflowed);
    return buffer_slice(&out);
}

static struct arena *new_arena(void)
{
    struct arena *arena = arena_new(4096, 1 << 20);

    CHECK_MADE(arena);
    return arena;
}

static void free_arena(void *arena)
{
    arena_free(arena);
}

/* The AoR's user, if the URI opens and is valid for one of `bindings`. */
static bool leads_to(struct slice text, const struct binding *bindings, size_t count, size_t *left)
{
    struct arena *arena = new_arena();
    struct binding copies[4];
    struct binding_list list = {copies, count};
    struct sip_uri uri;
    struct gruu gruu;

    check_later(free_arena, arena);
    memcpy(copies, bindings, count * sizeof(*bindings));
    if (!sip_uri_parse(text, &uri) || !gruu_is_meant(&uri)
        || !gruu_read(&server, &uri, arena, &gruu) || !slice_equal(gruu.user, SLICE("alice"))
        || !gruu_choose(&server, &gruu, &list))
        return false;
    *left = list.count;
    return true;
}

static void a_public_one_says_the_instance_and_leads_to_it(void **state)
{
    char text[GRUU_MAX_TEXT];
    struct buffer out = buffer_over(text, sizeof(text));
    const struct binding bindings[] = {binding_of("urn:x", 1), binding_of(INSTANCE, 1),
                                       binding_of("", 0), binding_of(INSTANCE, 2)};
    size_t left = 0;

    (void)state;
    gruu_write_public(SLICE(AOR), &bindings[1], &out);
    CHECK_SLICE(buffer_slice(&out), "sip:" AOR ";gr=" INSTANCE);
    assert_true(leads_to(buffer_slice(&out), bindings, 4, &left));
    assert_int_equal(left, 2);
    assert_true(leads_to(buffer_slice(&out), bindings, 1, &left)); /* not registered, and valid */
    assert_int_equal(left, 0);

    out = buffer_over(text, sizeof(text));
    const struct binding odd = binding_of("urn:a;b=c?d", 1);
    gruu_write_public(SLICE(AOR), &odd, &out);
    CHECK_SLICE(buffer_slice(&out), "sip:" AOR ";gr=urn:a%3bb%3dc%3fd");
    assert_true(leads_to(buffer_slice(&out), &odd, 1, &left));
    assert_int_equal(left, 1);
}

/* RFC 5630 5.2.1 */
static void with_a_sips_contact_both_are_sips(void **state)
{
    struct binding binding = binding_of(INSTANCE, NOW);
    char text[GRUU_MAX_TEXT];
    struct buffer out = buffer_over(text, sizeof(text));
    size_t left = 0;

    (void)state;
    binding.contact = SLICE("sips:alice@192.0.2.1");
    gruu_write_public(SLICE(AOR), &binding, &out);
    CHECK_SLICE(buffer_slice(&out), "sips:" AOR ";gr=" INSTANCE);
    assert_true(leads_to(buffer_slice(&out), &binding, 1, &left));
    struct slice gruu = temporary(&binding, text);
    assert_true(slice_starts_with(gruu, SLICE("sips:tgruu.")));
    assert_true(leads_to(gruu, &binding, 1, &left));
}

static void a_temporary_one_leads_to_its_instance_as_long_as_that_keeps_its_call_id(void **state)
{
    const struct binding made_for = binding_of(INSTANCE, NOW);
    static const struct {
        const char *first, *second;
        uint64_t first_ms, second_ms;
        size_t left; /* 0: it is valid no more */
        const char *label;
    } cases[] = {
        {INSTANCE, "urn:x",  NOW,     NOW + 9, 1, "beside another instance"  },
        {INSTANCE, INSTANCE, NOW,     NOW,     2, "two flows"                },
        {INSTANCE, INSTANCE, NOW,     NOW + 1, 0, "one has another Call-ID"  },
        {INSTANCE, "urn:x",  NOW + 1, NOW,     0, "it has been gone, or anew"},
        {"urn:x",  "urn:y",  NOW,     NOW,     0, "others of the same age"   },
    };
    char text[GRUU_MAX_TEXT];
    struct slice gruu = temporary(&made_for, text);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct binding bindings[] = {binding_of(cases[i].first, cases[i].first_ms),
                                           binding_of(cases[i].second, cases[i].second_ms)};
        size_t left = 0;
        CHECK_CASE(leads_to(gruu, bindings, 2, &left) == (cases[i].left > 0), cases[i].label);
        CHECK_CASE(left == cases[i].left, cases[i].label);
    }
}

/* RFC 5627 5.1: of two nobody can tell whether they are the same user's. */
static void two_temporary_ones_have_nothing_in_common(void **state)
{
    const struct binding binding = binding_of(INSTANCE, NOW);
    char text[GRUU_MAX_TEXT], other_text[GRUU_MAX_TEXT];
    struct slice one = temporary(&binding, text), other = temporary(&binding, other_text);
    size_t same = 0, start = strlen("sip:tgruu.");

    (void)state;
    assert_int_equal(one.len, other.len);
    assert_null(memmem(one.ptr, one.len, "alice", 5));
    size_t end = slice_find(one, '@');
    for (size_t i = start; i < end; i++)
        same += one.ptr[i] == other.ptr[i];
    assert_true(same < (end - start) / 4); /* by chance: one in 64 */
}

static void what_was_changed_does_not_open(void **state)
{
    const struct binding binding = binding_of(INSTANCE, NOW);
    char text[GRUU_MAX_TEXT];
    struct slice gruu = temporary(&binding, text);
    size_t left;

    (void)state;
    assert_true(leads_to(gruu, &binding, 1, &left));
    for (size_t i = strlen("sip:"); i < slice_find(gruu, '@'); i++) {
        char right = text[i];
        text[i] = right == 'A' ? 'B' : 'A';
        assert_false(leads_to(gruu, &binding, 1, &left));
        text[i] = right;
    }
    server.keys.gruu.k1++;
    assert_false(leads_to(gruu, &binding, 1, &left));
    server.keys.gruu.k1--;
    assert_false(leads_to(SLICE("sip:tgruu.@example.org;gr"), &binding, 1, &left));
    assert_false(leads_to(SLICE("sip:alice@example.org;gr"), &binding, 1, &left));
    assert_false(leads_to(SLICE("sip:example.org;gr"), &binding, 1, &left));
}

CHECK_MAIN(CHECK_TEST(a_public_one_says_the_instance_and_leads_to_it),
           CHECK_TEST(with_a_sips_contact_both_are_sips),
           CHECK_TEST(a_temporary_one_leads_to_its_instance_as_long_as_that_keeps_its_call_id),
           CHECK_TEST(two_temporary_ones_have_nothing_in_common),
           CHECK_TEST(what_was_changed_does_not_open))
