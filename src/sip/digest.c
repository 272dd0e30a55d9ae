/*
 * Digest: RFC 7616 3.4 as RFC 8760 2.6 and RFC 3261 22.4 apply it to SIP.
 *
 * What RFC 7616 calls unq(X) is X without its quotes "and with quoting slashes removed". Phones and
 * servers hash what stands between the quotes, slashes included, and so do we: it interoperates,
 * and it differs only for names with a quote or a slash in them.
 */
#include "sip/digest.h"

#include "base/buffer.h"

#define OPENSSL_SUPPRESS_DEPRECATED /* MD5_Init and its kind: see struct sip_hasher */
#include <openssl/evp.h>
#include <openssl/md5.h>
#include <stdlib.h>

enum { MAX_BYTES = SIP_DIGEST_MAX_HEX / 2 };
enum { SHORT_BYTES = 512 }; /* what is hashed is seldom longer, but for a body */
enum { KEPT_BYTES = 128 };  /* of method and URI together */

/* One row for each algorithm of the registry of RFC 7616 6.1 that RFC 8760 2.1 brings to SIP. */
static const struct {
    struct slice name;
    const char *openssl_name;
    uint8_t bytes;
} algorithms[SIP_DIGEST_ALGORITHM_COUNT] = {
    [SIP_DIGEST_MD5] = {SLICE("MD5"),         "MD5",          16},
    [SIP_DIGEST_SHA256] = {SLICE("SHA-256"),     "SHA2-256",     32},
    [SIP_DIGEST_SHA512_256] = {SLICE("SHA-512-256"), "SHA2-512/256", 32},
};

/* The last A2 without a body, and its hash: all who register with a domain write the same one. */
struct kept_a2 {
    enum sip_digest_algorithm algorithm;
    size_t method_len;
    size_t uri_len; /* behind the method */
    char text[KEPT_BYTES];
    struct sip_digest_hex hash; /* of no length: none is kept */
};

/*
 * The library context is our own: no other thread takes its locks. `running` serves every hash, but
 * OpenSSL 3.0 gives back and takes anew a hundred bytes at the start of each, which with the layers
 * of EVP costs as much as two blocks of MD5. So MD5, which is what phones use, goes without EVP:
 * MD5_Init is deprecated but there, and a machine whose OpenSSL is configured without MD5 (FIPS)
 * keeps it here, where RFC 8760 still allows it.
 */
struct sip_hasher {
    OSSL_LIB_CTX *library;
    EVP_MD *functions[SIP_DIGEST_ALGORITHM_COUNT];
    EVP_MD_CTX *running;
    struct kept_a2 a2;
};

struct sip_hasher *sip_hasher_new(void)
{
    struct sip_hasher *hasher = calloc(1, sizeof(*hasher));

    if (hasher == NULL)
        return NULL;
    hasher->library = OSSL_LIB_CTX_new();
    hasher->running = EVP_MD_CTX_new();
    if (hasher->library == NULL || hasher->running == NULL)
        goto fail;
    for (int i = SIP_DIGEST_MD5 + 1; i < SIP_DIGEST_ALGORITHM_COUNT; i++) {
        hasher->functions[i] = EVP_MD_fetch(hasher->library, algorithms[i].openssl_name, NULL);
        if (hasher->functions[i] == NULL)
            goto fail;
    }
    return hasher;

fail:
    sip_hasher_free(hasher);
    return NULL;
}

void sip_hasher_free(struct sip_hasher *hasher)
{
    if (hasher == NULL)
        return;
    EVP_MD_CTX_free(hasher->running);
    for (int i = 0; i < SIP_DIGEST_ALGORITHM_COUNT; i++)
        EVP_MD_free(hasher->functions[i]);
    OSSL_LIB_CTX_free(hasher->library);
    free(hasher);
}

struct slice sip_digest_algorithm_name(enum sip_digest_algorithm algorithm)
{
    return algorithm < SIP_DIGEST_UNKNOWN ? algorithms[algorithm].name : SLICE_NONE;
}

size_t sip_digest_bytes(enum sip_digest_algorithm algorithm)
{
    return algorithm < SIP_DIGEST_UNKNOWN ? algorithms[algorithm].bytes : 0;
}

static bool drop_ending(struct slice *name, struct slice ending)
{
    if (name->len < ending.len
        || !slice_equal_nocase(slice_after(*name, name->len - ending.len), ending))
        return false;
    name->len -= ending.len;
    return true;
}

enum sip_digest_algorithm sip_digest_algorithm_find(struct slice name, bool *is_session)
{
    *is_session = drop_ending(&name, SLICE("-sess"));
    for (int i = 0; i < SIP_DIGEST_ALGORITHM_COUNT; i++) {
        if (slice_equal_nocase(name, algorithms[i].name))
            return (enum sip_digest_algorithm)i;
    }
    return SIP_DIGEST_UNKNOWN;
}

/* A hash under way. */
struct hashing {
    EVP_MD_CTX *evp; /* NULL: it is MD5 */
    MD5_CTX md5;
};

static bool start(struct sip_hasher *hasher, enum sip_digest_algorithm algorithm,
                  struct hashing *out)
{
    out->evp = algorithm == SIP_DIGEST_MD5 ? NULL : hasher->running;
    return out->evp == NULL ? MD5_Init(&out->md5) == 1
                            : EVP_DigestInit_ex(out->evp, hasher->functions[algorithm], NULL) == 1;
}

static bool eat(struct hashing *hashing, struct slice bytes)
{
    if (bytes.len == 0)
        return true;
    return hashing->evp == NULL ? MD5_Update(&hashing->md5, bytes.ptr, bytes.len) == 1
                                : EVP_DigestUpdate(hashing->evp, bytes.ptr, bytes.len) == 1;
}

static bool finish(struct hashing *hashing, unsigned char out[MAX_BYTES])
{
    return hashing->evp == NULL ? MD5_Final(out, &hashing->md5) == 1
                                : EVP_DigestFinal_ex(hashing->evp, out, NULL) == 1;
}

/* H(parts[0] ":" parts[1] ":" ...), as raw bytes: what is short is fed at once */
static bool hash_parts(struct sip_hasher *hasher, enum sip_digest_algorithm algorithm,
                       const struct slice *parts, size_t count, unsigned char out[MAX_BYTES])
{
    char text[SHORT_BYTES];
    struct buffer joined = buffer_over(text, sizeof(text));
    struct hashing hashing;

    if (!start(hasher, algorithm, &hashing))
        return false;
    buffer_add(&joined, parts[0]);
    for (size_t i = 1; i < count; i++) {
        buffer_add_char(&joined, ':');
        buffer_add(&joined, parts[i]);
    }
    bool ok = joined.overflowed || eat(&hashing, buffer_slice(&joined));
    for (size_t i = 0; i < count && ok && joined.overflowed; i++)
        ok = (i == 0 || eat(&hashing, SLICE(":"))) && eat(&hashing, parts[i]);
    return ok && finish(&hashing, out);
}

static void write_hex(enum sip_digest_algorithm algorithm, const unsigned char *hash,
                      struct sip_digest_hex *out)
{
    struct buffer text = buffer_over(out->text, sizeof(out->text));

    buffer_add_hex(&text, hash, algorithms[algorithm].bytes);
    out->len = (uint8_t)text.len;
}

static struct slice hex_slice(const struct sip_digest_hex *hex)
{
    return (struct slice){hex->text, hex->len};
}

static bool hash_to_hex(struct sip_hasher *hasher, enum sip_digest_algorithm algorithm,
                        const struct slice *parts, size_t count, struct sip_digest_hex *out)
{
    unsigned char hash[MAX_BYTES];

    if (!hash_parts(hasher, algorithm, parts, count, hash))
        return false;
    write_hex(algorithm, hash, out);
    return true;
}

bool sip_digest_ha1(struct sip_hasher *hasher, enum sip_digest_algorithm algorithm,
                    struct slice username, struct slice realm, struct slice password,
                    unsigned char out[MAX_BYTES])
{
    const struct slice a1[] = {username, realm, password};

    return algorithm < SIP_DIGEST_UNKNOWN && hash_parts(hasher, algorithm, a1, ARRAY_LEN(a1), out);
}

/* H(A1), RFC 7616 3.4.2: of a session, H(H(username ":" realm ":" password) ":" nonce ":" cnonce)
 */
static bool hash_a1(struct sip_hasher *hasher, const struct sip_digest_input *input,
                    struct sip_digest_hex *out)
{
    struct sip_digest_hex ha1;

    write_hex(input->algorithm, input->ha1, &ha1);
    if (!input->is_session) {
        *out = ha1;
        return true;
    }
    const struct slice a1[] = {hex_slice(&ha1), input->nonce, input->cnonce};
    return hash_to_hex(hasher, input->algorithm, a1, ARRAY_LEN(a1), out);
}

static bool is_kept(const struct kept_a2 *kept, const struct sip_digest_input *input)
{
    struct slice method = {kept->text, kept->method_len};
    struct slice uri = {kept->text + kept->method_len, kept->uri_len};

    return kept->hash.len > 0 && kept->algorithm == input->algorithm && slice_equal(uri, input->uri)
           && slice_equal(method, input->method);
}

static void keep_a2(struct kept_a2 *kept, const struct sip_digest_input *input,
                    const struct sip_digest_hex *hash)
{
    struct buffer text = buffer_over(kept->text, sizeof(kept->text));

    buffer_add(&text, input->method);
    buffer_add(&text, input->uri);
    kept->algorithm = input->algorithm;
    kept->method_len = input->method.len;
    kept->uri_len = input->uri.len;
    kept->hash = *hash;
    if (text.overflowed)
        kept->hash.len = 0;
}

/* H(Method ":" request-uri) */
static bool hash_bare_a2(struct sip_hasher *hasher, const struct sip_digest_input *input,
                         struct sip_digest_hex *out)
{
    const struct slice a2[] = {input->method, input->uri};

    if (is_kept(&hasher->a2, input)) {
        *out = hasher->a2.hash;
        return true;
    }
    if (!hash_to_hex(hasher, input->algorithm, a2, ARRAY_LEN(a2), out))
        return false;
    keep_a2(&hasher->a2, input, out);
    return true;
}

/* H(A2), RFC 7616 3.4.3: A2 = Method ":" request-uri [ ":" H(entity-body) ] */
static bool hash_a2(struct sip_hasher *hasher, const struct sip_digest_input *input,
                    struct sip_digest_hex *out)
{
    struct sip_digest_hex body;

    if (input->qop != SIP_QOP_AUTH_INT)
        return hash_bare_a2(hasher, input, out);
    if (!hash_to_hex(hasher, input->algorithm, &input->body, 1, &body))
        return false;
    const struct slice a2[] = {input->method, input->uri, hex_slice(&body)};
    return hash_to_hex(hasher, input->algorithm, a2, ARRAY_LEN(a2), out);
}

bool sip_digest_response(struct sip_hasher *hasher, const struct sip_digest_input *input,
                         struct sip_digest_hex *out)
{
    struct sip_digest_hex a1, a2;

    if (input->algorithm >= SIP_DIGEST_UNKNOWN || input->qop >= SIP_QOP_UNKNOWN)
        return false;
    if (!hash_a1(hasher, input, &a1) || !hash_a2(hasher, input, &a2))
        return false;
    if (input->qop == SIP_QOP_NONE) { /* RFC 2617 3.2.2.1, for clients of RFC 2069 */
        const struct slice parts[] = {hex_slice(&a1), input->nonce, hex_slice(&a2)};
        return hash_to_hex(hasher, input->algorithm, parts, ARRAY_LEN(parts), out);
    }
    const struct slice qop = input->qop == SIP_QOP_AUTH ? SLICE("auth") : SLICE("auth-int");
    const struct slice parts[] = {hex_slice(&a1), input->nonce, input->nc,
                                  input->cnonce,  qop,          hex_slice(&a2)};
    return hash_to_hex(hasher, input->algorithm, parts, ARRAY_LEN(parts), out);
}
