/*
 * Parameters, *( SEMI generic-param ), as in RFC 3261 25.1. A parser keeps them as one slice that
 * begins at the first semicolon; who wants one asks for it by name.
 */
#ifndef TCHIN_SIP_PARAM_H
#define TCHIN_SIP_PARAM_H

#include "base/slice.h"
#include "sip/grammar.h"

struct sip_param {
    struct slice name;
    struct slice value; /* as written, quotes included; NULL pointer: the name stands alone */
};

/* Whether it has that name, whatever its case. */
static inline bool sip_param_is(const struct sip_param *param, struct slice name)
{
    return param->name.len == name.len
           && (memcmp(param->name.ptr, name.ptr, name.len) == 0
               || bytes_equal_nocase(param->name.ptr, name.ptr, name.len));
}

/* gen-value that begins with a quote; `out` has the quotes, too. */
static inline bool eat_quoted_value(struct cursor *c, struct slice *out)
{
    const char *start = c->at;
    struct slice between_quotes;

    bool ok = eat_quoted(c, &between_quotes);
    *out = eaten_since(c, start);
    return ok;
}

/*
 * generic-param = token [ EQUAL gen-value ]. Values are taken more generously than token / host /
 * quoted-string: phones write anything there, and RFC 5118 4.5 has IPv6 addresses without brackets.
 */
static inline bool eat_generic_param(struct cursor *c, struct sip_param *out)
{
    out->value = SLICE_NONE;
    return eat_token(c, &out->name)
           && (!eat_mark(c, '=') || eat_run(c, CHAR_VALUE, &out->value)
               || eat_quoted_value(c, &out->value));
}

/* SEMI generic-param: one of them. */
static inline bool eat_param(struct cursor *c, struct sip_param *out)
{
    const char *start = c->at;

    if (eat_mark(c, ';') && eat_generic_param(c, out))
        return true;
    c->at = start;
    return false;
}

/* Whether a SEMI follows: one that eat_param refused promises a parameter and has none. */
static inline bool sees_semi(const struct cursor *c)
{
    struct cursor ahead = *c;

    return !at_end(c) && eat_mark(&ahead, ';');
}

/* *( SEMI generic-param ): `out` is all of it. False only for a SEMI without a parameter. */
bool eat_params(struct cursor *c, struct slice *out);

/* The next of `rest`, which is moved on. False: no more. `rest` passed eat_params once. */
static inline bool sip_param_next(struct slice *rest, struct sip_param *out)
{
    struct cursor c = cursor_over(*rest);

    if (!eat_param(&c, out))
        return false;
    *rest = slice_between(c.at, c.end);
    return true;
}

/* The first parameter of that name, whatever its case. False: there is none. */
bool sip_param_find(struct slice params, struct slice name, struct sip_param *out);

#endif
