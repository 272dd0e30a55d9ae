/*
 * Credentials as a client writes them: the answer to a digest challenge. RFC 7616 3.4, with the
 * algorithms of RFC 8760. What a server reads is in auth.h.
 */
#ifndef TCHIN_SIP_CREDENTIALS_H
#define TCHIN_SIP_CREDENTIALS_H

#include "base/buffer.h"
#include "sip/auth.h"

/* Who asks for what. */
struct sip_login {
    struct slice username;
    struct slice password;
    struct slice method;
    struct slice uri;    /* the Request-URI */
    struct slice body;   /* for a challenge that offers auth-int alone */
    struct slice cnonce; /* random, a token */
    uint32_t nc;         /* of the requests with this nonce, which one this is: from 1 on */
};

/*
 * Writes the value of Authorization or Proxy-Authorization. False, and nothing was written: a
 * scheme or algorithm that we do not know, text that cannot stand between quotes, or OpenSSL
 * failed. Whether it fitted is seen in `out`.
 */
bool sip_credentials_build(struct buffer *out, struct sip_hasher *hasher,
                           const struct sip_challenge *challenge,
                           const struct sip_login *login) MUST_USE;

#endif
