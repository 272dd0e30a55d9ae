/* Framing: whatever portions the bytes come in, the same news comes out. */
#include "check.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "sip/stream.h"

enum { ENOUGH = 1000 };

#define START "A sip:b SIP/2.0\r\n"

static void fini_stream(void *stream)
{
    sip_stream_fini(stream);
}

/* M[message] P for a ping, T[head] L[head] */
static void tell(struct sip_stream *stream, struct slice portion, struct buffer *story)
{
    static const char letters[] = {
        [SIP_STREAM_MESSAGE] = 'M',
        [SIP_STREAM_PING] = 'P',
        [SIP_STREAM_TOO_LARGE] = 'T',
        [SIP_STREAM_LOST] = 'L',
    };
    enum sip_stream_news news;
    struct slice out;

    sip_stream_feed(stream, portion);
    while ((news = sip_stream_next(stream, &out)) != SIP_STREAM_WANTS_MORE) {
        buffer_add_char(story, letters[news]);
        if (news != SIP_STREAM_PING) {
            buffer_add_char(story, '[');
            buffer_add(story, out);
            buffer_add_char(story, ']');
        }
    }
}

/* In portions of `step` bytes, the first of `first` bytes, to a stream made anew. */
static void check_story(struct sip_stream *stream, size_t max_bytes, struct slice input,
                        size_t first, size_t step, const char *expected, const char *label)
{
    char text[4096];
    struct buffer story = buffer_over(text, sizeof(text));

    sip_stream_fini(stream);
    sip_stream_init(stream, max_bytes);
    for (size_t portion = first; input.len > 0; portion = step) {
        portion = portion < input.len ? portion : input.len;
        tell(stream, (struct slice){input.ptr, portion}, &story);
        input = slice_after(input, portion);
    }
    CHECK_CASE(slice_equal(buffer_slice(&story), slice_of(expected)), label);
}

static void the_same_news_comes_of_any_portions(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *input;
        const char *story;
        const char *label;
    } cases[] = {
        {START "l: 0\r\n\r\n", "M[" START "l: 0\r\n\r\n]", "one message"},
        {START "l: 2\r\n\r\nhi" START "l:0\r\n\r\n",
         "M[" START "l: 2\r\n\r\nhi]M[" START "l:0\r\n\r\n]", "two in one segment"},
        {START "Content-length \t:\r\n 2\r\n\r\nhi",
         "M[" START "Content-length \t:\r\n 2\r\n\r\nhi]",
         "Content-Length in any case, with space and a fold"},
        {START "l: 2\n\nhi" START "L: 1\n\r\n!", "M[" START "l: 2\n\nhi]M[" START "L: 1\n\r\n!]",
         "line ends without CR"},
        {START "s: a\r\n l: 7\r\nl: 1\r\n\r\n!", "M[" START "s: a\r\n l: 7\r\nl: 1\r\n\r\n!]",
         "what looks like a field in a fold is none"},
        {START "s: a\r\n \r\nl: 1\r\n\r\n!", "M[" START "s: a\r\n \r\nl: 1\r\n\r\n!]",
         "a line of white space is a fold, not the end"},
        {START "s: a\rl: 7\r\nl: 1\r\n\r\n!", "M[" START "s: a\rl: 7\r\nl: 1\r\n\r\n!]",
         "a CR alone ends no line"},
        {START "l: 1\r\nContent-Length: 01\r\n\r\n!",
         "M[" START "l: 1\r\nContent-Length: 01\r\n\r\n!]", "the same length twice"},
        {"l: 7\r\nl: 0\r\n\r\n", "M[l: 7\r\nl: 0\r\n\r\n]", "the start line is no header field"},
        {"\r\n\r\n", "P", "a ping"},
        {"\r\n", "", "a pong"},
        {"\r\n\r\n\r\n", "P", "a ping and a pong"},
        {"\r\r\n\r\n\r\n\r\n", "PP", "pings after a stray CR"},
        {"\r\n" START "l: 0\r\n\r\n\r\n\r\n\n" START "l: 0\r\n\r\n",
         "M[" START "l: 0\r\n\r\n]PM[" START "l: 0\r\n\r\n]", "line ends between messages"},
        {"\r\n" START "l: 0\r\n\r\n\r\n", "M[" START "l: 0\r\n\r\n]",
         "line ends with a message between them are no ping"},
        {START "l: 4\r\n\r\n\r\n\r\n", "M[" START "l: 4\r\n\r\n\r\n\r\n]", "line ends in a body"},
        {START "s: a\r\n\r\n" START "l: 0\r\n\r\n", "L[" START "s: a\r\n\r\n]",
         "nothing follows where no length is given"},
        {START "l: -1\r\n\r\n", "L[" START "l: -1\r\n\r\n]", "a negative length"},
        {START "l: +1\r\n\r\n", "L[" START "l: +1\r\n\r\n]", "a sign"},
        {START "l:\r\n\r\n", "L[" START "l:\r\n\r\n]", "an empty length"},
        {START "l: 1, 1\r\n\r\n", "L[" START "l: 1, 1\r\n\r\n]", "a list"},
        {START "l: 18446744073709551616\r\n\r\n", "L[" START "l: 18446744073709551616\r\n\r\n]",
         "a length of more than 64 bits"},
        {START "l: 1\r\nContent-Length: 2\r\n\r\n!!",
         "L[" START "l: 1\r\nContent-Length: 2\r\n\r\n]", "two lengths that differ"},
        {START "l: 1\r\nl: x\r\nl: 1\r\n\r\n!!", "L[" START "l: 1\r\nl: x\r\nl: 1\r\n\r\n]",
         "one of three is bad"},
    };
    /* clang-format on */
    struct sip_stream stream = {0};

    check_later(fini_stream, &stream);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice input = slice_of(cases[i].input);
        for (size_t step = 1; step <= 5; step++)
            check_story(&stream, ENOUGH, input, step, step, cases[i].story, cases[i].label);
        for (size_t first = 1; first <= input.len; first++)
            check_story(&stream, ENOUGH, input, first, input.len, cases[i].story, cases[i].label);
    }
}

static void what_is_too_large_is_refused_at_the_ceiling(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        size_t max_bytes;
        const char *input;
        const char *story;
        const char *label;
    } cases[] = {
        {30, START "l: 5\r\n\r\n12345", "M[" START "l: 5\r\n\r\n12345]", "the ceiling is allowed"},
        {30, START "l: 6\r\n\r\n123456" START "l: 1\r\n\r\n!",
         "T[" START "l: 6\r\n\r\n]M[" START "l: 1\r\n\r\n!]", "framing goes on behind the body"},
        {30, START "l: 18446744073709551615\r\n\r\n", "T[" START "]", "a head above the ceiling"},
        {50, START "l: 18446744073709551615\r\n\r\n12",
         "T[" START "l: 18446744073709551615\r\n\r\n]", "a length of 64 bits"},
        {24, START "l: 0\r\n\r\n", "T[" START "]", "a head one byte too long"},
        {25, START "l: 0\r\n\r\n", "M[" START "l: 0\r\n\r\n]", "a head at the ceiling"},
        {17, START "l: 0\r\n\r\n", "T[]", "whether the start line is whole cannot be seen"},
        {10, START "l: 0\r\n\r\n", "T[]", "not even a start line"},
    };
    /* clang-format on */
    struct sip_stream stream = {0};

    check_later(fini_stream, &stream);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice input = slice_of(cases[i].input);
        for (size_t first = 1; first <= input.len; first++) {
            check_story(&stream, cases[i].max_bytes, input, first, input.len, cases[i].story,
                        cases[i].label);
            check_story(&stream, cases[i].max_bytes, input, first, 1, cases[i].story,
                        cases[i].label);
        }
    }
}

static void a_message_that_came_whole_is_not_copied(void **state)
{
    (void)state;
    struct slice input = SLICE(START "l: 2\r\n\r\nhi" START "l: 0\r\n\r\n");
    struct sip_stream stream;
    struct slice out;

    sip_stream_init(&stream, ENOUGH);
    sip_stream_feed(&stream, input);
    assert_int_equal(sip_stream_next(&stream, &out), SIP_STREAM_MESSAGE);
    assert_ptr_equal(out.ptr, input.ptr);
    assert_int_equal(sip_stream_next(&stream, &out), SIP_STREAM_MESSAGE);
    assert_ptr_equal(slice_end(out), slice_end(input));
    assert_int_equal(sip_stream_next(&stream, &out), SIP_STREAM_WANTS_MORE);
    assert_null(stream.held);
}

static void memory_is_held_for_a_torn_message_only(void **state)
{
    (void)state;
    struct slice input = SLICE(START "l: 2\r\n\r\nhi\r\n");
    struct sip_stream stream;
    struct slice out;

    sip_stream_init(&stream, 100000);
    check_later(fini_stream, &stream);
    sip_stream_feed(&stream, (struct slice){input.ptr, 20});
    assert_int_equal(sip_stream_next(&stream, &out), SIP_STREAM_WANTS_MORE);
    CHECK_MADE(stream.held);
    assert_in_range(stream.held_size, 20, 2048);
    sip_stream_feed(&stream, slice_after(input, 20));
    assert_int_equal(sip_stream_next(&stream, &out), SIP_STREAM_MESSAGE);
    assert_int_equal(sip_stream_next(&stream, &out), SIP_STREAM_WANTS_MORE);
    assert_null(stream.held);
}

static void no_byte_is_searched_twice(void **state)
{
    (void)state;
    struct sip_stream stream;
    struct slice out;

    sip_stream_init(&stream, 70000);
    check_later(fini_stream, &stream);
    for (size_t i = 1; i < 60000; i++) {
        sip_stream_feed(&stream, SLICE("x"));
        assert_int_equal(sip_stream_next(&stream, &out), SIP_STREAM_WANTS_MORE);
        assert_int_equal(stream.scan.searched, i);
    }
}

static void a_wait_within_a_message_is_told_from_one_between_messages(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        bool is_inside;
        const char *label;
    } cases[] = {
        {"",                        false, "nothing"                          },
        {"\r\n\r",                  false, "half a ping"                      },
        {"\r\nA",                   true,  "a first letter"                   },
        {START "l: 2\r\n\r\nh",     true,  "half a body"                      },
        {START "l: 2\r\n\r\nhi",    false, "a whole message"                  },
        {START "l: 2000\r\n\r\nhi", true,  "the body of one that is too large"},
        {START "l: x\r\n\r\n",      false, "what is lost is not waited for"   },
    };

    struct sip_stream stream = {0};

    check_later(fini_stream, &stream);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice out;

        sip_stream_fini(&stream);
        sip_stream_init(&stream, ENOUGH);
        sip_stream_feed(&stream, slice_of(cases[i].input));
        while (sip_stream_next(&stream, &out) != SIP_STREAM_WANTS_MORE)
            ;
        CHECK_CASE(sip_stream_is_inside(&stream) == cases[i].is_inside, cases[i].label);
    }
}

CHECK_MAIN(CHECK_TEST(the_same_news_comes_of_any_portions),
           CHECK_TEST(what_is_too_large_is_refused_at_the_ceiling),
           CHECK_TEST(a_message_that_came_whole_is_not_copied),
           CHECK_TEST(memory_is_held_for_a_torn_message_only),
           CHECK_TEST(no_byte_is_searched_twice),
           CHECK_TEST(a_wait_within_a_message_is_told_from_one_between_messages))
