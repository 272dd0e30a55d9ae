/*
 * Parsing URIs. sip and sips: RFC 3261 19.1.1 and 25.1. tel: RFC 3966 3, as its errata 203 and 4376
 * correct it. Of any other scheme it is checked that the text has only what a URI may have.
 */
#include "sip/uri.h"

#include "sip/glance.h"
#include "sip/grammar.h"
#include "sip/tel.h"
#include "sip/uri_text.h"

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ), and the colon after it */
static bool eat_any_scheme(struct cursor *c, struct slice *out)
{
    const char *start = c->at;

    while (!at_end(c)
           && (sip_char_is(*c->at, CHAR_ALPHA | CHAR_DIGIT) || *c->at == '+' || *c->at == '-'
               || *c->at == '.'))
        c->at++;
    *out = eaten_since(c, start);
    return out->len > 0 && sip_char_is(out->ptr[0], CHAR_ALPHA) && eat_char(c, ':');
}

static enum sip_scheme scheme_of(struct slice text)
{
    if (slice_equal_nocase(text, SLICE("sip")))
        return SIP_SCHEME_SIP;
    if (slice_equal_nocase(text, SLICE("sips")))
        return SIP_SCHEME_SIPS;
    return slice_equal_nocase(text, SLICE("tel")) ? SIP_SCHEME_TEL : SIP_SCHEME_OTHER;
}

static inline bool eat_scheme(struct cursor *c, enum sip_scheme *out)
{
    struct slice text;

    if (eat_text(c, SLICE("sip:"))) {
        *out = SIP_SCHEME_SIP;
        return true;
    }
    if (!eat_any_scheme(c, &text))
        return false;
    *out = scheme_of(text);
    return true;
}

/* user [ ":" password ] "@" */
static bool eat_user(struct cursor *c, struct sip_uri *uri)
{
    if (!eat_escaped(c, CHAR_USER, &uri->user))
        return false;
    if (eat_char(c, ':'))
        (void)eat_escaped(c, CHAR_PASSWORD, &uri->password); /* may be empty, and is there */
    return eat_char(c, '@');
}

/*
 * [ userinfo ], userinfo = ( user / telephone-subscriber ) [ ":" password ] "@"
 *
 * Whatever looks like a host, parameters or headers is a user if an "@" is behind it (RFC 4475
 * 3.1.1.9). No "@" stands in any other part of the URI: without a user, the rest will not take it.
 */
static void eat_userinfo(struct cursor *c, struct sip_uri *uri)
{
    const char *start = c->at;

    if (!eat_user(c, uri)) {
        c->at = start;
        uri->user = SLICE_NONE;
        uri->password = SLICE_NONE;
    }
}

/* hostport = host [ ":" port ] */
static bool eat_hostport(struct cursor *c, struct sip_uri *uri)
{
    uri->host_is_ipv6 = !at_end(c) && *c->at == '[';
    return eat_host(c, &uri->host) && (!eat_char(c, ':') || eat_port(c, &uri->port));
}

/* pname [ "=" pvalue ] */
static bool eat_uri_param(struct cursor *c)
{
    struct slice part;

    return eat_escaped(c, CHAR_PARAM, &part)
           && (!eat_char(c, '=') || eat_escaped(c, CHAR_PARAM, &part));
}

/* uri-parameters = *( ";" uri-parameter ) */
static bool eat_uri_params(struct cursor *c, struct slice *out)
{
    const char *start = c->at;

    while (eat_char(c, ';')) {
        if (!eat_uri_param(c))
            return false;
    }
    *out = eaten_since(c, start);
    return true;
}

/* header = hname "=" hvalue */
static bool eat_uri_header(struct cursor *c)
{
    struct slice name, value;

    if (!eat_escaped(c, CHAR_HEADER, &name) || !eat_char(c, '='))
        return false;
    (void)eat_escaped(c, CHAR_HEADER, &value); /* may be empty */
    return true;
}

/* [ "?" header *( "&" header ) ] */
static bool eat_uri_headers(struct cursor *c, struct slice *out)
{
    if (!eat_char(c, '?'))
        return true;

    const char *start = c->at;
    do {
        if (!eat_uri_header(c))
            return false;
    } while (eat_char(c, '&'));
    *out = eaten_since(c, start);
    return true;
}

/*
 * telephone-subscriber = global-number / local-number; the latter has a phone-context. Parameter
 * names may have here what they may have in a SIP URI.
 */
static bool eat_telephone_subscriber(struct cursor *c, struct sip_uri *uri)
{
    struct slice context;

    if (!eat_tel_number(c, &uri->user) || !eat_uri_params(c, &uri->params))
        return false;
    return sip_uri_param(uri, SLICE("phone-context"), &context) ? sip_tel_is_context(context)
                                                                : sip_tel_is_global(uri->user);
}

static bool eat_after_scheme(struct cursor *c, struct sip_uri *uri)
{
    struct slice opaque;

    switch (uri->scheme) {
    case SIP_SCHEME_SIP:
    case SIP_SCHEME_SIPS:
        eat_userinfo(c, uri);
        return eat_hostport(c, uri) && eat_uri_params(c, &uri->params)
               && eat_uri_headers(c, &uri->headers);
    case SIP_SCHEME_TEL: return eat_telephone_subscriber(c, uri);
    case SIP_SCHEME_OTHER: return eat_run(c, CHAR_URI, &opaque);
    }
    return false;
}

bool eat_uri(struct cursor *c, struct sip_uri *out)
{
    const char *start = c->at;

    *out = (struct sip_uri){0};
    if (!eat_scheme(c, &out->scheme) || !eat_after_scheme(c, out)) {
        c->at = start;
        return false;
    }
    out->text = eaten_since(c, start);
    return true;
}

/* The whole of a text, by the grammar. */
static bool eat_whole_uri(struct slice text, struct sip_uri *out)
{
    struct cursor c = cursor_over(text);

    return eat_uri(&c, out) && at_end(&c);
}

bool sip_uri_read(struct slice text, struct sip_uri *out)
{
    struct glance g = glance_at(text);

    return (take_uri(&g, out) && glance_is_over(&g)) || eat_whole_uri(text, out);
}

bool sip_uri_parse(struct slice text, struct sip_uri *out)
{
    struct sip_uri uri;

    if (!sip_uri_read(text, &uri))
        return false;
    *out = uri;
    return true;
}

/* Cuts `rest` at the next `mark`, and what stands before it at its "=". */
static void next_part(struct slice *rest, char mark, struct sip_param *out)
{
    struct slice part = {rest->ptr, slice_find(*rest, mark)};
    size_t equal = slice_find(part, '=');

    out->name = (struct slice){part.ptr, equal};
    out->value = equal < part.len ? slice_after(part, equal + 1) : SLICE_NONE;
    *rest = slice_after(*rest, part.len);
}

bool sip_uri_param_next(struct slice *rest, struct sip_param *out)
{
    if (rest->len == 0)
        return false;
    *rest = slice_after(*rest, 1); /* the semicolon */
    next_part(rest, ';', out);
    return true;
}

bool sip_uri_header_next(struct slice *rest, struct sip_param *out)
{
    if (rest->len == 0)
        return false;
    next_part(rest, '&', out);
    *rest = slice_after(*rest, 1);
    return true;
}

bool sip_uri_find_param(struct slice params, struct slice name, struct slice *value)
{
    struct sip_param param;

    while (sip_uri_param_next(&params, &param)) {
        if (sip_uri_text_equal_nocase(param.name, name)) {
            *value = param.value;
            return true;
        }
    }
    return false;
}
