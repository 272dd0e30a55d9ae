/*
 * What nearly every phone writes, read at a glance: words of letters, digits, "-" and "." with
 * single marks between them, and neither escapes nor white space. Whoever reads so gives up on
 * anything else, be it well formed or not. Then the grammar has to say; and it says the same of
 * what was read so.
 */
#ifndef TCHIN_SIP_GLANCE_H
#define TCHIN_SIP_GLANCE_H

#include "base/slice.h"
#include "sip/grammar.h"
#include "sip/param.h"
#include "sip/uri.h"

struct glance {
    const char *at;
    const char *end;
    uint64_t marks; /* bit 0 is for `at`. 0: nothing is marked as far as one sees */
};

/*
 * In up to 64 bytes from `at` on: what is not plain, and of "-" and "." what stands behind another,
 * as it does in no host name. At least 16 bytes of the text end at `end`.
 */
uint64_t sip_glance_marks(const char *at, const char *end);

/* The same of a whole text that is shorter. */
uint64_t sip_glance_marks_of_few(struct slice text);

static inline struct glance glance_at(struct slice text)
{
    const char *end = slice_end(text);

    return (struct glance){text.ptr, end,
                           text.len >= 16 ? sip_glance_marks(text.ptr, end)
                                          : sip_glance_marks_of_few(text)};
}

static inline bool glance_is_over(const struct glance *g)
{
    return g->at == g->end;
}

static inline bool take_mark(struct glance *g, char mark)
{
    if (glance_is_over(g) || *g->at != mark)
        return false;
    g->at++;
    g->marks >>= 1;
    return true;
}

/* A literal, case included: of one the compiler makes a single comparison. */
static inline bool take_text(struct glance *g, struct slice text)
{
    if ((size_t)(g->end - g->at) < text.len || memcmp(g->at, text.ptr, text.len) != 0)
        return false;
    g->at += text.len;
    g->marks >>= text.len;
    return true;
}

/* What is plain, up to the next mark or the end. False: nothing, or more than one can see. */
static inline bool take_plain(struct glance *g, struct slice *out)
{
    if (g->marks == 0)
        g->marks = sip_glance_marks(g->at, g->end);
    if (g->marks == 0)
        return false;
    size_t len = (size_t)__builtin_ctzll(g->marks);
    *out = (struct slice){g->at, len};
    g->at += len;
    g->marks >>= len;
    return len > 0;
}

/* A host name or an IPv4 address, if it begins and ends with a letter or a digit. */
static inline bool is_host(struct slice plain)
{
    return plain.ptr[0] > '.' && plain.ptr[plain.len - 1] > '.';
}

/* [ ":" port ] */
static inline bool take_port(struct glance *g, uint16_t *out)
{
    struct slice digits;
    uint32_t port = 0;

    *out = 0;
    if (!take_mark(g, ':'))
        return true;
    bool ok = take_plain(g, &digits) && slice_to_u32(digits, UINT16_MAX, &port) && port > 0;
    *out = (uint16_t)port;
    return ok;
}

/* A quoted string, its quotes included. */
static inline bool take_quoted(struct glance *g, struct slice *out)
{
    const char *start = g->at;
    const char *end = !glance_is_over(g) && *start == '"' ? sip_quoted_end(start, g->end) : NULL;

    if (end == NULL)
        return false;
    *out = slice_between(start, end);
    g->at = end;
    g->marks = out->len < 64 ? g->marks >> out->len : 0;
    return true;
}

/* ";" [ "+" ] name [ "=" value ] */
static inline bool take_param(struct glance *g, struct sip_param *out)
{
    struct slice name;

    if (!take_mark(g, ';'))
        return false;
    const char *start = g->at;
    (void)take_mark(g, '+');
    if (!take_plain(g, &name))
        return false;
    out->name = slice_between(start, g->at);
    out->value = SLICE_NONE;
    return !take_mark(g, '=') || take_plain(g, &out->value) || take_quoted(g, &out->value);
}

/* *( ";" pname [ "=" pvalue ] ) */
static inline bool take_uri_params(struct glance *g, struct slice *out)
{
    const char *start = g->at;
    struct sip_param param;

    while (!glance_is_over(g) && *g->at == ';') {
        if (!take_param(g, &param) || (param.value.len > 0 && *param.value.ptr == '"'))
            return false;
    }
    *out = slice_between(start, g->at);
    return true;
}

/* "sip:" [ user "@" ] host [ ":" port ] *( ";" param ) */
static inline bool take_uri(struct glance *g, struct sip_uri *out)
{
    const char *start = g->at;

    if (!take_text(g, SLICE("sip:")) || !take_plain(g, &out->host))
        return false;
    out->user = SLICE_NONE;
    if (take_mark(g, '@')) {
        out->user = out->host;
        if (!take_plain(g, &out->host))
            return false;
    }
    if (!is_host(out->host) || !take_port(g, &out->port) || !take_uri_params(g, &out->params))
        return false;
    out->text = slice_between(start, g->at);
    out->scheme = SIP_SCHEME_SIP;
    out->password = SLICE_NONE;
    out->host_is_ipv6 = false;
    out->headers = SLICE_NONE;
    return true;
}

#endif
