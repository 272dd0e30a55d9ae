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
    return param->name.len == name.len && slice_equal_nocase(param->name, name);
}

/* SEMI generic-param: one of them. */
bool eat_param(struct cursor *c, struct sip_param *out);

/* *( SEMI generic-param ): `out` is all of it. False only for a SEMI without a parameter. */
bool eat_params(struct cursor *c, struct slice *out);

/* The next of `rest`, which is moved on. False: no more. `rest` passed eat_params once. */
bool sip_param_next(struct slice *rest, struct sip_param *out);

/* The first parameter of that name, whatever its case. False: there is none. */
bool sip_param_find(struct slice params, struct slice name, struct sip_param *out);

#endif
