/* Edits change what they name and not a byte beside it. */
#include "check.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "sip/edit.h"

#define START "OPTIONS sip:b@x SIP/2.0\r\n"

static void nothing(struct sip_edits *edits)
{
    (void)edits;
}

static void remove_via(struct sip_edits *edits)
{
    sip_edits_remove_first_value(edits, SIP_VIA);
}

static void put_via(struct sip_edits *edits)
{
    sip_edits_insert_before(edits, SIP_VIA, SLICE("Via: new\r\n"));
}

static void swap_via(struct sip_edits *edits)
{
    put_via(edits);
    remove_via(edits);
}

static void swap_via_in_other_order(struct sip_edits *edits)
{
    remove_via(edits);
    put_via(edits);
}

static void remove_subject(struct sip_edits *edits)
{
    sip_edits_remove_header(edits, sip_message_header(edits->msg, SIP_SUBJECT));
}

static void append_two(struct sip_edits *edits)
{
    sip_edits_append(edits, SLICE("A: 1\r\n"));
    sip_edits_append(edits, SLICE("B: 2\r\n"));
}

static void edit_from_the_end_to_the_start(struct sip_edits *edits)
{
    append_two(edits);
    sip_edits_replace(edits, sip_message_value(edits->msg, SIP_MAX_FORWARDS), SLICE("69"));
    remove_via(edits);
    sip_edits_replace(edits, edits->msg->uri, SLICE("sip:c@y"));
}

static const char two_lines[] = "A: 1\r\nB: 2\r\n";

static void put_two_that_lie_together(struct sip_edits *edits)
{
    sip_edits_insert_before(edits, SIP_VIA, (struct slice){two_lines, 6});
    sip_edits_replace(edits, edits->msg->uri, SLICE("sip:c@y"));
    sip_edits_insert_before(edits, SIP_VIA, (struct slice){two_lines + 6, 6});
    assert_int_equal(edits->count, 2); /* as one */
}

static void put_another_between(struct sip_edits *edits)
{
    sip_edits_insert_before(edits, SIP_VIA, (struct slice){two_lines, 6});
    put_via(edits);
    sip_edits_insert_before(edits, SIP_VIA, (struct slice){two_lines + 6, 6});
}

static void put_and_cut_what_lie_together(struct sip_edits *edits)
{
    sip_edits_insert_before(edits, SIP_VIA, (struct slice){two_lines, 6});
    sip_edits_replace(edits, sip_message_header(edits->msg, SIP_VIA)->name,
                      (struct slice){two_lines + 6, 1});
}

static void edits_leave_the_rest_untouched(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *message;
        void (*edit)(struct sip_edits *edits);
        const char *edited;
        const char *label;
    } cases[] = {
        {START "v:a ,\r\n b\r\n\r\nbody", nothing, START "v:a ,\r\n b\r\n\r\nbody", "no edit"},
        {START "Via: a\r\nVia: b\r\n\r\n", remove_via, START "Via: b\r\n\r\n",
         "a field of its own"},
        {START "v:  a , \t b,c\r\n\r\n", remove_via, START "v:  b,c\r\n\r\n", "a value of three"},
        {START "Via: a,\r\n b\r\n\r\n", remove_via, START "Via: b\r\n\r\n",
         "a comma before a fold"},
        {START "Via: a\r\n ,b\r\n\r\n", remove_via, START "Via: b\r\n\r\n",
         "a fold before a comma"},
        {START "Via: a;x=\"1,2\",b\r\n\r\n", remove_via, START "Via: b\r\n\r\n",
         "a comma in quotes is not the one"},
        {START "Via: , a,, b\r\n\r\n", remove_via, START "Via: b\r\n\r\n",
         "empty values around it"},
        {START "Via: a,\r\nVia: b\r\n\r\n", remove_via, START "Via: b\r\n\r\n",
         "an empty value behind it"},
        {START "Via:\r\nVia: a\r\nVia: b\r\n\r\n", remove_via, START "Via:\r\nVia: b\r\n\r\n",
         "a field without a value before it"},
        {START "s: x\r\nVia: a\r\n  \r\n\r\n", remove_via, START "s: x\r\n\r\n",
         "an empty fold is of the field"},
        {START "s: x\n y\nVia: a\nt: y\n\nhi", remove_subject, START "Via: a\nt: y\n\nhi",
         "line ends without CR"},
        {START "t: y\r\n\r\n", remove_via, START "t: y\r\n\r\n", "no Via to remove"},
        {START "t: y\r\nv:a\r\ns: x\r\nVia: b\r\n\r\n", put_via,
         START "t: y\r\nVia: new\r\nv:a\r\ns: x\r\nVia: b\r\n\r\n", "before the first Via"},
        {START "t: y\r\nv:a\r\n\r\n", put_two_that_lie_together,
         "OPTIONS sip:c@y SIP/2.0\r\nt: y\r\nA: 1\r\nB: 2\r\nv:a\r\n\r\n",
         "two texts of one piece of memory"},
        {START "t: y\r\nv:a\r\n\r\n", put_another_between,
         START "t: y\r\nA: 1\r\nVia: new\r\nB: 2\r\nv:a\r\n\r\n",
         "the same, and another between them"},
        {START "t: y\r\nv:a\r\n\r\n", put_and_cut_what_lie_together,
         START "t: y\r\nA: 1\r\nB:a\r\n\r\n", "the same, and the second takes something's place"},
        {START "t: y\r\ns: x\r\n\r\n", put_via, START "Via: new\r\nt: y\r\ns: x\r\n\r\n",
         "before all, where there is no Via"},
        {START "\r\nhi", put_via, START "Via: new\r\n\r\nhi", "as the only field"},
        {START "Via: a\r\n\r\n", swap_via, START "Via: new\r\n\r\n", "put and removed"},
        {START "Via: a\r\n\r\n", swap_via_in_other_order, START "Via: new\r\n\r\n",
         "removed and put"},
        {START "Via: a, b\r\n\r\n", swap_via, START "Via: new\r\nVia: b\r\n\r\n",
         "put, and one of two removed"},
        {START "s: a\r\n b\r\nt: y\r\n\r\n", remove_subject, START "t: y\r\n\r\n",
         "a folded field"},
        {START "t: y\r\ns:\r\n\r\n", remove_subject, START "t: y\r\n\r\n", "an empty field"},
        {START "t: y\n\nhi", append_two, START "t: y\nA: 1\r\nB: 2\r\n\nhi", "two lines appended"},
        {START "v: a, b\r\nMax-Forwards :  70  \r\n\r\nhi", edit_from_the_end_to_the_start,
         "OPTIONS sip:c@y SIP/2.0\r\nv: b\r\nMax-Forwards :  69  \r\nA: 1\r\nB: 2\r\n\r\nhi",
         "in the order of the message, whatever the order of the calls"},
    };
    /* clang-format on */

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_message msg;
        struct sip_fault fault;
        struct sip_edits edits;
        char memory[256];
        struct buffer out = buffer_over(memory, sizeof(memory));

        CHECK_CASE(sip_message_parse(slice_of(cases[i].message), &msg, &fault), cases[i].label);
        sip_edits_init(&edits, &msg);
        cases[i].edit(&edits);
        CHECK_CASE(sip_edits_apply(&edits, &out), cases[i].label);
        CHECK_CASE(slice_equal(buffer_slice(&out), slice_of(cases[i].edited)), cases[i].label);
    }
}

static void what_does_not_fit_is_told(void **state)
{
    (void)state;
    struct sip_message msg;
    struct sip_fault fault;
    struct sip_edits edits;
    char memory[256];

    assert_true(sip_message_parse(SLICE(START "t: y\r\n\r\n"), &msg, &fault));
    sip_edits_init(&edits, &msg);
    struct buffer small = buffer_over(memory, msg.bytes.len - 1);
    assert_false(sip_edits_apply(&edits, &small));

    for (size_t i = 0; i < SIP_MAX_EDITS; i++)
        sip_edits_append(&edits, SLICE("\r\n"));
    struct buffer large = buffer_over(memory, sizeof(memory));
    assert_true(sip_edits_apply(&edits, &large));
    sip_edits_append(&edits, SLICE("\r\n"));
    assert_true(edits.overflowed);
    large.len = 0;
    assert_false(sip_edits_apply(&edits, &large));
}

/* --- real messages -----------------------------------------------------------------------------
 */

static struct slice edited(const struct sip_message *msg, void (*edit)(struct sip_edits *edits),
                           char *memory)
{
    struct buffer out = buffer_over(memory, SIP_MAX_MESSAGE);
    struct sip_edits edits;

    sip_edits_init(&edits, msg);
    edit(&edits);
    assert_true(sip_edits_apply(&edits, &out));
    return buffer_slice(&out);
}

static size_t count_vias(const struct sip_message *msg)
{
    struct sip_values values = sip_values_of(msg, SIP_VIA);
    struct slice value;
    size_t count = 0;

    while (sip_values_next(&values, &value))
        count++;
    return count;
}

/* Whether `shorter` is `longer` with one piece cut out. */
static bool is_cut_once(struct slice longer, struct slice shorter)
{
    size_t same = 0, same_end = 0;

    while (same < shorter.len && longer.ptr[same] == shorter.ptr[same])
        same++;
    while (same_end < shorter.len
           && longer.ptr[longer.len - 1 - same_end] == shorter.ptr[shorter.len - 1 - same_end])
        same_end++;
    return longer.len > shorter.len && same + same_end >= shorter.len;
}

/* True: it parses, and was checked. */
static bool check_message(struct slice bytes, const char *label)
{
    static char memory[SIP_MAX_MESSAGE], other_memory[SIP_MAX_MESSAGE];
    struct sip_message msg, changed;
    struct sip_fault fault;

    if (!sip_message_parse(bytes, &msg, &fault))
        return false;
    CHECK_CASE(slice_equal(edited(&msg, nothing, memory), msg.bytes), label);

    CHECK_CASE(sip_message_parse(edited(&msg, put_via, memory), &changed, &fault), label);
    CHECK_CASE(count_vias(&changed) == count_vias(&msg) + 1, label);
    CHECK_CASE(slice_equal(edited(&changed, remove_via, other_memory), msg.bytes), label);

    CHECK_CASE(sip_message_parse(edited(&msg, remove_via, memory), &changed, &fault), label);
    CHECK_CASE(count_vias(&msg) == 0 || count_vias(&changed) == count_vias(&msg) - 1, label);
    CHECK_CASE(count_vias(&msg) == 0 || is_cut_once(msg.bytes, changed.bytes), label);
    return true;
}

static size_t check_file(const char *path)
{
    static char memory[SIP_MAX_MESSAGE];
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    size_t len = fread(memory, 1, sizeof(memory), file);
    fclose(file);
    return check_message((struct slice){memory, len}, path);
}

/* How many messages of a folder of the corpora parse. */
static size_t check_corpus(const char *pattern)
{
    const char *corpora = getenv("TCHIN_CORPORA");
    char path[1024];
    size_t count = 0;
    glob_t found;

    (void)snprintf(path, sizeof(path), "%s/%s",
                   corpora != NULL ? corpora : TESTS_DIR "/../../shared/corpora", pattern);
    if (glob(path, 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++)
        count += check_file(found.gl_pathv[i]);
    globfree(&found);
    return count;
}

static void a_via_put_on_and_taken_off_leaves_real_messages_as_they_were(void **state)
{
    (void)state;
    size_t real = check_corpus("realworld/messages/*.sip");
    size_t torture = check_corpus("torture/rfc4475/*.sip");

    if (real + torture == 0) {
        print_message("no corpora: TCHIN_CORPORA names none\n");
        skip();
    }
    assert_true(real > 200);
    assert_true(torture > 30);
}

CHECK_MAIN(CHECK_TEST(edits_leave_the_rest_untouched), CHECK_TEST(what_does_not_fit_is_told),
           CHECK_TEST(a_via_put_on_and_taken_off_leaves_real_messages_as_they_were))
