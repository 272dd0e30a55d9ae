/* IPv4 addresses in text: RFC 3261 25.1, "IPv4address", as inet_pton takes it. */
#ifndef TCHIN_BASE_IPV4_H
#define TCHIN_BASE_IPV4_H

#include "base/slice.h"

enum { IPV4_BYTES = 4 };

/* Four numbers below 256 without leading zeros. False: not that, and `out` may be half filled. */
bool ipv4_parse(struct slice text, uint8_t out[IPV4_BYTES]) MUST_USE;

#endif
