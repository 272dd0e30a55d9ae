/* Lines through a pipe whose reader stops, and goes on. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lines.h"

enum { MAX_OUTPUT = 4 << 20 };

struct pipe {
    int reader;
    int writer;
    char *read; /* what has been read so far */
    size_t read_len;
};

static void close_pipe(void *arg)
{
    struct pipe *p = arg;

    if (p->reader >= 0)
        close(p->reader);
    close(p->writer);
    free(p->read);
}

static void open_pipe(struct pipe *p)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    *p = (struct pipe){.reader = ends[0], .writer = ends[1], .read = malloc(MAX_OUTPUT)};
    check_later(close_pipe, p);
    CHECK_MADE(p->read);
    assert_int_equal(fcntl(p->reader, F_SETFL, O_NONBLOCK), 0);
}

static struct lines *new_lines(const struct pipe *p, struct lines_gate *gate)
{
    struct lines *lines = malloc(sizeof(*lines));

    CHECK_MADE(lines);
    check_later(free, lines);
    lines_init(lines, p->writer, gate);
    return lines;
}

static void read_all(struct pipe *p)
{
    ssize_t len;

    while ((len = read(p->reader, p->read + p->read_len, MAX_OUTPUT - p->read_len)) > 0)
        p->read_len += (size_t)len;
}

/* A line that says its number twice, and how long it is by being so. False: it is lost. */
static bool add_line(struct lines *lines, char writer, unsigned number)
{
    char *at = lines_begin(lines);

    if (at == NULL)
        return false;
    int len = snprintf(at, LINES_MAX_LINE, "%c %u %*u\n", writer, number, 60 + (int)(number % 90),
                       number);
    lines_end(lines, (size_t)len);
    return true;
}

/* The next of `writer`'s lines in what was read is whole; its number. */
static bool next_line(struct slice *text, char *writer, unsigned *number)
{
    unsigned again;

    if (text->len == 0)
        return false;
    assert_int_equal(sscanf(text->ptr, "%c %u %u", writer, number, &again), 3);
    assert_int_equal(again, *number);
    *text = slice_after(*text, slice_find(*text, '\n') + 1);
    return true;
}

static void nobody_waits_for_who_does_not_read(void **state)
{
    struct lines_gate gate = {0};
    unsigned long lost = 0;
    unsigned number, expected = 0;
    char writer;
    struct pipe p;

    (void)state;
    open_pipe(&p);
    struct lines *lines = new_lines(&p, &gate);
    for (unsigned i = 0; i < 5000; i++) {
        lost += !add_line(lines, 'a', i);
        if (i % 10 == 9)
            assert_int_equal(lines_flush(lines), 0);
    }
    assert_true(lost > 0);
    assert_true(lines->is_stuck);
    while (lines->len > 0) {
        read_all(&p);
        unsigned long told = lines_flush(lines);
        assert_int_equal(told, lines->len == 0 ? lost : 0);
    }
    read_all(&p);
    assert_true(add_line(lines, 'a', 9999));
    assert_int_equal(lines_flush(lines), 0); /* told once */
    read_all(&p);
    struct slice text = {p.read, p.read_len};
    for (; expected < 5000 - lost; expected++) {
        assert_true(next_line(&text, &writer, &number));
        assert_int_equal(number, expected);
    }
    assert_true(next_line(&text, &writer, &number));
    assert_int_equal(number, 9999);
    assert_int_equal(text.len, 0);
}

static void lines_of_several_threads_do_not_mix(void **state)
{
    struct lines_gate gate = {0};
    unsigned number, next[2] = {0, 0};
    char writer;
    struct pipe p;

    (void)state;
    open_pipe(&p);
    struct lines *batches[] = {new_lines(&p, &gate), new_lines(&p, &gate)};
    for (unsigned i = 0; i < 2000; i++) {
        assert_true(add_line(batches[0], 'a', i));
        assert_true(add_line(batches[1], 'b', i));
        if (i % 100 == 99) {
            while (lines_flush(batches[0]) + lines_flush(batches[1]) + batches[0]->len
                       + batches[1]->len
                   > 0)
                read_all(&p);
        }
    }
    read_all(&p);
    struct slice text = {p.read, p.read_len};
    while (next_line(&text, &writer, &number))
        assert_int_equal(number, next[writer - 'a']++);
    assert_int_equal(next[0], 2000);
    assert_int_equal(next[1], 2000);
}

static void a_line_by_itself_is_lost_rather_than_waited_for(void **state)
{
    static const char line[1000] = {[998] = 'x', [999] = '\n'};
    struct lines_gate gate = {0};
    unsigned long lost = 0;
    struct pipe p;

    (void)state;
    open_pipe(&p);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(lines_write_now(p.writer, &gate, (struct slice){line, sizeof(line)}), 0);
        lost = atomic_load(&gate.lost);
    }
    assert_true(lost > 0);
    read_all(&p);
    assert_int_equal(p.read_len, (1000 - lost) * sizeof(line));
    assert_int_equal(lines_write_now(p.writer, &gate, SLICE("\n")), lost);
}

static void a_reader_that_is_gone_is_not_waited_for(void **state)
{
    struct lines_gate gate = {0};
    struct pipe p;

    (void)state;
    open_pipe(&p);
    struct lines *lines = new_lines(&p, &gate);
    signal(SIGPIPE, SIG_IGN);
    close(p.reader);
    p.reader = -1;
    for (unsigned i = 0; i < 5000; i++)
        assert_true(add_line(lines, 'a', i));
    assert_int_equal(lines_flush(lines), 0);
    assert_int_equal(lines->len, 0);
}

CHECK_MAIN(CHECK_TEST(nobody_waits_for_who_does_not_read),
           CHECK_TEST(lines_of_several_threads_do_not_mix),
           CHECK_TEST(a_line_by_itself_is_lost_rather_than_waited_for),
           CHECK_TEST(a_reader_that_is_gone_is_not_waited_for))
