/*
 * The header fields of authentication: challenges and credentials of any scheme, Digest in full.
 * RFC 3261 22, 25.1; RFC 7616; RFC 8760. What is computed from them is in digest.h.
 *
 * Of another scheme than Digest only the scheme is filled, and the algorithm is unknown. A
 * parameter that is absent is a NULL pointer; one that is read and occurs twice is malformed.
 */
#ifndef TCHIN_SIP_AUTH_H
#define TCHIN_SIP_AUTH_H

#include "base/slice.h"
#include "sip/digest.h"

/* WWW-Authenticate, Proxy-Authenticate: one challenge. A Digest one has a realm and a nonce. */
struct sip_challenge {
    struct slice scheme;
    struct slice realm; /* values stand without their quotes, escapes as written */
    struct slice nonce;
    struct slice opaque;
    struct slice domain;
    enum sip_digest_algorithm algorithm; /* MD5 where none is named */
    bool is_session;                     /* -sess */
    bool offers_auth;                    /* of qop */
    bool offers_auth_int;
    bool is_stale;
};
bool sip_challenge_parse(struct slice value, struct sip_challenge *out) MUST_USE;

/*
 * Authorization, Proxy-Authorization. Any parameter may be missing or empty (IMS phones begin with
 * an empty nonce), but with a qop there are cnonce and nc.
 */
struct sip_credentials {
    struct slice scheme;
    struct slice username;
    struct slice realm;
    struct slice nonce;
    struct slice uri;
    struct slice response;
    struct slice cnonce;
    struct slice opaque;
    enum sip_digest_algorithm algorithm;
    bool is_session;
    enum sip_digest_qop qop;
    struct slice nc_text; /* as written: 8 hexadecimal digits go into the digest */
    uint32_t nc;
};
bool sip_credentials_parse(struct slice value, struct sip_credentials *out) MUST_USE;

/* Authentication-Info (RFC 7616 3.5). */
struct sip_authentication_info {
    struct slice nextnonce;
    struct slice rspauth;
    struct slice cnonce;
    struct slice nc_text;
    enum sip_digest_qop qop;
};
bool sip_authentication_info_parse(struct slice value,
                                   struct sip_authentication_info *out) MUST_USE;

#endif
