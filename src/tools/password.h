/* Passwords: made, read, and turned into what the server keeps instead of them. */
#ifndef TCHIN_TOOLS_PASSWORD_H
#define TCHIN_TOOLS_PASSWORD_H

#include "base/buffer.h"
#include "sip/digest.h"
#include "store/user.h"
#include "tools/aor.h"

enum { PASSWORD_MAX = 256 };

struct password {
    char text[PASSWORD_MAX];
    size_t len;
};

/* A new one, of about 99 bits, that can be typed and told over the phone. */
void password_make(struct password *out);

/* The first line of a file; of standard input, if the path is "-". */
bool password_read(const char *path, struct password *out, struct buffer *fault) MUST_USE;

/* The user with all HA1s, whose realm is the domain. False: the hashes do not work here. */
bool password_apply(struct sip_hasher *hasher, const struct aor *aor, struct slice password,
                    struct user *out) MUST_USE;

#endif
