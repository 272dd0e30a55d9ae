/* Addresses of record as people write them: alice@example.org, or sip:alice@example.org. */
#ifndef TCHIN_TOOLS_AOR_H
#define TCHIN_TOOLS_AOR_H

#include "base/buffer.h"
#include "sip/uri.h"
#include "store/user.h"

struct aor {
    char text[USER_MAX_NAME];
    size_t len;
};

static inline struct slice aor_slice(const struct aor *aor)
{
    return (struct slice){aor->text, aor->len};
}

/* A URI; "sip:" may be left out. `memory` is where it may then be put together. */
bool uri_read(struct slice text, struct buffer *memory, struct sip_uri *out) MUST_USE;

/* In the form by which users are kept. False: it is none; `fault` says what to write. */
bool aor_read(struct slice text, struct aor *out, struct buffer *fault) MUST_USE;

#endif
