/* Numbers, words and media types in header fields: RFC 3261 25.1, RFC 3262 7.2, RFC 3891 6.1. */
#include "sip/values.h"

#include "base/buffer.h"
#include "sip/glance.h"
#include "sip/param.h"
#include "sip/uri.h"

/* 1*DIGIT LWS Method; RFC 3261 8.1.1.5: less than 2**31 */
static bool eat_cseq(struct cursor *c, struct sip_cseq *cseq)
{
    return eat_u32(c, INT32_MAX, &cseq->number) && eat_space(c) && eat_token(c, &cseq->method);
}

bool sip_cseq_parse(struct slice value, struct sip_cseq *out)
{
    struct cursor c = cursor_over(value);
    struct sip_cseq cseq;

    bool ok = eat_cseq(&c, &cseq) && at_end(&c);
    if (ok)
        *out = cseq;
    return ok;
}

bool sip_rack_parse(struct slice value, struct sip_rack *out)
{
    struct cursor c = cursor_over(value);
    struct sip_rack rack;

    bool ok = eat_u32(&c, UINT32_MAX, &rack.response_number) && eat_space(&c)
              && eat_cseq(&c, &rack.cseq) && at_end(&c);
    if (ok)
        *out = rack;
    return ok;
}

/* callid = word [ "@" word ] */
static bool eat_call_id(struct cursor *c, struct slice *out)
{
    const char *start = c->at;
    struct slice word;

    bool ok = eat_run(c, CHAR_WORD, &word) && (!eat_char(c, '@') || eat_run(c, CHAR_WORD, &word));
    *out = eaten_since(c, start);
    return ok;
}

/* The same of the usual sort. */
static bool take_call_id(struct glance *g)
{
    struct slice word;

    return take_plain(g, &word) && (!take_mark(g, '@') || take_plain(g, &word));
}

static bool is_call_id(struct slice value)
{
    struct cursor c = cursor_over(value);
    struct slice call_id;

    return eat_call_id(&c, &call_id) && at_end(&c);
}

bool sip_call_id_is_valid(struct slice value)
{
    struct glance g = glance_at(value);

    return (take_call_id(&g) && glance_is_over(&g)) || is_call_id(value);
}

bool sip_seconds_parse(struct slice value, uint32_t *out)
{
    return slice_to_u32(value, UINT32_MAX, out);
}

static bool eat_params_to_end(struct cursor *c, struct slice *out)
{
    return eat_params(c, out) && at_end(c);
}

bool sip_token_params_parse(struct slice value, struct sip_word_params *out)
{
    struct cursor c = cursor_over(value);
    struct sip_word_params found;

    bool ok = eat_token(&c, &found.word) && eat_params_to_end(&c, &found.params);
    if (ok)
        *out = found;
    return ok;
}

bool sip_replaces_parse(struct slice value, struct sip_word_params *out)
{
    struct cursor c = cursor_over(value);
    struct sip_word_params found;

    bool ok = eat_call_id(&c, &found.word) && eat_params_to_end(&c, &found.params);
    if (ok)
        *out = found;
    return ok;
}

/* delta-seconds [ comment ] *( SEMI generic-param ) */
bool sip_seconds_params_parse(struct slice value, struct sip_word_params *out)
{
    struct cursor c = cursor_over(value);
    struct sip_word_params found;

    bool ok = eat_digits(&c, &found.word);
    (void)eat_comment(&c);
    ok = ok && eat_params_to_end(&c, &found.params);
    if (ok)
        *out = found;
    return ok;
}

/* m-type SLASH m-subtype *( SEMI m-parameter ), where "*" is a token like others */
bool sip_media_type_parse(struct slice value, struct sip_media_type *out)
{
    struct cursor c = cursor_over(value);
    struct sip_media_type found;

    bool ok = eat_token(&c, &found.type) && eat_mark(&c, '/') && eat_token(&c, &found.subtype)
              && eat_params_to_end(&c, &found.params);
    if (ok)
        *out = found;
    return ok;
}

/* LAQUOT absoluteURI RAQUOT */
static bool eat_bracketed_uri(struct cursor *c, struct slice *out)
{
    struct sip_uri uri;

    if (!eat_char(c, '<'))
        return false;
    struct slice rest = slice_between(c->at, c->end);
    *out = (struct slice){rest.ptr, slice_find(rest, '>')};
    c->at = slice_end(*out);
    return eat_char(c, '>') && sip_uri_parse(*out, &uri);
}

bool sip_info_parse(struct slice value, struct sip_info *out)
{
    struct cursor c = cursor_over(value);
    struct sip_info info;

    bool ok = eat_bracketed_uri(&c, &info.uri) && eat_params_to_end(&c, &info.params);
    if (ok)
        *out = info;
    return ok;
}

/* warn-code = 3DIGIT */
static bool eat_warn_code(struct cursor *c, uint16_t *out)
{
    struct slice digits;
    uint32_t code;

    if (!eat_digits(c, &digits) || digits.len != 3 || !slice_to_u32(digits, 999, &code))
        return false;
    *out = (uint16_t)code;
    return true;
}

/* warn-code SP warn-agent SP warn-text */
bool sip_warning_parse(struct slice value, struct sip_warning *out)
{
    struct cursor c = cursor_over(value);
    struct sip_warning warning;

    bool ok = eat_warn_code(&c, &warning.code) && eat_space(&c)
              && eat_run(&c, CHAR_VALUE, &warning.agent) && eat_space(&c)
              && eat_quoted(&c, &warning.text) && at_end(&c);
    if (ok)
        *out = warning;
    return ok;
}

void sip_unquote(struct slice between_quotes, struct buffer *out)
{
    for (size_t i = 0; i < between_quotes.len; i++) {
        if (between_quotes.ptr[i] == '\\' && i + 1 < between_quotes.len)
            i++;
        buffer_add_char(out, between_quotes.ptr[i]);
    }
}
