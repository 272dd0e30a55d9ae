/*
 * Bytes as text that may stand anywhere in a URI: base64url without padding, RFC 4648 5. And
 * numbers in the same digits.
 */
#ifndef TCHIN_BASE_BASE64_H
#define TCHIN_BASE_BASE64_H

#include "base/buffer.h"

void base64_write(struct slice bytes, struct buffer *out);

/* False: not such a text, or more than fits into `out`, of which a part may be filled then. */
bool base64_read(struct slice text, struct buffer *out) MUST_USE;

enum { BASE64_NUMBER_DIGITS = 10 }; /* at most: 60 bits */

/* The lowest bits of a number, six for a digit, the highest first. */
void base64_write_number(uint64_t number, char *out, size_t digits);

/* Of all digits. False: one is none, or they are more than that. */
bool base64_read_number(struct slice digits, uint64_t *out) MUST_USE;

#endif
