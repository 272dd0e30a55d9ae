/*
 * What stands for what in the text of a URI: escapes for characters, text for IPv6 addresses.
 * uri.c and its like are made with it.
 */
#ifndef TCHIN_SIP_URI_TEXT_H
#define TCHIN_SIP_URI_TEXT_H

#include "base/slice.h"

/* Added to an escaped character that is not the same as the bare one: a reserved one. */
enum { SIP_STAYS_ESCAPED = 256 };

/* The next character of `rest`, which is not empty. */
unsigned sip_uri_take_char(struct slice *rest);

/*
 * Whether two pieces of a URI are the same: an escape is equal to its character unless that is
 * reserved (RFC 3261 19.1.4).
 */
bool sip_uri_text_equal(struct slice a, struct slice b);
bool sip_uri_text_equal_nocase(struct slice a, struct slice b);

/* With the third colon that RFC 5118 4.10 forgives, and without. */
enum { SIP_IPV6_BYTES = 16 };
bool sip_uri_read_ipv6(struct slice text, unsigned char out[SIP_IPV6_BYTES]);

#endif
