/*
 * Challenges and credentials: RFC 3261 25.1 with the parameters of RFC 7616 3.3, 3.4 and 3.5.
 *
 * Whether a value is a token or a quoted string differs from phone to phone (algorithm="MD5",
 * qop=auth, nc="00000001"): either is taken for each. A parameter that is read may occur once
 * only (RFC 7235 2.1): whom two readers could take for two users is nobody. What belongs to
 * another scheme than Digest has its own grammar and is not looked at (RFC 4475 3.3.7).
 */
#include "sip/auth.h"

#include "sip/grammar.h"

enum { NC_DIGITS = 8 };

/* A parameter that is read, and where its value goes; a NULL pointer there: not seen yet. */
struct wanted {
    struct slice name;
    struct slice *value;
};

/* auth-param = auth-param-name EQUAL ( token / quoted-string ) */
static bool eat_auth_param(struct cursor *c, struct slice *name, struct slice *value)
{
    return eat_token(c, name) && eat_mark(c, '=') && (eat_token(c, value) || eat_quoted(c, value));
}

static bool keep_wanted(const struct wanted *wanted, size_t count, struct slice name,
                        struct slice value)
{
    for (size_t i = 0; i < count; i++) {
        if (!slice_equal_nocase(name, wanted[i].name))
            continue;
        if (wanted[i].value->ptr != NULL)
            return false;
        *wanted[i].value = value;
        return true;
    }
    return true;
}

/* auth-param *( COMMA auth-param ), with empty elements, as RFC 7235 C has it */
static bool eat_auth_params(struct cursor *c, const struct wanted *wanted, size_t count)
{
    struct slice name, value;

    do {
        while (eat_mark(c, ','))
            continue;
        if (at_end(c))
            return true;
        if (!eat_auth_param(c, &name, &value) || !keep_wanted(wanted, count, name, value))
            return false;
    } while (eat_mark(c, ','));
    skip_space(c);
    return at_end(c);
}

/* auth-scheme LWS; what follows is for who knows the scheme */
static bool eat_scheme(struct cursor *c, struct slice *out)
{
    return eat_token(c, out) && (eat_space(c) || at_end(c));
}

static bool is_digest(struct slice scheme)
{
    return slice_equal_nocase(scheme, SLICE("Digest"));
}

/* RFC 7616 3.3: "if this is not present, it is assumed to be MD5" */
static enum sip_digest_algorithm read_algorithm(struct slice text, bool *is_session)
{
    return sip_digest_algorithm_find(text.ptr != NULL ? text : SLICE("MD5"), is_session);
}

static enum sip_digest_qop read_qop(struct slice text)
{
    if (text.ptr == NULL)
        return SIP_QOP_NONE;
    if (slice_equal_nocase(text, SLICE("auth")))
        return SIP_QOP_AUTH;
    if (slice_equal_nocase(text, SLICE("auth-int")))
        return SIP_QOP_AUTH_INT;
    return SIP_QOP_UNKNOWN;
}

/* qop-value *( "," qop-value ), between quotes; unknown ones are ignored (RFC 7616 3.3) */
static void read_offers(struct slice text, struct sip_challenge *out)
{
    while (text.len > 0) {
        size_t end = slice_find(text, ',');
        enum sip_digest_qop qop = read_qop(slice_trim((struct slice){text.ptr, end}));

        out->offers_auth |= qop == SIP_QOP_AUTH;
        out->offers_auth_int |= qop == SIP_QOP_AUTH_INT;
        text = slice_after(text, end + 1);
    }
}

/* challenge = ( "Digest" LWS digest-cln *( COMMA digest-cln ) ) / other-challenge */
bool sip_challenge_parse(struct slice value, struct sip_challenge *out)
{
    struct cursor c = cursor_over(value);
    struct sip_challenge challenge = {.algorithm = SIP_DIGEST_UNKNOWN};
    struct slice algorithm = SLICE_NONE, qop = SLICE_NONE, stale = SLICE_NONE;
    const struct wanted wanted[] = {
        {SLICE("realm"),     &challenge.realm },
        {SLICE("nonce"),     &challenge.nonce },
        {SLICE("opaque"),    &challenge.opaque},
        {SLICE("domain"),    &challenge.domain},
        {SLICE("algorithm"), &algorithm       },
        {SLICE("qop"),       &qop             },
        {SLICE("stale"),     &stale           },
    };

    if (!eat_scheme(&c, &challenge.scheme))
        return false;
    if (is_digest(challenge.scheme)) {
        if (!eat_auth_params(&c, wanted, ARRAY_LEN(wanted)))
            return false;
        if (challenge.realm.ptr == NULL || challenge.nonce.ptr == NULL)
            return false; /* nobody could answer it */
        challenge.algorithm = read_algorithm(algorithm, &challenge.is_session);
        challenge.is_stale = slice_equal_nocase(stale, SLICE("true"));
        read_offers(qop, &challenge);
    }
    *out = challenge;
    return true;
}

/* nc-value = 8LHEX (RFC 7616 3.5: "exactly 8"); capitals are hashed as they are written */
static bool read_nc(struct slice text, uint32_t *out)
{
    uint32_t nc = 0;

    if (text.len != NC_DIGITS)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = ascii_hex_value(text.ptr[i]);
        if (digit < 0)
            return false;
        nc = nc << 4 | (uint32_t)digit;
    }
    *out = nc;
    return true;
}

/* RFC 2617 3.2.2: with qop, cnonce and nc MUST be there; without, an nc still has to be one. */
static bool is_counted(enum sip_digest_qop qop, struct slice cnonce, struct slice nc_text,
                       uint32_t *nc)
{
    if (nc_text.ptr == NULL)
        return qop == SIP_QOP_NONE;
    return read_nc(nc_text, nc) && (qop == SIP_QOP_NONE || cnonce.ptr != NULL);
}

/* credentials = ( "Digest" LWS dig-resp *( COMMA dig-resp ) ) / other-response */
bool sip_credentials_parse(struct slice value, struct sip_credentials *out)
{
    struct cursor c = cursor_over(value);
    struct sip_credentials given = {.algorithm = SIP_DIGEST_UNKNOWN};
    struct slice algorithm = SLICE_NONE, qop = SLICE_NONE;
    const struct wanted wanted[] = {
        {SLICE("username"),  &given.username},
        {SLICE("realm"),     &given.realm   },
        {SLICE("nonce"),     &given.nonce   },
        {SLICE("uri"),       &given.uri     },
        {SLICE("response"),  &given.response},
        {SLICE("cnonce"),    &given.cnonce  },
        {SLICE("opaque"),    &given.opaque  },
        {SLICE("nc"),        &given.nc_text },
        {SLICE("algorithm"), &algorithm     },
        {SLICE("qop"),       &qop           },
    };

    if (!eat_scheme(&c, &given.scheme))
        return false;
    if (is_digest(given.scheme)) {
        if (!eat_auth_params(&c, wanted, ARRAY_LEN(wanted)))
            return false;
        given.algorithm = read_algorithm(algorithm, &given.is_session);
        given.qop = read_qop(qop);
        if (!is_counted(given.qop, given.cnonce, given.nc_text, &given.nc))
            return false;
    }
    *out = given;
    return true;
}

/* ainfo *( COMMA ainfo ) */
bool sip_authentication_info_parse(struct slice value, struct sip_authentication_info *out)
{
    struct cursor c = cursor_over(value);
    struct sip_authentication_info info = {.qop = SIP_QOP_NONE};
    struct slice qop = SLICE_NONE;
    uint32_t nc;
    const struct wanted wanted[] = {
        {SLICE("nextnonce"), &info.nextnonce},
        {SLICE("rspauth"),   &info.rspauth  },
        {SLICE("cnonce"),    &info.cnonce   },
        {SLICE("nc"),        &info.nc_text  },
        {SLICE("qop"),       &qop           },
    };

    if (at_end(&c) || !eat_auth_params(&c, wanted, ARRAY_LEN(wanted)))
        return false;
    if (info.nc_text.ptr != NULL && !read_nc(info.nc_text, &nc))
        return false;
    info.qop = read_qop(qop);
    *out = info;
    return true;
}
