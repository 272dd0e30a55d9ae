/* Log lines, whatever strangers put into them. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

enum { MAX_OUTPUT = 1 << 20, MAX_LINE = 4096 };

static void close_file(void *file)
{
    fclose(file);
}

/* A log that can be read again. */
static struct log new_log(enum log_format format)
{
    FILE *file = tmpfile();

    CHECK_MADE(file);
    check_later(close_file, file);
    return (struct log){.fd = fileno(file), .format = format, .level = LOG_DEBUG};
}

static struct slice written(const struct log *log)
{
    char *text = malloc(MAX_OUTPUT);

    CHECK_MADE(text);
    check_later(free, text);
    ssize_t len = pread(log->fd, text, MAX_OUTPUT, 0);
    assert_true(len >= 0);
    return (struct slice){text, (size_t)len};
}

static size_t count_lines(struct slice text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    return count;
}

/* What follows the time, which is different every time. */
static struct slice after_time(struct slice line)
{
    return slice_after(line, strlen("2024-01-01T00:00:00.000Z"));
}

static void a_text_line_quotes_what_is_not_plain(void **state)
{
    struct log log = new_log(LOG_TEXT);

    (void)state;
    LOG_NOW(&log, LOG_WARNING, "refused", {"aor", SLICE("alice@example.org")},
            {"agent", SLICE("A \"B\" \\ C")}, {"empty", SLICE_NONE}, {"pair", SLICE("a=b")},
            {"bytes", SLICE("\r\n\0\x7f\xff")});
    CHECK_SLICE(after_time(written(&log)),
                " warning: refused aor=alice@example.org agent=\"A \\\"B\\\" \\\\ C\""
                " pair=\"a=b\" bytes=\"\\u000d\\u000a\\u0000\\u007f\\u00ff\"\n");
}

static void a_json_line_is_an_object(void **state)
{
    struct log log = new_log(LOG_JSON);
    const char *start = "{\"time\":\"2024-01-01T00:00:00.000Z";

    (void)state;
    LOG_NOW(&log, LOG_ERROR, "disk \"full\"", {"path", SLICE("C:\\x")}, {"empty", SLICE("")});
    CHECK_SLICE(slice_after(written(&log), strlen(start)),
                "\",\"level\":\"error\",\"event\":\"disk \\\"full\\\"\",\"path\":\"C:\\\\x\"}\n");
}

static bool eat(struct slice *text, char c)
{
    if (text->len == 0 || text->ptr[0] != c)
        return false;
    *text = slice_after(*text, 1);
    return true;
}

static bool eat_json_escape(struct slice *text)
{
    if (eat(text, '"') || eat(text, '\\'))
        return true;
    if (!eat(text, 'u') || text->len < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        if (ascii_hex_value(text->ptr[i]) < 0)
            return false;
    }
    *text = slice_after(*text, 4);
    return true;
}

/* RFC 8259 7, and of what stands for itself only ASCII */
static bool eat_json_string(struct slice *text)
{
    if (!eat(text, '"'))
        return false;
    while (!eat(text, '"')) {
        if (eat(text, '\\')) {
            if (!eat_json_escape(text))
                return false;
        } else if (text->len == 0 || text->ptr[0] < 0x20 || text->ptr[0] > 0x7e) {
            return false;
        } else {
            *text = slice_after(*text, 1);
        }
    }
    return true;
}

/* An object of strings, and a line end. */
static bool eat_json_line(struct slice *text)
{
    if (!eat(text, '{'))
        return false;
    do {
        if (!eat_json_string(text) || !eat(text, ':') || !eat_json_string(text))
            return false;
    } while (eat(text, ','));
    return eat(text, '}') && eat(text, '\n');
}

static void json_is_valid_whatever_the_value(void **state)
{
    struct log log = new_log(LOG_JSON);
    char every_byte[256];

    (void)state;
    for (size_t i = 0; i < sizeof(every_byte); i++) {
        every_byte[i] = (char)i;
        LOG_NOW(&log, LOG_INFO, "byte",
                {
                    "value", {&every_byte[i], 1}
        },
                {"after", SLICE("x")});
    }
    LOG_NOW(&log, LOG_INFO, "bytes",
            {
                "value", {every_byte, sizeof(every_byte)}
    });
    struct slice text = written(&log);
    assert_int_equal(count_lines(text), 257);
    for (int i = 0; i < 257; i++)
        assert_true(eat_json_line(&text));
    assert_int_equal(text.len, 0);
}

static void a_value_that_is_too_long_is_cut(void **state)
{
    struct log log = new_log(LOG_TEXT);
    char value[2000];

    (void)state;
    memset(value, 'a', sizeof(value));
    LOG_NOW(&log, LOG_INFO, "e",
            {
                "v", {value, sizeof(value)}
    },
            {"w", SLICE("x")});
    struct slice text = written(&log);
    assert_in_range(text.len, 512, 600);
    CHECK_SLICE(slice_after(text, text.len - strlen("aa... w=x\n")), "aa... w=x\n");
}

/* Else a stranger could keep what he does out of the log. */
static void no_line_is_lost_for_its_length(void **state)
{
    static const enum log_format formats[] = {LOG_TEXT, LOG_JSON};
    static const char nulls[1000] = {0};
    struct log_field fields[20];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        fields[i] = (struct log_field){
            "name", {nulls, sizeof(nulls)}
        };
    fields[ARRAY_LEN(fields) - 1].value = SLICE("short");
    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        struct log log = new_log(formats[f]);
        log_write_now(&log, LOG_INFO, "event", fields, ARRAY_LEN(fields));
        struct slice text = written(&log);
        assert_in_range(text.len, MAX_LINE / 2, MAX_LINE);
        assert_int_equal(count_lines(text), 1);
        assert_int_equal(text.ptr[text.len - 1], '\n');
        if (formats[f] == LOG_JSON)
            assert_true(eat_json_line(&text));
    }
}

static void lines_below_the_level_are_not_written(void **state)
{
    struct log log = new_log(LOG_TEXT);
    struct log_batch batch;

    (void)state;
    log.level = LOG_WARNING;
    log_batch_init(&batch, &log);
    LOG(&batch, LOG_INFO, "no", {"a", SLICE("b")});
    LOG(&batch, LOG_WARNING, "yes", {"a", SLICE("b")});
    LOG(&batch, LOG_ERROR, "yes", {"a", SLICE("b")});
    LOG_NOW(&log, LOG_DEBUG, "no", {"a", SLICE("b")});
    log_flush(&batch);
    assert_int_equal(count_lines(written(&log)), 2);
}

static struct slice never_evaluated(void)
{
    fail();
    return SLICE_NONE;
}

static void what_is_not_written_costs_no_value(void **state)
{
    struct log log = {.fd = -1, .level = LOG_WARNING};
    struct log_batch batch;

    (void)state;
    log_batch_init(&batch, &log);
    assert_false(log_wants(&batch, LOG_INFO));
    LOG(&batch, LOG_INFO, "no", {"a", never_evaluated()});
}

static void a_batch_waits_until_it_is_full_or_flushed(void **state)
{
    struct log log = new_log(LOG_JSON);
    struct log_batch batch;

    (void)state;
    log_batch_init(&batch, &log);
    LOG(&batch, LOG_INFO, "first", {"a", SLICE("b")});
    assert_int_equal(written(&log).len, 0);
    for (int i = 0; i < 999; i++)
        LOG(&batch, LOG_INFO, "more", {"a", SLICE("b")});
    assert_true(written(&log).len > 0);
    log_flush(&batch);
    log_flush(&batch);
    struct slice text = written(&log);
    assert_int_equal(count_lines(text), 1000);
    while (text.len > 0)
        assert_true(eat_json_line(&text));
}

static void drain(int reader, char *memory, size_t size)
{
    ssize_t len = read(reader, memory, size - 1);

    assert_true(len > 0);
    memory[len] = '\0';
}

static void close_number(void *fd)
{
    close((int)(intptr_t)fd);
}

static void what_was_lost_is_told_when_it_is_read_again(void **state)
{
    static char text[256 * 1024];
    struct log_batch batch;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    check_later(close_number, (void *)(intptr_t)ends[0]);
    check_later(close_number, (void *)(intptr_t)ends[1]);
    struct log log = {.fd = ends[1], .level = LOG_DEBUG};
    log_batch_init(&batch, &log);
    for (int i = 0; i < 5000; i++)
        LOG(&batch, LOG_INFO, "nobody reads", {"a", SLICE("b")});
    LOG_NOW(&log, LOG_ERROR, "nor this", {"a", SLICE("b")});
    assert_true(log_is_waiting(&batch));
    do {
        drain(ends[0], text, sizeof(text));
        log_flush(&batch);
    } while (strstr(text, "log lines lost") == NULL);
    assert_non_null(strstr(text, " error: log lines lost, for nobody read them count="));
    assert_null(strstr(text, "nor this"));
    assert_false(log_is_waiting(&batch));
}

static void a_log_that_cannot_be_written_stops_nobody(void **state)
{
    struct log log = {.fd = -1, .level = LOG_DEBUG};

    (void)state;
    LOG_NOW(&log, LOG_ERROR, "lost", {"a", SLICE("b")});
}

CHECK_MAIN(CHECK_TEST(a_text_line_quotes_what_is_not_plain), CHECK_TEST(a_json_line_is_an_object),
           CHECK_TEST(json_is_valid_whatever_the_value),
           CHECK_TEST(a_value_that_is_too_long_is_cut), CHECK_TEST(no_line_is_lost_for_its_length),
           CHECK_TEST(lines_below_the_level_are_not_written),
           CHECK_TEST(what_is_not_written_costs_no_value),
           CHECK_TEST(a_batch_waits_until_it_is_full_or_flushed),
           CHECK_TEST(what_was_lost_is_told_when_it_is_read_again),
           CHECK_TEST(a_log_that_cannot_be_written_stops_nobody))
