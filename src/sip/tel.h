/*
 * Telephone numbers as they stand in tel URIs: RFC 3966. Visual separators are for the reader and
 * count for nothing.
 */
#ifndef TCHIN_SIP_TEL_H
#define TCHIN_SIP_TEL_H

#include "base/buffer.h"
#include "base/slice.h"
#include "sip/grammar.h"

/* global-number-digits / local-number-digits */
bool eat_tel_number(struct cursor *c, struct slice *out);

/* Whether a number begins with "+": it means the same everywhere. */
bool sip_tel_is_global(struct slice number);

/* The value of phone-context: descriptor = domainname / global-number-digits */
bool sip_tel_is_context(struct slice text);

bool sip_tel_number_equal(struct slice a, struct slice b);

/* Without separators, its letters small. */
void sip_tel_write_number(struct slice number, struct buffer *out);

#endif
