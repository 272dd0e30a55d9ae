/* Challenges, credentials, Authentication-Info, and the digest of whatever they say. */
#include <assert.h>
#include <stdlib.h>

#include "sip/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void check_response(const struct sip_credentials *given)
{
    static struct sip_hasher *hasher;
    static const unsigned char ha1[32] = {0};
    struct sip_digest_hex response;

    if (hasher == NULL && (hasher = sip_hasher_new()) == NULL)
        abort();
    const struct sip_digest_input input = {
        .algorithm = given->algorithm,
        .is_session = given->is_session,
        .qop = given->qop,
        .ha1 = ha1,
        .nonce = given->nonce,
        .nc = given->nc_text,
        .cnonce = given->cnonce,
        .method = given->username,
        .uri = given->uri,
        .body = given->realm,
    };
    bool ok = sip_digest_response(hasher, &input, &response);
    assert(ok == (given->algorithm != SIP_DIGEST_UNKNOWN && given->qop != SIP_QOP_UNKNOWN));
    assert(!ok || response.len == 2 * sip_digest_bytes(given->algorithm));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct slice input = {(const char *)bytes, count};
    struct sip_challenge challenge;
    struct sip_credentials given;
    struct sip_authentication_info info;

    if (sip_challenge_parse(input, &challenge))
        assert(challenge.algorithm == SIP_DIGEST_UNKNOWN || challenge.nonce.ptr != NULL);
    if (sip_credentials_parse(input, &given)) {
        assert(given.qop == SIP_QOP_NONE || given.nc_text.len == 8);
        check_response(&given);
    }
    (void)sip_authentication_info_parse(input, &info);
    return 0;
}
