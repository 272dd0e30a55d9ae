/* Bytes as text that may stand anywhere in a URI: base64url without padding, RFC 4648 5. */
#ifndef TCHIN_BASE_BASE64_H
#define TCHIN_BASE_BASE64_H

#include "base/buffer.h"

void base64_write(struct slice bytes, struct buffer *out);

/* False: not such a text, or more than fits into `out`, of which a part may be filled then. */
bool base64_read(struct slice text, struct buffer *out) MUST_USE;

#endif
