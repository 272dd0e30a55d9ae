/* A certificate that nobody has signed: for a lab. */
#ifndef TCHIN_NET_TLS_SELF_SIGNED_H
#define TCHIN_NET_TLS_SELF_SIGNED_H

#include "base/buffer.h"

/* For `domain`, a name or an address, and a key, both in PEM. False: no memory, or no room. */
bool tls_self_signed_make(struct slice domain, struct buffer *certificate,
                          struct buffer *key) MUST_USE;

#endif
