/*
 * Answering a challenge: RFC 7616 3.4. What the challenge said is repeated as it was written; an
 * RFC 2069 server, which offers no qop, gets neither nc nor cnonce.
 */
#include "sip/credentials.h"

static bool can_be_quoted(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\' || (unsigned char)text.ptr[i] < ' ')
            return false;
    }
    return true;
}

static enum sip_digest_qop choose_qop(const struct sip_challenge *challenge)
{
    if (challenge->offers_auth)
        return SIP_QOP_AUTH;
    return challenge->offers_auth_int ? SIP_QOP_AUTH_INT : SIP_QOP_NONE;
}

static struct slice write_nc(uint32_t nc, char text[8])
{
    struct buffer out = buffer_over(text, 8);

    for (int shift = 24; shift >= 0; shift -= 8) {
        unsigned char byte = (unsigned char)(nc >> shift);
        buffer_add_hex(&out, &byte, 1);
    }
    return buffer_slice(&out);
}

static void add_text(struct buffer *out, const char *name, struct slice value)
{
    buffer_add_text(out, name);
    buffer_add(out, value);
}

static void add_quoted(struct buffer *out, const char *name, struct slice value)
{
    add_text(out, name, SLICE("\""));
    buffer_add(out, value);
    buffer_add_char(out, '"');
}

/* Of qop, nc and algorithm RFC 3261 25.1 wants no quotes, of the others it does. */
static void write(struct buffer *out, const struct sip_challenge *challenge,
                  const struct sip_login *login, const struct sip_digest_input *input,
                  struct slice response)
{
    bool is_auth_int = input->qop == SIP_QOP_AUTH_INT;

    add_quoted(out, "Digest username=", login->username);
    add_quoted(out, ", realm=", challenge->realm);
    add_quoted(out, ", nonce=", challenge->nonce);
    add_quoted(out, ", uri=", login->uri);
    add_quoted(out, ", response=", response);
    add_text(out, ", algorithm=", sip_digest_algorithm_name(challenge->algorithm));
    if (challenge->is_session)
        buffer_add_text(out, "-sess");
    if (input->qop != SIP_QOP_NONE) {
        add_text(out, ", qop=", is_auth_int ? SLICE("auth-int") : SLICE("auth"));
        add_text(out, ", nc=", input->nc);
    }
    if (input->qop != SIP_QOP_NONE || challenge->is_session)
        add_quoted(out, ", cnonce=", login->cnonce);
    if (challenge->opaque.ptr != NULL)
        add_quoted(out, ", opaque=", challenge->opaque);
}

bool sip_credentials_build(struct buffer *out, struct sip_hasher *hasher,
                           const struct sip_challenge *challenge, const struct sip_login *login)
{
    char nc[8];
    unsigned char ha1[32];
    struct sip_digest_hex response;
    struct sip_digest_input input = {
        .algorithm = challenge->algorithm,
        .is_session = challenge->is_session,
        .qop = choose_qop(challenge),
        .ha1 = ha1,
        .nonce = challenge->nonce,
        .nc = write_nc(login->nc, nc),
        .cnonce = login->cnonce,
        .method = login->method,
        .uri = login->uri,
        .body = login->body,
    };

    if (!slice_equal_nocase(challenge->scheme, SLICE("Digest"))
        || challenge->algorithm == SIP_DIGEST_UNKNOWN || !can_be_quoted(login->username)
        || !can_be_quoted(login->uri) || !can_be_quoted(login->cnonce)
        || !sip_digest_ha1(hasher, challenge->algorithm, login->username, challenge->realm,
                           login->password, ha1)
        || !sip_digest_response(hasher, &input, &response))
        return false;
    write(out, challenge, login, &input, (struct slice){response.text, response.len});
    return true;
}
