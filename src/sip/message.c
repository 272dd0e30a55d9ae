/*
 * Reading a message: RFC 3261 7. One pass finds the lines and names the header fields; what is
 * wrong is noted and the rest is read all the same, so that the sender can be told.
 */
#include "sip/message.h"

#include "sip/grammar.h"
#include "sip/lines.h"
#include "sip/start_line.h"

/* The first fault counts: what follows may only be its consequence. */
struct reader {
    struct sip_message *msg;
    struct sip_fault *fault;
    bool is_sound;
};

static void read_start_line(struct reader *r, struct lines *lines);
static void read_headers(struct reader *r, struct lines *lines);
static void read_body(struct reader *r, struct slice rest);

bool sip_message_parse(struct slice bytes, struct sip_message *out, struct sip_fault *fault)
{
    struct reader r = {.msg = out, .fault = fault, .is_sound = true};
    struct cursor c = cursor_over(bytes);

    memset(out, 0, offsetof(struct sip_message, basics.from));
    out->request_uri.text = SLICE_NONE;
    /* RFC 3261 7.5: any CRLF before the start line is to be ignored. */
    while (eat_char(&c, '\r') || eat_char(&c, '\n'))
        continue;
    out->bytes = slice_between(c.at, c.end);
    struct lines lines = lines_in(c.at, c.end);
    read_start_line(&r, &lines);
    read_headers(&r, &lines);
    read_body(&r, slice_between(lines.at, lines.end));
    return r.is_sound;
}

static void note_fault(struct reader *r, uint16_t status, const char *phrase)
{
    if (r->is_sound)
        *r->fault = (struct sip_fault){status, phrase};
    r->is_sound = false;
}

static inline void read_start_line(struct reader *r, struct lines *lines)
{
    struct slice line;

    if (!eat_line(lines, &line))
        note_fault(r, 400, "Missing Start Line");
    else if (!sip_start_line_parse(line, r->msg, r->fault))
        r->is_sound = false;
}

/* --- header fields --- */

/* Out of line: it is seldom needed, and the loop over the lines wants the registers. */
static __attribute__((noinline)) void link_repeat(struct sip_message *msg, uint8_t id, size_t index)
{
    bool is_second = (msg->repeated_ids & (uint64_t)1 << id) == 0;
    uint8_t before = is_second ? msg->first[id] : msg->last[id];

    msg->headers[before - 1].next = (uint8_t)index;
    msg->repeated_ids |= (uint64_t)1 << id;
    msg->last[id] = (uint8_t)(index + 1);
}

static inline void link_header(struct sip_message *msg, uint8_t id, size_t index)
{
    if (msg->first[id] == 0)
        msg->first[id] = (uint8_t)(index + 1);
    else
        link_repeat(msg, id, index);
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
 * The same for a name in our table, written as there, that fits with its colon in the first 16
 * bytes: what is equal to such a name is a token. SIP_UNKNOWN_HEADER says nothing.
 */
static inline enum sip_header_id find_known_name(const char *at, const char *end, size_t *len)
{
    uint32_t colons = end - at >= 16 ? match16(at, ':') : 0;

    if (colons == 0)
        return SIP_UNKNOWN_HEADER;
    *len = (size_t)__builtin_ctz(colons);
    enum sip_header_id id = sip_header_candidate(at, *len);
    uint32_t name_and_colon = colons ^ (colons - 1);
    return (~equal16(at, sip_header_names[id]) & name_and_colon) == 0 ? id : SIP_UNKNOWN_HEADER;
}

/*
 * message-header = header-name HCOLON header-value. A line that is none is a field without a name:
 * what nobody needs, nobody should stumble over (RFC 3261 16.3 step 1), and phones do send such.
 */
static struct sip_header read_any_header(struct slice line)
{
    struct cursor c = cursor_over(line);
    struct sip_header header = {.id = SIP_UNKNOWN_HEADER};

    if (eat_name(&c, &header.name))
        header.id = (uint8_t)sip_header_find(header.name);
    else
        header.name = (struct slice){line.ptr, 0};
    header.value = slice_trim(slice_between(c.at, c.end));
    return header;
}

/* `end` is the message's: 16 bytes may be looked at where the line has less. */
static inline struct sip_header read_header(struct slice line, const char *end)
{
    size_t len = 0;
    enum sip_header_id id = find_known_name(line.ptr, end, &len);

    if (id == SIP_UNKNOWN_HEADER)
        return read_any_header(line);
    const char *value = line.ptr + len + 1, *line_end = line.ptr + line.len;
    if (value < line_end && *value == ' ') /* mostly there is one, and no more to be trimmed */
        value++;
    return (struct sip_header){
        {line.ptr, len},
        slice_trim(slice_between(value, line_end)), (uint8_t)id, 0
    };
}

static inline void read_headers(struct reader *r, struct lines *lines)
{
    struct sip_message *msg = r->msg;
    const char *start = lines->at;
    size_t count = 0;
    struct slice line;

    for (; !eat_empty_line(lines); start = lines->at) {
        if (!eat_unfolded_line(lines, &line)) {
            note_fault(r, 400, "Missing Empty Line");
            start = lines->at = lines->end;
            break;
        }
        if (count == SIP_MAX_HEADERS) {
            note_fault(r, 513, "Too Many Header Fields");
            continue;
        }
        msg->headers[count] = read_header(line, lines->end);
        link_header(msg, msg->headers[count].id, count);
        count++;
    }
    msg->header_count = (uint16_t)count;
    msg->has_folds = lines->has_folds;
    msg->header_end = (uint32_t)(start - msg->bytes.ptr);
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
static void read_body(struct reader *r, struct slice rest)
{
    struct sip_message *msg = r->msg;
    size_t len;

    msg->body = rest;
    if (!find_body_len(r, &len))
        return;
    if (len > msg->body.len) {
        note_fault(r, 400, "Content-Length Too Large");
        return;
    }
    msg->body.len = len;
    msg->bytes.len = (size_t)(slice_end(msg->body) - msg->bytes.ptr);
}
