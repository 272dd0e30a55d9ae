/*
 * Digest: RFC 7616 3.4 with the algorithms that RFC 8760 brings to SIP. Hashes are lower-case
 * hexadecimal text, as they stand in the header fields.
 */
#ifndef TCHIN_SIP_DIGEST_H
#define TCHIN_SIP_DIGEST_H

#include "base/slice.h"

enum sip_digest_algorithm {
    SIP_DIGEST_MD5,
    SIP_DIGEST_SHA256,
    SIP_DIGEST_SHA512_256,
    SIP_DIGEST_ALGORITHM_COUNT,
    SIP_DIGEST_UNKNOWN = SIP_DIGEST_ALGORITHM_COUNT,
};

enum sip_digest_qop {
    SIP_QOP_NONE, /* RFC 2069, as RFC 3261 22.4 still allows */
    SIP_QOP_AUTH,
    SIP_QOP_AUTH_INT,
    SIP_QOP_UNKNOWN,
};

enum { SIP_DIGEST_MAX_HEX = 64 };

/* A hash as hexadecimal text. */
struct sip_digest_hex {
    char text[SIP_DIGEST_MAX_HEX];
    uint8_t len; /* 32 or 64 */
};

/* The hash functions, fetched once: OpenSSL's fetching is slow and locks. One for each thread. */
struct sip_hasher;
struct sip_hasher *sip_hasher_new(void) MUST_USE; /* NULL: no memory */
void sip_hasher_free(struct sip_hasher *hasher);

/* "MD5", "SHA-256", "SHA-512-256", and with "-sess" in headers. */
struct slice sip_digest_algorithm_name(enum sip_digest_algorithm algorithm);
enum sip_digest_algorithm sip_digest_algorithm_find(struct slice name, bool *is_session);
size_t sip_digest_bytes(enum sip_digest_algorithm algorithm); /* 16 or 32 */

/* H(username ":" realm ":" password), raw: what a user table keeps. False: OpenSSL failed. */
bool sip_digest_ha1(struct sip_hasher *hasher, enum sip_digest_algorithm algorithm,
                    struct slice username, struct slice realm, struct slice password,
                    unsigned char out[32]) MUST_USE;

/* All that a response is computed from; slices as they stand between the quotes. */
struct sip_digest_input {
    enum sip_digest_algorithm algorithm;
    bool is_session;
    enum sip_digest_qop qop;
    const unsigned char *ha1; /* raw, of the algorithm; before -sess */
    struct slice nonce;
    struct slice nc; /* 8 hexadecimal digits */
    struct slice cnonce;
    struct slice method; /* empty: rspauth of Authentication-Info (RFC 7616 3.5) */
    struct slice uri;
    struct slice body; /* for auth-int */
};

/* request-digest (RFC 7616 3.4.1). False: OpenSSL failed, or an unknown algorithm or qop. */
bool sip_digest_response(struct sip_hasher *hasher, const struct sip_digest_input *input,
                         struct sip_digest_hex *out) MUST_USE;

#endif
