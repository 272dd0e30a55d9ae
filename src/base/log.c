/* Formatting lines. */
#include "base/log.h"

#include "base/buffer.h"

enum {
    MAX_VALUE = 512, /* bytes of a value as it is written, escapes included */
    MAX_LINE = LINES_MAX_LINE,
    LINE_END = 2, /* "}\n" */
};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

/* RFC 3339, in UTC. What makes up the second is written once for it. */
static void add_time(struct buffer *line, struct log_clock *clock)
{
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    if (clock->text_len == 0 || now.tv_sec != clock->second) {
        gmtime_r(&now.tv_sec, &tm);
        clock->text_len = strftime(clock->text, sizeof(clock->text), "%Y-%m-%dT%H:%M:%S", &tm);
        clock->second = now.tv_sec;
    }
    unsigned ms = (unsigned)(now.tv_nsec / 1000000);
    const char fraction[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10),
                             (char)('0' + ms % 10), 'Z'};
    buffer_add(line, (struct slice){clock->text, clock->text_len});
    buffer_add(line, (struct slice){fraction, sizeof(fraction)});
}

/* What a byte asks for: quotes around its value, in a text line; an escape. */
enum { QUOTES = 1, ESCAPE = 2 };

static const uint8_t needs[256] = {
    [0 ... 0x1f] = QUOTES | ESCAPE, [' '] = QUOTES,
    ['"'] = QUOTES | ESCAPE,        ['='] = QUOTES,
    ['\\'] = QUOTES | ESCAPE,       [0x7f ... 0xff] = QUOTES | ESCAPE,
};

/* Of any of its bytes: one look for all that has to be decided. */
static uint8_t needs_of(struct slice value)
{
    uint8_t found = 0;

    for (size_t i = 0; i < value.len; i++)
        found |= needs[(unsigned char)value.ptr[i]];
    return found;
}

/* How much of `text`, up to `max` bytes, stands for itself. */
static size_t count_plain(struct slice text, size_t max)
{
    size_t count = 0;

    while (count < text.len && count < max && (needs[(unsigned char)text.ptr[count]] & ESCAPE) == 0)
        count++;
    return count;
}

static void add_escape(struct buffer *line, char c)
{
    if (c == '"' || c == '\\') {
        buffer_add_char(line, '\\');
        buffer_add_char(line, c);
    } else {
        buffer_add_text(line, "\\u00");
        buffer_add_hex(line, &c, 1);
    }
}

/* As a JSON string escapes; bytes above ASCII come out as if they were Latin-1. */
static void add_escaped(struct buffer *line, struct slice value)
{
    const size_t end = line->len + MAX_VALUE;

    while (value.len > 0 && line->len < end && !line->overflowed) {
        size_t count = count_plain(value, end - line->len);
        buffer_add(line, (struct slice){value.ptr, count});
        value = slice_after(value, count);
        if (value.len > 0 && line->len < end) {
            add_escape(line, value.ptr[0]);
            value = slice_after(value, 1);
        }
    }
    if (value.len > 0)
        buffer_add_text(line, "...");
}

/* Nearly always it stands for itself. */
static void add_value(struct buffer *line, struct slice value, uint8_t found)
{
    if (value.len <= MAX_VALUE && (found & ESCAPE) == 0)
        buffer_add(line, value);
    else
        add_escaped(line, value);
}

static void add_text_field(struct buffer *line, const struct log_field *field)
{
    uint8_t found = needs_of(field->value);
    struct slice quote = (found & QUOTES) != 0 ? SLICE("\"") : SLICE_NONE;

    buffer_add_char(line, ' ');
    buffer_add_text(line, field->name);
    buffer_add_char(line, '=');
    buffer_add(line, quote);
    add_value(line, field->value, found);
    buffer_add(line, quote);
}

static void add_json_field(struct buffer *line, const struct log_field *field)
{
    buffer_add_text(line, ",\"");
    buffer_add_text(line, field->name);
    buffer_add_text(line, "\":\"");
    add_value(line, field->value, needs_of(field->value));
    buffer_add_char(line, '"');
}

static void add_text_start(struct buffer *line, enum log_level level, const char *event)
{
    buffer_add_char(line, ' ');
    buffer_add_text(line, level_names[level]);
    buffer_add_text(line, ": ");
    buffer_add_text(line, event);
}

static void add_json_start(struct buffer *line, enum log_level level, const char *event)
{
    buffer_add_text(line, "\",\"level\":\"");
    buffer_add_text(line, level_names[level]);
    buffer_add_text(line, "\",\"event\":\"");
    add_escaped(line, slice_of(event));
    buffer_add_char(line, '"');
}

static void add_start(struct buffer *line, enum log_format format, struct log_clock *clock,
                      enum log_level level, const char *event)
{
    if (format == LOG_JSON)
        buffer_add_text(line, "{\"time\":\"");
    add_time(line, clock);
    if (format == LOG_JSON)
        add_json_start(line, level, event);
    else
        add_text_start(line, level, event);
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
static size_t write_line(char *memory, enum log_format format, struct log_clock *clock,
                         enum log_level level, const char *event, const struct log_field *fields,
                         size_t count)
{
    struct buffer line = buffer_over(memory, MAX_LINE - LINE_END);

    add_start(&line, format, clock, level, event);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].value.len > 0)
            add_field(&line, format, &fields[i]);
    }
    line.max = MAX_LINE;
    buffer_add_text(&line, format == LOG_JSON ? "}\n" : "\n");
    return line.len;
}

void log_batch_init(struct log_batch *batch, struct log *log)
{
    batch->log = log;
    batch->clock.text_len = 0;
    lines_init(&batch->lines, log->fd, &log->gate);
}

void log_write(struct log_batch *batch, enum log_level level, const char *event,
               const struct log_field *fields, size_t count)
{
    char *memory = lines_begin(&batch->lines);

    if (memory != NULL)
        lines_end(&batch->lines, write_line(memory, batch->log->format, &batch->clock, level, event,
                                            fields, count));
}

static const char lost_lines[] = "log lines lost, for nobody read them";

void log_flush(struct log_batch *batch)
{
    unsigned long lost = lines_flush(&batch->lines);
    char digits[20];
    struct buffer count = buffer_over(digits, sizeof(digits));

    if (lost == 0)
        return;
    buffer_add_u64(&count, lost);
    LOG(batch, LOG_ERROR, lost_lines, {"count", buffer_slice(&count)});
}

bool log_is_waiting(const struct log_batch *batch)
{
    return batch->lines.len > 0;
}

static unsigned long write_now(struct log *log, enum log_level level, const char *event,
                               const struct log_field *fields, size_t count)
{
    struct log_clock clock = {0};
    char text[MAX_LINE];

    size_t len = write_line(text, log->format, &clock, level, event, fields, count);
    return lines_write_now(log->fd, &log->gate, (struct slice){text, len});
}

void log_write_now(struct log *log, enum log_level level, const char *event,
                   const struct log_field *fields, size_t count)
{
    char digits[20];
    struct buffer lost_count = buffer_over(digits, sizeof(digits));

    if (level < log->level)
        return;
    unsigned long lost = write_now(log, level, event, fields, count);
    if (lost == 0)
        return;
    buffer_add_u64(&lost_count, lost);
    const struct log_field told = {"count", buffer_slice(&lost_count)};
    (void)write_now(log, LOG_ERROR, lost_lines, &told, 1);
}
