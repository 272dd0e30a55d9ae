/*
 * Parameters behind a header value: SEMI generic-param, RFC 3261 25.1. Their values are taken more
 * generously than token / host / quoted-string: phones write anything there, and RFC 5118 4.5 has
 * IPv6 addresses without brackets.
 */
#include "sip/param.h"

/* gen-value, quotes included */
static bool eat_value(struct cursor *c, struct slice *out)
{
    const char *start = c->at;
    struct slice between_quotes;

    if (eat_run(c, CHAR_VALUE, out))
        return true;
    if (!eat_quoted(c, &between_quotes))
        return false;
    *out = eaten_since(c, start);
    return true;
}

/* generic-param = token [ EQUAL gen-value ] */
static bool eat_generic_param(struct cursor *c, struct sip_param *out)
{
    out->value = SLICE_NONE;
    return eat_token(c, &out->name) && (!eat_mark(c, '=') || eat_value(c, &out->value));
}

bool eat_param(struct cursor *c, struct sip_param *out)
{
    const char *start = c->at;

    if (eat_mark(c, ';') && eat_generic_param(c, out))
        return true;
    c->at = start;
    return false;
}

bool eat_params(struct cursor *c, struct slice *out)
{
    const char *start = c->at;
    struct sip_param param;

    while (eat_param(c, &param))
        continue;
    struct slice params = eaten_since(c, start);
    if (eat_mark(c, ';')) {
        c->at = start;
        return false;
    }
    *out = slice_after(params, slice_find(params, ';'));
    return true;
}

bool sip_param_next(struct slice *rest, struct sip_param *out)
{
    struct cursor c = cursor_over(*rest);

    if (!eat_param(&c, out))
        return false;
    *rest = slice_between(c.at, c.end);
    return true;
}

bool sip_param_find(struct slice params, struct slice name, struct sip_param *out)
{
    struct sip_param param;

    while (sip_param_next(&params, &param)) {
        if (sip_param_is(&param, name)) {
            *out = param;
            return true;
        }
    }
    return false;
}
