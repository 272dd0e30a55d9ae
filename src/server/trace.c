/* Lines of the ladder; each leaves at once, so that those of several workers stand in order. */
#include "server/trace.h"

#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "sip/message.h"

enum { MAX_SHOWN = 120 };

static void add_clock(struct buffer *line, uint64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    char text[16];

    localtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%H:%M:%S", &tm);
    buffer_printf(line, "%s.%03d  ", text, (int)(wall_ms % 1000));
}

/* Text of strangers on a terminal: control characters would be obeyed. */
static void add_safely(struct buffer *line, struct slice text)
{
    for (size_t i = 0; i < text.len && i < MAX_SHOWN; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        buffer_add_char(line, c >= 0x20 && c < 0x7f ? (char)c : '?');
    }
}

static void add_summary(struct buffer *line, const struct sip_message *msg)
{
    if (msg->is_request) {
        add_safely(line, msg->method);
        buffer_add_char(line, ' ');
        add_safely(line, msg->uri);
    } else {
        buffer_printf(line, "%u ", msg->status);
        add_safely(line, msg->reason);
    }
    buffer_add_text(line, "  (");
    add_safely(line, sip_message_value(msg, SIP_CSEQ));
    buffer_add_text(line, ", ");
    add_safely(line, sip_message_value(msg, SIP_CALL_ID));
    buffer_add_char(line, ')');
}

static void write_line(struct buffer *line, const struct worker *w, const struct hop *hop,
                       struct slice bytes, const char *arrow)
{
    char address[80];
    struct buffer peer = buffer_over(address, sizeof(address));
    struct sip_message msg;
    struct sip_fault fault;

    bool is_whole = sip_message_parse(bytes, &msg, &fault);
    net_addr_write(&hop->remote, &peer);
    add_clock(line, w->wall_ms);
    buffer_printf(line, "%21.*s %s tchind  ", SLICE_ARGS(buffer_slice(&peer)), arrow);
    buffer_printf(line, "%.*s  ", SLICE_ARGS(hop_protocol_name(hop->protocol)));
    if (is_whole)
        add_summary(line, &msg);
    else
        buffer_printf(line, "%zu bytes: %s", bytes.len, fault.phrase);
    buffer_add_char(line, '\n');
}

static void trace(struct worker *w, const struct hop *hop, struct slice bytes, const char *arrow)
{
    char *memory = lines_begin(&w->trace);
    struct buffer line = buffer_over(memory, LINES_MAX_LINE);

    if (memory == NULL)
        return;
    write_line(&line, w, hop, bytes, arrow);
    lines_end(&w->trace, line.len);
    trace_flush(w);
}

void trace_init(struct worker *w)
{
    lines_init(&w->trace, STDOUT_FILENO, &w->server->trace_gate);
}

void trace_flush(struct worker *w)
{
    unsigned long lost = lines_flush(&w->trace);
    char *memory = lost > 0 ? lines_begin(&w->trace) : NULL;
    struct buffer line = buffer_over(memory, LINES_MAX_LINE);

    if (memory == NULL)
        return;
    add_clock(&line, w->wall_ms);
    buffer_printf(&line, "%lu lines lost, for nobody read them\n", lost);
    lines_end(&w->trace, line.len);
}

bool trace_is_waiting(const struct worker *w)
{
    return w->trace.len > 0;
}

void trace_received(struct worker *w, const struct hop *from, struct slice bytes)
{
    if (w->settings->traces)
        trace(w, from, bytes, "-->");
}

void trace_sent(struct worker *w, const struct hop *to, struct slice bytes)
{
    if (w->settings->traces)
        trace(w, to, bytes, "<--");
}
