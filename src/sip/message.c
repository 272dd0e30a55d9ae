/*
 * Reading a message: RFC 3261 7. One pass finds the lines and names the header fields; what is
 * wrong is noted and the rest is read all the same, so that the sender can be told.
 */
#include "sip/message.h"

#include "sip/grammar.h"
#include "sip/match.h"
#include "sip/start_line.h"

/* The first fault counts: what follows may only be its consequence. */
struct reader {
    struct cursor c;
    struct matches newlines; /* of which none is before `c` */
    struct sip_message *msg;
    struct sip_fault *fault;
    bool is_sound;
};

static void read_start_line(struct reader *r);
static void read_headers(struct reader *r);
static void read_body(struct reader *r);

bool sip_message_parse(struct slice bytes, struct sip_message *out, struct sip_fault *fault)
{
    struct reader r = {.c = cursor_over(bytes), .msg = out, .fault = fault, .is_sound = true};

    memset(out, 0, offsetof(struct sip_message, basics.from));
    /* RFC 3261 7.5: any CRLF before the start line is to be ignored. */
    while (eat_char(&r.c, '\r') || eat_char(&r.c, '\n'))
        continue;
    out->bytes = slice_between(r.c.at, r.c.end);
    r.newlines = matches_in(r.c.at, r.c.end, '\n');
    read_start_line(&r);
    read_headers(&r);
    read_body(&r);
    return r.is_sound;
}

static void note_fault(struct reader *r, uint16_t status, const char *phrase)
{
    if (r->is_sound)
        *r->fault = (struct sip_fault){status, phrase};
    r->is_sound = false;
}

/* A line, without its CRLF or LF. False: there is no line end any more. */
static inline bool eat_line(struct reader *r, struct slice *out)
{
    const char *start = r->c.at;
    const char *newline = next_match(&r->newlines);

    if (newline == NULL)
        return false;
    *out = slice_between(start, newline > start && newline[-1] == '\r' ? newline - 1 : newline);
    r->c.at = newline + 1;
    return true;
}

static void read_start_line(struct reader *r)
{
    struct slice line;

    if (!eat_line(r, &line))
        note_fault(r, 400, "Missing Start Line");
    else if (!sip_start_line_parse(line, r->msg, r->fault))
        r->is_sound = false;
}

/* --- header fields --- */

static inline void link_header(struct sip_message *msg, uint8_t id, uint16_t index)
{
    if (msg->first[id] == 0) {
        msg->first[id] = (uint8_t)(index + 1);
    } else {
        msg->headers[msg->last[id] - 1].next = (uint8_t)index;
        msg->repeated_ids |= (uint64_t)1 << id;
    }
    msg->last[id] = (uint8_t)(index + 1);
}

/* header-name HCOLON; HCOLON = *( SP / HTAB ) ":" SWS */
static bool eat_name(struct cursor *c, struct slice *out)
{
    const char *start = c->at;

    if (eat_token(c, out)) {
        while (eat_char(c, ' ') || eat_char(c, '\t'))
            continue;
        if (eat_char(c, ':'))
            return true;
    }
    c->at = start;
    return false;
}

/*
 * The same for a name in our table that fits, with its colon, in the first 16 bytes: what is equal
 * to such a name is a token. False says nothing.
 */
static inline bool eat_known_name(struct cursor *c, struct slice *out, enum sip_header_id *id)
{
    uint32_t colons = c->end - c->at >= 16 ? match16(c->at, ':') : 0;

    if (colons == 0)
        return false;
    *out = (struct slice){c->at, (size_t)__builtin_ctz(colons)};
    *id = sip_header_find(*out);
    c->at += *id != SIP_UNKNOWN_HEADER ? out->len + 1 : 0;
    return *id != SIP_UNKNOWN_HEADER;
}

/*
 * message-header = header-name HCOLON header-value. A line that is none is a field without a name:
 * what nobody needs, nobody should stumble over (RFC 3261 16.3 step 1), and phones do send such.
 */
static inline void read_header(struct reader *r, struct slice line)
{
    struct sip_message *msg = r->msg;
    struct cursor c = {line.ptr, r->c.end};
    enum sip_header_id id = SIP_UNKNOWN_HEADER;
    struct slice name;

    if (msg->header_count == SIP_MAX_HEADERS) {
        note_fault(r, 513, "Too Many Header Fields");
        return;
    }
    if (!eat_known_name(&c, &name, &id)) {
        c = cursor_over(line);
        if (eat_name(&c, &name))
            id = sip_header_find(name);
        else
            name = (struct slice){line.ptr, 0};
    }
    msg->headers[msg->header_count] =
        (struct sip_header){name, slice_trim(slice_between(c.at, slice_end(line))), (uint8_t)id, 0};
    link_header(msg, (uint8_t)id, msg->header_count++);
}

/* RFC 3261 7.3.1: a line that begins with white space belongs to the one before. */
static inline bool eat_unfolded_line(struct reader *r, struct slice *out)
{
    const char *start = r->c.at;

    if (!eat_line(r, out))
        return false;
    while (!at_end(&r->c) && (*r->c.at == ' ' || *r->c.at == '\t')) {
        if (!eat_line(r, out))
            return false;
        *out = slice_between(start, slice_end(*out));
    }
    return true;
}

/* The empty line ends the header fields, even if white space follows: that is the body's. */
static inline bool eat_empty_line(struct cursor *c)
{
    if (eat_char(c, '\n'))
        return true;
    if (c->end - c->at < 2 || c->at[0] != '\r' || c->at[1] != '\n')
        return false;
    c->at += 2;
    return true;
}

static void read_headers(struct reader *r)
{
    const char *start = r->c.at;
    struct slice line;

    while (!eat_empty_line(&r->c)) {
        if (!eat_unfolded_line(r, &line)) {
            note_fault(r, 400, "Missing Empty Line");
            r->c.at = r->c.end;
            start = r->c.at;
            break;
        }
        read_header(r, line);
        start = r->c.at;
    }
    r->msg->header_end = (uint32_t)(start - r->msg->bytes.ptr);
}

/* --- the body --- */

/*
 * What all Content-Length fields agree on. False: there is none, or nothing that a length could be
 * made of (RFC 4475 3.3.9: nobody knows which of two is meant).
 */
static bool find_body_len(struct reader *r, size_t *out)
{
    const struct sip_header *header = sip_message_header(r->msg, SIP_CONTENT_LENGTH);
    uint64_t len = 0;

    for (bool is_first = true; header != NULL; is_first = false) {
        uint64_t value;
        if (!slice_to_u64(header->value, UINT64_MAX, &value)) {
            note_fault(r, 400, "Malformed Content-Length");
            return false;
        }
        if (!is_first && value != len) {
            note_fault(r, 400, "Multiple Content-Length");
            return false;
        }
        len = value;
        header = sip_message_next(r->msg, header);
    }
    *out = (size_t)len;
    return r->msg->first[SIP_CONTENT_LENGTH] != 0;
}

/* RFC 3261 18.3: what is behind the body is discarded, what is missing of it is an error. */
static void read_body(struct reader *r)
{
    struct sip_message *msg = r->msg;
    size_t len;

    msg->body = slice_between(r->c.at, r->c.end);
    if (!find_body_len(r, &len))
        return;
    if (len > msg->body.len) {
        note_fault(r, 400, "Content-Length Too Large");
        return;
    }
    msg->body.len = len;
    msg->bytes.len = (size_t)(slice_end(msg->body) - msg->bytes.ptr);
}
