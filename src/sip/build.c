/*
 * Responses (RFC 3261 8.2.6), CANCEL (9.1) and ACK (17.1.1.3), made of values of the message that
 * they belong to. Values are copied as written, only a fold becomes the single space that it means
 * (7.3.1): a line of ours is one line.
 *
 * Lines are written as wholes, for a response is little else than copying.
 */
#include "sip/build.h"

#include <assert.h>

#include "sip/address.h"
#include "sip/status.h"

static inline char *append(char *at, struct slice s)
{
    if (s.len > 0)
        memcpy(at, s.ptr, s.len);
    return at + s.len;
}

/* A fold is the line end and the white space on both of its sides. */
static void add_unfolded(struct buffer *out, struct slice value)
{
    while (value.len > 0) {
        size_t line_len = slice_find(value, '\n');
        buffer_add(out, slice_trim((struct slice){value.ptr, line_len}));
        value = slice_trim(slice_after(value, line_len));
        if (value.len > 0)
            buffer_add_char(out, ' ');
    }
}

/* A line, or the rest of one that begins with what was added before. */
static inline void add_line(struct buffer *out, struct slice start, struct slice value)
{
    char *at = buffer_take(out, start.len + value.len + 2);

    if (at != NULL)
        append(append(append(at, start), value), SLICE("\r\n"));
}

/* The same with a value that was received, and may be folded. */
static void copy_value(struct buffer *out, struct slice start, struct slice value)
{
    if (value.len == 0 || memchr(value.ptr, '\n', value.len) == NULL) {
        add_line(out, start, value);
        return;
    }
    buffer_add(out, start);
    add_unfolded(out, value);
    buffer_add(out, SLICE("\r\n"));
}

/* Lines of a message that stand there as we write them, one behind the other, are copied at once.
 */
struct run {
    struct buffer *out;
    struct slice waiting;
};

static inline void end_run(struct run *run)
{
    buffer_add(run->out, run->waiting);
    run->waiting = SLICE_NONE;
}

static inline void copy_bytes(struct run *run, const char *from, const char *end)
{
    if (from != slice_end(run->waiting)) {
        end_run(run);
        run->waiting.ptr = from;
    }
    run->waiting.len += (size_t)(end - from);
}

/* The line begins with `start`, and ends with its value and CRLF. A line has its LF in any case. */
static inline bool is_as_we_write(const struct sip_message *msg, const struct sip_header *header,
                                  struct slice start)
{
    const char *end = slice_end(header->value);

    return !msg->has_folds && header->value.ptr == header->name.ptr + start.len
           && memcmp(header->name.ptr, start.ptr, start.len) == 0 && end[0] == '\r'
           && end[1] == '\n';
}

static inline void copy_header(struct run *run, struct slice start, const struct sip_message *msg,
                               const struct sip_header *header)
{
    if (is_as_we_write(msg, header, start)) {
        copy_bytes(run, header->name.ptr, slice_end(header->value) + 2);
        return;
    }
    end_run(run);
    copy_value(run->out, start, header->value);
}

/* The first field of that id, if there is one, as `start` names it. */
static inline void copy_field(struct run *run, struct slice start, const struct sip_message *msg,
                              enum sip_header_id id)
{
    const struct sip_header *header = sip_message_header(msg, id);

    if (header != NULL)
        copy_header(run, start, msg, header);
}

static void copy_fields(struct run *run, struct slice start, const struct sip_message *msg,
                        enum sip_header_id id)
{
    const struct sip_header *header = sip_message_header(msg, id);

    for (; header != NULL; header = sip_message_next(msg, header))
        copy_header(run, start, msg, header);
}

/* The field that the topmost Via stands in, with `top_via` in its place. */
static void add_stamped_field(struct buffer *out, struct sip_values values, struct slice top_via)
{
    const struct sip_header *header = values.header;
    struct slice second;

    if (values.rest.len == 0 || !sip_values_next(&values, &second) || values.header != header) {
        add_line(out, SLICE("Via: "), top_via);
        return;
    }
    buffer_add(out, SLICE("Via: "));
    buffer_add(out, top_via);
    copy_value(out, SLICE(", "), slice_between(second.ptr, slice_end(header->value)));
}

/* Whether the topmost Via, as the check has found it, is all of this field. */
static bool is_topmost_alone(const struct sip_message *request, const struct sip_header *header)
{
    struct slice topmost = request->basics.via_text;

    return header != NULL && header->value.ptr == topmost.ptr && header->value.len == topmost.len;
}

static void copy_vias(struct run *run, const struct sip_message *request, struct slice top_via)
{
    const struct sip_header *header = sip_message_header(request, SIP_VIA);
    struct sip_values values = sip_values_of(request, SIP_VIA);
    struct slice first;

    if (top_via.len > 0 && is_topmost_alone(request, header)) {
        add_line(run->out, SLICE("Via: "), top_via);
        header = sip_message_next(request, header);
        top_via = SLICE_NONE;
    }
    bool has_top = top_via.len > 0 && sip_values_next(&values, &first);
    for (; header != NULL; header = sip_message_next(request, header)) {
        if (has_top && header == values.header)
            add_stamped_field(run->out, values, top_via);
        else
            copy_header(run, SLICE("Via: "), request, header);
    }
}

/* Says true too often, for a ";tag" inside quotes or brackets, but never false for a tag. */
static bool may_have_tag(struct slice to)
{
    for (;;) {
        to = slice_after(to, slice_find(to, ';'));
        if (to.len == 0)
            return false;
        to = slice_trim(slice_after(to, 1));
        if (to.len >= 3 && slice_equal_nocase((struct slice){to.ptr, 3}, SLICE("tag")))
            return true;
    }
}

/* A To that cannot be parsed has a tag if it looks so: two tags are worse than none. */
static bool has_tag(struct slice to)
{
    struct sip_address address;
    struct slice tag;

    return may_have_tag(to)
           && (!sip_address_parse(to, &address) || sip_address_param(&address, SLICE("tag"), &tag));
}

static void add_tagged_to(struct run *run, const struct sip_message *request,
                          const struct sip_header *to, struct slice tag)
{
    const struct slice start = SLICE("To: ");
    const char *end = slice_end(to->value);

    if (is_as_we_write(request, to, start)) {
        copy_bytes(run, to->name.ptr, end);
        end_run(run);
        buffer_add(run->out, SLICE(";tag="));
        buffer_add(run->out, tag);
        copy_bytes(run, end, end + 2);
        return;
    }
    end_run(run);
    buffer_add(run->out, start);
    add_unfolded(run->out, to->value);
    add_line(run->out, SLICE(";tag="), tag);
}

static void copy_to(struct run *run, const struct sip_message *request, struct slice tag)
{
    const struct sip_header *to = sip_message_header(request, SIP_TO);

    if (to == NULL)
        return;
    if (tag.len == 0 || has_tag(to->value))
        copy_header(run, SLICE("To: "), request, to);
    else
        add_tagged_to(run, request, to, tag);
}

/* Status-Line = SIP-Version SP Status-Code SP Reason-Phrase CRLF */
static void add_status_line(struct buffer *out, unsigned status, struct slice reason)
{
    const char digits[] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10),
                           (char)('0' + status % 10), ' '};

    assert(status >= 100 && status <= 699);
    buffer_add(out, SLICE("SIP/2.0 "));
    add_line(out, (struct slice){digits, sizeof(digits)},
             reason.len > 0 ? reason : sip_reason_phrase((int)status));
}

void sip_build_reply(struct buffer *out, const struct sip_message *request,
                     const struct sip_reply *reply)
{
    struct run run = {.out = out};

    add_status_line(out, reply->status, reply->reason);
    copy_vias(&run, request, reply->top_via);
    if (reply->wants_record_route)
        copy_fields(&run, SLICE("Record-Route: "), request, SIP_RECORD_ROUTE);
    copy_field(&run, SLICE("From: "), request, SIP_FROM);
    copy_to(&run, request, reply->to_tag);
    copy_field(&run, SLICE("Call-ID: "), request, SIP_CALL_ID);
    copy_field(&run, SLICE("CSeq: "), request, SIP_CSEQ);
    if (reply->status == SIP_100_TRYING)
        copy_field(&run, SLICE("Timestamp: "), request, SIP_TIMESTAMP); /* 8.2.6.1 */
    end_run(&run);
}

void sip_build_request_line(struct buffer *out, struct slice method, struct slice uri)
{
    char *at = buffer_take(out, method.len + 1 + uri.len + strlen(" SIP/2.0\r\n"));

    if (at == NULL)
        return;
    at = append(append(at, method), SLICE(" "));
    append(append(at, uri), SLICE(" SIP/2.0\r\n"));
}

void sip_build_header(struct buffer *out, struct slice name, struct slice value)
{
    char *at = buffer_take(out, name.len + 2 + value.len + 2);

    if (at == NULL)
        return;
    at = append(append(at, name), SLICE(": "));
    append(append(at, value), SLICE("\r\n"));
}

void sip_build_number(struct buffer *out, struct slice name, uint64_t value)
{
    buffer_add(out, name);
    buffer_add(out, SLICE(": "));
    buffer_add_u64(out, value);
    buffer_add(out, SLICE("\r\n"));
}

void sip_build_end(struct buffer *out)
{
    buffer_add(out, SLICE("Content-Length: 0\r\n\r\n"));
}

void sip_build_body(struct buffer *out, struct slice content_type, struct slice body)
{
    sip_build_header(out, SLICE("Content-Type"), content_type);
    sip_build_number(out, SLICE("Content-Length"), body.len);
    buffer_add(out, SLICE("\r\n"));
    buffer_add(out, body);
}

static void copy_top_via(struct buffer *out, const struct sip_message *invite)
{
    struct sip_values values = sip_values_of(invite, SIP_VIA);
    struct slice top;

    if (sip_values_next(&values, &top))
        copy_value(out, SLICE("Via: "), top);
}

/* CSeq with the number of the INVITE and another method. */
static void copy_cseq(struct buffer *out, const struct sip_message *invite, struct slice method)
{
    struct slice number = sip_message_value(invite, SIP_CSEQ);
    size_t digits = 0;

    while (digits < number.len && ascii_is_digit(number.ptr[digits]))
        digits++;
    number.len = digits;
    buffer_add(out, SLICE("CSeq: "));
    buffer_add(out, number);
    add_line(out, SLICE(" "), method);
}

/* A request that follows the INVITE wherever it went; its To is that of `peer`. */
static void add_follower(struct buffer *out, const struct sip_message *invite, struct slice method,
                         const struct sip_message *peer)
{
    struct run run = {.out = out};

    sip_build_request_line(out, method, invite->uri);
    copy_top_via(out, invite);
    copy_fields(&run, SLICE("Route: "), invite, SIP_ROUTE);
    end_run(&run);
    buffer_add(out, SLICE("Max-Forwards: 70\r\n")); /* 8.1.1.6 */
    copy_field(&run, SLICE("From: "), invite, SIP_FROM);
    copy_field(&run, SLICE("To: "), peer, SIP_TO);
    copy_field(&run, SLICE("Call-ID: "), invite, SIP_CALL_ID);
    end_run(&run);
    copy_cseq(out, invite, method);
}

void sip_build_cancel(struct buffer *out, const struct sip_message *invite, struct slice reason)
{
    add_follower(out, invite, SLICE("CANCEL"), invite);
    if (reason.len > 0)
        add_line(out, SLICE("Reason: "), reason); /* RFC 3326 */
    sip_build_end(out);
}

void sip_build_ack(struct buffer *out, const struct sip_message *invite,
                   const struct sip_message *response)
{
    add_follower(out, invite, SLICE("ACK"), response);
    sip_build_end(out);
}
