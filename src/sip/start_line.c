/* Request-Line and Status-Line: RFC 3261 7.1, 7.2 and 25.1. */
#include "sip/start_line.h"

#include "sip/grammar.h"

static bool fail(struct sip_fault *fault, uint16_t status, const char *phrase)
{
    *fault = (struct sip_fault){status, phrase};
    return false;
}

/* "SIP/2.0", and no third digit */
static bool eat_our_version(struct cursor *c)
{
    struct cursor ahead = *c;

    if (!eat_text(&ahead, SLICE("SIP/2.0")) || (!at_end(&ahead) && ascii_is_digit(*ahead.at)))
        return false;
    *c = ahead;
    return true;
}

/* SIP-Version = "SIP" "/" 1*DIGIT "." 1*DIGIT; is it 2.0? */
static bool eat_version(struct cursor *c, bool *is_ours)
{
    struct slice digits;

    *is_ours = eat_our_version(c);
    if (*is_ours)
        return true;
    if (!eat_word(c, SLICE("SIP")) || !eat_char(c, '/'))
        return false;
    const char *start = c->at;
    bool ok = eat_digits(c, &digits) && eat_char(c, '.') && eat_digits(c, &digits);
    *is_ours = slice_equal(eaten_since(c, start), SLICE("2.0"));
    return ok;
}

/*
 * One that is not parsed is carried along as long as it has nothing that no URI of any scheme
 * contains: white space, controls, quotes, angle brackets.
 */
static bool read_uri(struct slice text, struct sip_message *msg)
{
    struct cursor c = cursor_over(text);
    struct slice run;

    msg->uri = text;
    if (sip_uri_read(text, &msg->request_uri))
        return true;
    msg->request_uri.text = SLICE_NONE;
    return eat_run(&c, CHAR_URI | CHAR_VALUE, &run) && at_end(&c);
}

/* What is behind the last SP, which nearly always is the version. */
static const char *find_last_word(struct slice line)
{
    const char *at = slice_end(line);

    if (line.len > strlen(" SIP/2.0")
        && bytes_equal(at - strlen(" SIP/2.0"), " SIP/2.0", strlen(" SIP/2.0")))
        return at - strlen("SIP/2.0");
    while (at > line.ptr && at[-1] != ' ')
        at--;
    return at;
}

/*
 * Request-Line = Method SP Request-URI SP SIP-Version. What stands between the first and the last
 * SP is taken for the Request-URI, so that a space within is told from a version that is none.
 */
static bool read_request_line(struct slice line, struct sip_message *msg, struct sip_fault *fault)
{
    struct cursor c = cursor_over(line);
    const char *last = find_last_word(line);
    bool is_ours;

    msg->is_request = true;
    bool has_method = eat_token(&c, &msg->method) && eat_char(&c, ' ');
    msg->method_id = sip_method_of(msg->method);
    if (!has_method || last <= c.at)
        return fail(fault, 400, "Malformed Request Line");
    bool has_uri = read_uri(slice_between(c.at, last - 1), msg);
    c.at = last;
    if (!eat_version(&c, &is_ours) || !at_end(&c))
        return fail(fault, 400, "Malformed Request Line");
    if (!is_ours)
        return fail(fault, 505, "Version Not Supported");
    return has_uri || fail(fault, 400, "Malformed Request-URI");
}

/* Status-Code = 3DIGIT; RFC 3261 7.2: 100 to 699 */
static bool eat_status(struct cursor *c, uint16_t *out)
{
    struct slice digits;
    uint32_t status;

    if (!eat_digits(c, &digits) || digits.len != 3 || !slice_to_u32(digits, 699, &status)
        || status < 100)
        return false;
    *out = (uint16_t)status;
    return true;
}

/* Status-Line = SIP-Version SP Status-Code SP Reason-Phrase; forgiven: no SP before no phrase */
static bool read_status_line(struct slice line, struct sip_message *msg, struct sip_fault *fault)
{
    struct cursor c = cursor_over(line);
    bool is_ours;

    if (!eat_version(&c, &is_ours) || !eat_char(&c, ' ') || !eat_status(&c, &msg->status)
        || (!at_end(&c) && !eat_char(&c, ' ')))
        return fail(fault, 400, "Malformed Status Line");
    msg->reason = slice_between(c.at, c.end);
    return is_ours || fail(fault, 505, "Version Not Supported");
}

static bool begins_with_sip(struct slice line)
{
    return line.len >= 4 && ascii_lower(line.ptr[0]) == 's'
           && slice_equal_nocase((struct slice){line.ptr, 4}, SLICE("SIP/"));
}

bool sip_start_line_parse(struct slice line, struct sip_message *msg, struct sip_fault *fault)
{
    return begins_with_sip(line) ? read_status_line(line, msg, fault)
                                 : read_request_line(line, msg, fault);
}
