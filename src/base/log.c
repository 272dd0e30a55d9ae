/* Formatting lines and writing them out. */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"

enum {
    MAX_VALUE = 512, /* bytes of a value as it is written, escapes included */
    MAX_LINE = 4096,
    LINE_END = 2, /* "}\n" */
};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

/* RFC 3339, in UTC. */
static void add_time(struct buffer *line)
{
    struct timespec now;
    struct tm tm;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    buffer_printf(line, "%s.%03dZ", text, (int)(now.tv_nsec / 1000000));
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f && c != '"' && c != '\\';
}

/* As a JSON string escapes; bytes above ASCII come out as if they were Latin-1. */
static void add_escaped(struct buffer *line, struct slice value)
{
    const size_t start = line->len;

    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (line->overflowed || line->len - start >= MAX_VALUE) {
            buffer_add_text(line, "...");
            return;
        }
        if (is_plain(c)) {
            buffer_add_char(line, c);
        } else if (c == '"' || c == '\\') {
            buffer_add_char(line, '\\');
            buffer_add_char(line, c);
        } else {
            buffer_add_text(line, "\\u00");
            buffer_add_hex(line, &c, 1);
        }
    }
}

static bool wants_quotes(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (!is_plain(value.ptr[i]) || value.ptr[i] == ' ' || value.ptr[i] == '=')
            return true;
    }
    return false;
}

static void add_text_field(struct buffer *line, const struct log_field *field)
{
    const char *quote = wants_quotes(field->value) ? "\"" : "";

    buffer_printf(line, " %s=%s", field->name, quote);
    add_escaped(line, field->value);
    buffer_add_text(line, quote);
}

static void add_json_field(struct buffer *line, const struct log_field *field)
{
    buffer_printf(line, ",\"%s\":\"", field->name);
    add_escaped(line, field->value);
    buffer_add_char(line, '"');
}

static void add_text_start(struct buffer *line, enum log_level level, const char *event)
{
    add_time(line);
    buffer_printf(line, " %s: %s", level_names[level], event);
}

static void add_json_start(struct buffer *line, enum log_level level, const char *event)
{
    buffer_add_text(line, "{\"time\":\"");
    add_time(line);
    buffer_printf(line, "\",\"level\":\"%s\",\"event\":\"", level_names[level]);
    add_escaped(line, slice_of(event));
    buffer_add_char(line, '"');
}

/* A field that does not fit is left out as a whole: nobody hides a line by making it too long. */
static void add_field(struct buffer *line, enum log_format format, const struct log_field *field)
{
    const size_t len = line->len;

    if (format == LOG_JSON)
        add_json_field(line, field);
    else
        add_text_field(line, field);
    if (line->overflowed) {
        line->len = len;
        line->overflowed = false;
    }
}

/* One line into `memory`, which has MAX_LINE bytes. */
static size_t write_line(char *memory, enum log_format format, enum log_level level,
                         const char *event, const struct log_field *fields, size_t count)
{
    struct buffer line = buffer_over(memory, MAX_LINE - LINE_END);

    if (format == LOG_JSON)
        add_json_start(&line, level, event);
    else
        add_text_start(&line, level, event);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].value.len > 0)
            add_field(&line, format, &fields[i]);
    }
    line.max = MAX_LINE;
    buffer_add_text(&line, format == LOG_JSON ? "}\n" : "\n");
    return line.len;
}

/* A log that cannot be written must not stop the server: what is lost is lost. */
static void write_all(int fd, struct slice text)
{
    while (text.len > 0) {
        ssize_t written = write(fd, text.ptr, text.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        text = slice_after(text, (size_t)written);
    }
}

void log_batch_init(struct log_batch *batch, struct log *log)
{
    batch->log = log;
    batch->len = 0;
}

void log_write(struct log_batch *batch, enum log_level level, const char *event,
               const struct log_field *fields, size_t count)
{
    if (level < batch->log->level)
        return;
    if (sizeof(batch->text) - batch->len < MAX_LINE)
        log_flush(batch);
    batch->len +=
        write_line(batch->text + batch->len, batch->log->format, level, event, fields, count);
}

void log_flush(struct log_batch *batch)
{
    write_all(batch->log->fd, (struct slice){batch->text, batch->len});
    batch->len = 0;
}

void log_write_now(struct log *log, enum log_level level, const char *event,
                   const struct log_field *fields, size_t count)
{
    char text[MAX_LINE];

    if (level < log->level)
        return;
    size_t len = write_line(text, log->format, level, event, fields, count);
    write_all(log->fd, (struct slice){text, len});
}
