/*
 * Framing: RFC 3261 7.5 and 18.3, keep-alives of RFC 5626 3.5.1. A message is read in place where
 * the input has all of it; only one that is torn apart by the end of an input is copied together.
 */
#include "sip/stream.h"

#include <assert.h>
#include <stdlib.h>

enum {
    FIRST_SIZE = 1024, /* most heads are shorter */
    HOLD_STEP = 1024,  /* so much is copied at a time while the end of the head is sought */
};

static bool eat_keep_alives(struct sip_stream *stream);
static enum sip_stream_news read_message(struct sip_stream *stream, struct slice *out);
static enum sip_stream_news refuse(struct sip_stream *stream, struct slice *out);
static enum sip_stream_news deliver(struct sip_stream *stream, size_t len, struct slice *out);

void sip_stream_init(struct sip_stream *stream, size_t max_bytes)
{
    *stream = (struct sip_stream){.max_bytes = max_bytes};
}

static void let_go(struct sip_stream *stream)
{
    free(stream->held);
    stream->held = NULL;
    stream->held_len = 0;
    stream->held_size = 0;
    stream->is_handed_out = false;
}

void sip_stream_fini(struct sip_stream *stream)
{
    let_go(stream);
}

void sip_stream_feed(struct sip_stream *stream, struct slice input)
{
    assert(stream->input.len == 0);
    stream->input = input;
}

static void skip(struct sip_stream *stream)
{
    size_t skipped =
        stream->to_skip < stream->input.len ? (size_t)stream->to_skip : stream->input.len;

    stream->to_skip -= skipped;
    stream->input = slice_after(stream->input, skipped);
}

enum sip_stream_news sip_stream_next(struct sip_stream *stream, struct slice *out)
{
    *out = SLICE_NONE;
    if (stream->is_handed_out)
        let_go(stream);
    if (stream->is_lost)
        stream->input = SLICE_NONE;
    skip(stream);
    if (stream->held_len == 0 && eat_keep_alives(stream))
        return SIP_STREAM_PING;
    if (stream->held_len == 0 && stream->input.len == 0)
        return SIP_STREAM_WANTS_MORE;
    return read_message(stream, out);
}

bool sip_stream_is_inside(const struct sip_stream *stream)
{
    return !stream->is_lost
           && ((stream->held_len > 0 && !stream->is_handed_out) || stream->to_skip > 0);
}

/*
 * Line ends before a start line are ignored (RFC 3261 7.5), a pong (RFC 5626 4.4.1) among them.
 * True: they were a ping.
 */
static bool eat_keep_alives(struct sip_stream *stream)
{
    static const char ping[] = {'\r', '\n', '\r', '\n'};

    while (stream->input.len > 0) {
        char c = stream->input.ptr[0];
        if (c != '\r' && c != '\n') {
            stream->ping_len = 0;
            return false;
        }
        stream->ping_len = c == ping[stream->ping_len] ? stream->ping_len + 1 : c == '\r';
        stream->input = slice_after(stream->input, 1);
        if (stream->ping_len == sizeof(ping)) {
            stream->ping_len = 0;
            return true;
        }
    }
    return false;
}

static bool grow(struct sip_stream *stream, size_t needed)
{
    size_t size = stream->held_size > 0 ? stream->held_size : FIRST_SIZE;

    while (size < needed)
        size *= 2;
    if (size > stream->max_bytes)
        size = stream->max_bytes;
    if (size <= stream->held_size)
        return true;

    char *held = realloc(stream->held, size);
    if (held == NULL)
        return false;
    stream->held = held;
    stream->held_size = size;
    return true;
}

/* Moves `count` bytes, or as many as there are, from the input to what is held. */
static bool hold(struct sip_stream *stream, size_t count)
{
    if (count > stream->input.len)
        count = stream->input.len;
    if (count > stream->max_bytes - stream->held_len)
        count = stream->max_bytes - stream->held_len;
    if (!grow(stream, stream->held_len + count))
        return false;
    memcpy(stream->held + stream->held_len, stream->input.ptr, count);
    stream->held_len += count;
    stream->input = slice_after(stream->input, count);
    return true;
}

/* Of what was held last, moves back to the input what lies behind the first `len` bytes. */
static void hold_only(struct sip_stream *stream, size_t len)
{
    size_t surplus = stream->held_len - len;

    stream->input.ptr -= surplus;
    stream->input.len += surplus;
    stream->held_len = len;
}

/* What can be seen of the message: where it stands depends on where it began. */
static struct slice seen(const struct sip_stream *stream)
{
    struct slice all = stream->input;

    if (stream->held_len > 0)
        all = (struct slice){stream->held, stream->held_len};
    if (all.len > stream->max_bytes)
        all.len = stream->max_bytes;
    return all;
}

/* There will be no more messages. `len` bytes of this one are handed out. */
static enum sip_stream_news give_up(struct sip_stream *stream, enum sip_stream_news reason,
                                    size_t len, struct slice *out)
{
    *out = (struct slice){seen(stream).ptr, len};
    stream->is_handed_out = stream->held_len > 0;
    stream->is_lost = true;
    return reason;
}

static enum sip_stream_news read_message(struct sip_stream *stream, struct slice *out)
{
    while (!sip_scan_head(&stream->scan, seen(stream))) {
        if (seen(stream).len == stream->max_bytes)
            return give_up(stream, SIP_STREAM_TOO_LARGE, stream->scan.line, out);
        if (stream->input.len == 0)
            return SIP_STREAM_WANTS_MORE;
        /* The scan has seen all of an input that it read in place. */
        if (!hold(stream, stream->held_len == 0 ? stream->input.len : HOLD_STEP))
            return give_up(stream, SIP_STREAM_LOST, 0, out);
    }
    if (stream->scan.length != SIP_LENGTH_KNOWN)
        return give_up(stream, SIP_STREAM_LOST, stream->scan.head_len, out);
    if (stream->scan.body_len > stream->max_bytes - stream->scan.head_len)
        return refuse(stream, out);
    return deliver(stream, stream->scan.head_len + (size_t)stream->scan.body_len, out);
}

/* Lends the first `len` bytes to the caller; the next message may begin behind them. */
static void hand_out(struct sip_stream *stream, size_t len, struct slice *out)
{
    *out = (struct slice){seen(stream).ptr, len};
    stream->scan = (struct sip_scan){0};
    if (stream->held_len > 0)
        stream->is_handed_out = true;
    else
        stream->input = slice_after(stream->input, len);
}

/* The head alone; the body goes by unread. */
static enum sip_stream_news refuse(struct sip_stream *stream, struct slice *out)
{
    size_t head_len = stream->scan.head_len;

    stream->to_skip = stream->scan.body_len;
    if (stream->held_len > 0)
        hold_only(stream, head_len);
    hand_out(stream, head_len, out);
    return SIP_STREAM_TOO_LARGE;
}

static enum sip_stream_news deliver(struct sip_stream *stream, size_t len, struct slice *out)
{
    bool is_in_place = stream->held_len == 0 && stream->input.len >= len;

    if (!is_in_place) {
        if (stream->held_len > len)
            hold_only(stream, len);
        if (!hold(stream, len - stream->held_len))
            return give_up(stream, SIP_STREAM_LOST, 0, out);
        if (stream->held_len < len)
            return SIP_STREAM_WANTS_MORE;
    }
    hand_out(stream, len, out);
    return SIP_STREAM_MESSAGE;
}
