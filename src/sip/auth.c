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
#include "sip/match.h"

enum { NC_DIGITS = 8 };

/* What is read of challenges, credentials and Authentication-Info. */
enum auth_param {
    USERNAME,
    REALM,
    NONCE,
    URI,
    RESPONSE,
    CNONCE,
    OPAQUE,
    NC,
    ALGORITHM,
    QOP,
    DOMAIN,
    STALE,
    NEXTNONCE,
    RSPAUTH,
    NOT_READ,
    PARAM_COUNT = NOT_READ,
};

/* Zeros follow, up to the 16 bytes that are compared at once. */
static const char names[PARAM_COUNT][16] = {
    [USERNAME] = "username",   [REALM] = "realm",     [NONCE] = "nonce",   [URI] = "uri",
    [RESPONSE] = "response",   [CNONCE] = "cnonce",   [OPAQUE] = "opaque", [NC] = "nc",
    [ALGORITHM] = "algorithm", [QOP] = "qop",         [DOMAIN] = "domain", [STALE] = "stale",
    [NEXTNONCE] = "nextnonce", [RSPAUTH] = "rspauth",
};

/* The values as they stand in the text; a NULL pointer: there is none. */
struct auth_params {
    struct slice of[PARAM_COUNT];
};

/* The only one with a name of that length and that letter first. */
static inline enum auth_param candidate(size_t len, char first)
{
    char letter = (char)(first | 0x20);

    switch (len) {
    case 2: return NC;
    case 3: return letter == 'u' ? URI : QOP;
    case 5: return letter == 'n' ? NONCE : letter == 'r' ? REALM : STALE;
    case 6: return letter == 'c' ? CNONCE : letter == 'o' ? OPAQUE : DOMAIN;
    case 7: return RSPAUTH;
    case 8: return letter == 'u' ? USERNAME : RESPONSE;
    case 9: return letter == 'a' ? ALGORITHM : NEXTNONCE;
    default: return NOT_READ;
    }
}

/* The name of one that is read, in small letters, and "=" behind it, as nearly always. */
static inline enum auth_param eat_usual_name(struct cursor *c)
{
    uint32_t equals = c->end - c->at >= 16 ? match16(c->at, '=') : 0;

    if (equals == 0)
        return NOT_READ;
    size_t len = (size_t)__builtin_ctz(equals);
    enum auth_param param = candidate(len, *c->at);
    if (param == NOT_READ || (~equal16(c->at, names[param]) & ((1U << len) - 1)) != 0)
        return NOT_READ;
    c->at += len + 1;
    return param;
}

static enum auth_param find_param(struct slice name)
{
    enum auth_param param = candidate(name.len, *name.ptr);
    bool is_it = param != NOT_READ && bytes_equal_nocase(name.ptr, names[param], name.len);

    return is_it ? param : NOT_READ;
}

/* auth-param-name EQUAL */
static inline bool eat_name(struct cursor *c, enum auth_param *out)
{
    struct slice name;

    *out = eat_usual_name(c);
    if (*out != NOT_READ) {
        skip_space(c);
        return true;
    }
    if (!eat_token(c, &name) || !eat_mark(c, '='))
        return false;
    *out = find_param(name);
    return true;
}

/* auth-param = auth-param-name EQUAL ( token / quoted-string ) */
static inline bool eat_auth_param(struct cursor *c, struct auth_params *params)
{
    enum auth_param param;
    struct slice value;

    if (!eat_name(c, &param) || !(eat_quoted(c, &value) || eat_token(c, &value)))
        return false;
    if (param == NOT_READ)
        return true;
    bool is_first = params->of[param].ptr == NULL;
    params->of[param] = value;
    return is_first;
}

/* 1*COMMA, for elements may be empty: RFC 7235 C. What is no comma is SWS. */
static inline bool eat_commas(struct cursor *c)
{
    bool has_comma = false;

    skip_space(c);
    while (eat_char(c, ',')) {
        has_comma = true;
        skip_space(c);
    }
    return has_comma;
}

/* auth-param *( COMMA auth-param ) */
static bool eat_auth_params(struct cursor *c, struct auth_params *params)
{
    (void)eat_commas(c);
    while (!at_end(c)) {
        if (!eat_auth_param(c, params))
            return false;
        if (!eat_commas(c) && !at_end(c))
            return false;
    }
    return true;
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

/* digest-cln *( COMMA digest-cln ). Without realm and nonce nobody could answer it. */
static bool read_challenge(struct cursor *c, struct sip_challenge *out)
{
    struct auth_params params = {0};

    if (!eat_auth_params(c, &params) || params.of[REALM].ptr == NULL
        || params.of[NONCE].ptr == NULL)
        return false;
    out->realm = params.of[REALM];
    out->nonce = params.of[NONCE];
    out->opaque = params.of[OPAQUE];
    out->domain = params.of[DOMAIN];
    out->algorithm = read_algorithm(params.of[ALGORITHM], &out->is_session);
    out->is_stale = slice_equal_nocase(params.of[STALE], SLICE("true"));
    read_offers(params.of[QOP], out);
    return true;
}

/* challenge = ( "Digest" LWS digest-cln *( COMMA digest-cln ) ) / other-challenge */
bool sip_challenge_parse(struct slice value, struct sip_challenge *out)
{
    struct cursor c = cursor_over(value);
    struct sip_challenge challenge = {.algorithm = SIP_DIGEST_UNKNOWN};

    if (!eat_scheme(&c, &challenge.scheme)
        || (is_digest(challenge.scheme) && !read_challenge(&c, &challenge)))
        return false;
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

/* dig-resp *( COMMA dig-resp ) */
static bool read_response(struct cursor *c, struct sip_credentials *out)
{
    struct auth_params params = {0};

    if (!eat_auth_params(c, &params))
        return false;
    out->username = params.of[USERNAME];
    out->realm = params.of[REALM];
    out->nonce = params.of[NONCE];
    out->uri = params.of[URI];
    out->response = params.of[RESPONSE];
    out->cnonce = params.of[CNONCE];
    out->opaque = params.of[OPAQUE];
    out->nc_text = params.of[NC];
    out->algorithm = read_algorithm(params.of[ALGORITHM], &out->is_session);
    out->qop = read_qop(params.of[QOP]);
    return is_counted(out->qop, out->cnonce, out->nc_text, &out->nc);
}

/* credentials = ( "Digest" LWS dig-resp *( COMMA dig-resp ) ) / other-response */
bool sip_credentials_parse(struct slice value, struct sip_credentials *out)
{
    struct cursor c = cursor_over(value);
    struct sip_credentials given = {.algorithm = SIP_DIGEST_UNKNOWN};

    if (!eat_scheme(&c, &given.scheme) || (is_digest(given.scheme) && !read_response(&c, &given)))
        return false;
    *out = given;
    return true;
}

/* ainfo *( COMMA ainfo ) */
bool sip_authentication_info_parse(struct slice value, struct sip_authentication_info *out)
{
    struct cursor c = cursor_over(value);
    struct auth_params params = {0};
    uint32_t nc;

    if (at_end(&c) || !eat_auth_params(&c, &params))
        return false;
    if (params.of[NC].ptr != NULL && !read_nc(params.of[NC], &nc))
        return false;
    *out = (struct sip_authentication_info){
        .nextnonce = params.of[NEXTNONCE],
        .rspauth = params.of[RSPAUTH],
        .cnonce = params.of[CNONCE],
        .nc_text = params.of[NC],
        .qop = read_qop(params.of[QOP]),
    };
    return true;
}
