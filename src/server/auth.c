/*
 * Checking credentials and making challenges. Whatever is wrong with them - the user, the
 * password, the nonce - the answer is the same challenge after the same work.
 */
#include "server/auth.h"

#include "server/domain.h"
#include "server/lockout.h"
#include "server/nonce.h"
#include "server/reply.h"
#include "sip/auth.h"
#include "store/user.h"

enum { HA1_OF_NAME, HA1_OF_AOR };

struct attempt {
    struct sip_credentials credentials;
    struct nonce nonce;
    enum nonce_verdict verdict; /* on it */
    char aor_text[USER_MAX_NAME];
    struct slice name; /* whom they name: an address of record, if it can be one of the domain */
    uint64_t hash;     /* of the name; 0: not known */
    uint8_t form;      /* which of the user's names was used */
    bool can_be_known;
    bool is_known;
    struct user_login login;
};

static struct slice realm_of(const struct domain_settings *domain)
{
    return (struct slice){domain->name, domain->name_len};
}

static bool offers(enum digest_choice choice, enum sip_digest_algorithm algorithm)
{
    if (algorithm == SIP_DIGEST_MD5)
        return choice != DIGEST_SHA256;
    return algorithm == SIP_DIGEST_SHA256 && choice != DIGEST_MD5;
}

static void add_challenge(struct request *rq, const struct domain_settings *domain,
                          enum auth_kind kind, enum sip_digest_algorithm algorithm,
                          struct slice nonce, bool is_stale)
{
    char text[512];
    struct buffer value = buffer_over(text, sizeof(text));

    buffer_add(&value, SLICE("Digest realm=\""));
    buffer_add(&value, realm_of(domain));
    buffer_add(&value, SLICE("\", nonce=\""));
    buffer_add(&value, nonce);
    buffer_add(&value, SLICE("\", algorithm="));
    buffer_add(&value, sip_digest_algorithm_name(algorithm));
    buffer_add(&value, SLICE(", qop=\"auth\""));
    if (is_stale)
        buffer_add(&value, SLICE(", stale=true"));
    reply_add_header(rq, kind == AUTH_REGISTRAR ? "WWW-Authenticate" : "Proxy-Authenticate",
                     buffer_slice(&value));
}

/*
 * RFC 8760 2.4: one challenge an algorithm, the preferred one first. They share a nonce, as in
 * RFC 7616 3.9.1.
 */
static enum sip_status challenge(struct request *rq, const struct domain_settings *domain,
                                 enum auth_kind kind, bool is_stale)
{
    char text[NONCE_LEN];
    const struct slice nonce = {text, sizeof(text)};

    nonce_make(rq->w->server->nonces, &rq->from.remote, realm_of(domain), rq->w->now_ms, text);
    if (offers(domain->digest, SIP_DIGEST_SHA256))
        add_challenge(rq, domain, kind, SIP_DIGEST_SHA256, nonce, is_stale);
    if (offers(domain->digest, SIP_DIGEST_MD5))
        add_challenge(rq, domain, kind, SIP_DIGEST_MD5, nonce, is_stale);
    return kind == AUTH_REGISTRAR ? SIP_401_UNAUTHORIZED : SIP_407_PROXY_AUTHENTICATION_REQUIRED;
}

static const struct sip_header *first_credentials(const struct request *rq, enum auth_kind kind)
{
    return sip_message_header(rq->msg,
                              kind == AUTH_REGISTRAR ? SIP_AUTHORIZATION : SIP_PROXY_AUTHORIZATION);
}

bool auth_lacks_credentials(const struct request *rq)
{
    return rq->settings->requires_auth && rq->msg->method_id == SIP_REGISTER
           && first_credentials(rq, AUTH_REGISTRAR) == NULL;
}

enum sip_status auth_challenge(struct request *rq, const struct domain_settings *domain,
                               enum auth_kind kind)
{
    return challenge(rq, domain, kind, false);
}

static bool read_credentials(struct slice value, const struct domain_settings *domain,
                             struct sip_credentials *out)
{
    return sip_credentials_parse(value, out) && slice_equal_nocase(out->scheme, SLICE("Digest"))
           && slice_equal_nocase(out->realm, realm_of(domain))
           && offers(domain->digest, out->algorithm);
}

/* The credentials in one field, if they are for this realm. */
static bool read_attempt(const struct request *rq, const struct domain_settings *domain,
                         struct slice value, uint64_t likely_hash, struct attempt *out)
{
    if (!read_credentials(value, domain, &out->credentials))
        return false;
    user_warm(rq->w->server->store, likely_hash);
    out->verdict =
        nonce_check(rq->w->server->nonces, out->credentials.nonce, &rq->from.remote,
                    realm_of(domain), rq->w->now_ms, rq->settings->nonce_s * 1000, &out->nonce);
    return true;
}

/*
 * The credentials for this realm: RFC 3261 22.3. A client may carry those of other realms too, and
 * several for this one: those with the best nonce are meant for us.
 */
static bool find_credentials(const struct request *rq, const struct domain_settings *domain,
                             enum auth_kind kind, uint64_t likely_hash, struct attempt *out)
{
    const struct sip_header *header = first_credentials(rq, kind);
    struct attempt other;

    while (header != NULL && !read_attempt(rq, domain, header->value, likely_hash, out))
        header = sip_message_next(rq->msg, header);
    if (header == NULL)
        return false;
    while ((header = sip_message_next(rq->msg, header)) != NULL) {
        if (read_attempt(rq, domain, header->value, likely_hash, &other)
            && other.verdict < out->verdict)
            *out = other;
    }
    return true;
}

/*
 * "alice" and "alice@example.org" are the same user, with an HA1 for each, and one name that wrong
 * passwords are counted for.
 */
static void name_user(const struct request *rq, const struct domain_settings *domain,
                      struct attempt *attempt)
{
    struct slice given = attempt->credentials.username;
    size_t at = slice_find(given, '@');
    struct buffer aor = buffer_over(attempt->aor_text, sizeof(attempt->aor_text));

    attempt->form = at < given.len ? HA1_OF_AOR : HA1_OF_NAME;
    buffer_add(&aor, (struct slice){given.ptr, at});
    buffer_add(&aor, SLICE("@"));
    buffer_add(&aor, realm_of(domain));
    bool is_of_domain =
        at == given.len || settings_domain(rq->settings, slice_after(given, at + 1)) == domain;
    attempt->can_be_known = is_of_domain && !aor.overflowed;
    attempt->name = attempt->can_be_known ? buffer_slice(&aor) : given;
}

/* Of who is not known, an HA1 of zeros. */
static void find_user(const struct request *rq, struct attempt *attempt)
{
    const struct user_ha1_choice choice = {(uint8_t)attempt->credentials.algorithm, attempt->form};

    attempt->is_known = attempt->can_be_known
                        && user_find_login(rq->w->server->store, attempt->name, attempt->hash,
                                           choice, &attempt->login);
    if (!attempt->is_known)
        attempt->login = (struct user_login){0};
}

/* Computed for unknown users too, from an HA1 of zeros, so that time tells nothing. */
static bool is_digest_right(struct request *rq, const struct attempt *attempt)
{
    const struct sip_credentials *credentials = &attempt->credentials;
    struct sip_digest_input input = {
        .algorithm = credentials->algorithm,
        .is_session = credentials->is_session,
        .qop = credentials->qop,
        .ha1 = attempt->login.ha1,
        .nonce = credentials->nonce,
        .nc = credentials->nc_text,
        .cnonce = credentials->cnonce,
        .method = rq->msg->method,
        .uri = credentials->uri,
        .body = rq->msg->body,
    };
    struct sip_digest_hex right;

    if (!sip_digest_response(rq->w->hasher, &input, &right))
        return false;
    bool is_equal =
        slice_equal_secret(credentials->response, (struct slice){right.text, right.len});
    return is_equal && attempt->is_known;
}

/* Without qop there is no nonce count, so such a nonce serves for one request. */
static enum nonce_verdict use_nonce(struct request *rq, const struct attempt *attempt)
{
    const struct sip_credentials *credentials = &attempt->credentials;
    struct hash_wide key;
    uint32_t count = credentials->qop == SIP_QOP_NONE ? UINT32_MAX : credentials->nc;

    if (!txn_key_of(rq->w->txns, rq->msg, &rq->hashes, &key))
        return NONCE_STALE;
    return nonce_use(rq->w->server->nonces, &attempt->nonce, count, (uint32_t)key.low,
                     rq->w->now_ms);
}

/*
 * RFC 8760 2.6: the digest is over a URI that is to be one we accept requests for, though it need
 * not be the Request-URI: a proxy on the way, or the client's own routing, may have changed that.
 */
static bool is_for_uri_of_ours(struct request *rq, struct slice text)
{
    struct sip_uri uri;

    return slice_equal(text, rq->msg->uri)
           || (sip_uri_parse(text, &uri)
               && (domain_of_uri(rq->w, &uri) != NULL || sip_uri_equal(&uri, &rq->uri)));
}

static void log_wrong_password(struct request *rq, const struct attempt *attempt, bool is_locked)
{
    char text[80];
    struct buffer source = buffer_over(text, sizeof(text));

    if (!worker_may_log(rq->w, LOG_WARNING, LOG_PASSWORDS, &rq->from.remote))
        return;
    net_addr_write(&rq->from.remote, &source);
    LOG(&rq->w->log, LOG_WARNING, is_locked ? "locked out" : "wrong password",
        {"user", attempt->credentials.username}, {"realm", attempt->credentials.realm},
        {"source", buffer_slice(&source)}, {"call-id", rq->msg->basics.call_id});
}

/* RFC 7616 3.3: stale, so that the client asks nobody for a password that is right. */
static bool has_old_nonce(const struct attempt *attempt)
{
    return attempt->verdict != NONCE_FRESH && attempt->credentials.nonce.len > 0;
}

static bool is_locked_out(struct request *rq, const struct attempt *attempt)
{
    return lockout_remaining_s(rq->w->server->lockout, &rq->from.remote, attempt->name,
                               rq->w->now_ms)
           > 0;
}

static void count_failure(struct request *rq, const struct attempt *attempt)
{
    bool is_locked = lockout_count_failure(rq->w->server->lockout, &rq->from.remote, attempt->name,
                                           rq->w->now_ms);

    log_wrong_password(rq, attempt, is_locked);
}

enum sip_status auth_check(struct request *rq, const struct domain_settings *domain,
                           enum auth_kind kind, struct slice likely, struct auth_user *out)
{
    struct attempt attempt;

    if (first_credentials(rq, kind) == NULL)
        return challenge(rq, domain, kind, false);
    uint64_t likely_hash = user_warm_place(rq->w->server->store, likely);
    if (!find_credentials(rq, domain, kind, likely_hash, &attempt))
        return challenge(rq, domain, kind, false);
    name_user(rq, domain, &attempt);
    bool is_likely = slice_equal(attempt.name, likely);
    attempt.hash = is_likely ? likely_hash : 0;
    if (is_locked_out(rq, &attempt)) {
        rq->phrase = "Too Many Wrong Passwords";
        return SIP_403_FORBIDDEN;
    }
    if (attempt.verdict == NONCE_FOREIGN)
        return challenge(rq, domain, kind, has_old_nonce(&attempt));
    find_user(rq, &attempt);
    if (!is_digest_right(rq, &attempt)) {
        count_failure(rq, &attempt);
        return challenge(rq, domain, kind, false);
    }
    if (attempt.verdict == NONCE_FRESH)
        attempt.verdict = use_nonce(rq, &attempt);
    if (attempt.verdict != NONCE_FRESH)
        return challenge(rq, domain, kind, true);
    if (!is_for_uri_of_ours(rq, attempt.credentials.uri)) {
        rq->phrase = "Credentials Are for Another URI";
        return SIP_400_BAD_REQUEST;
    }
    lockout_forget(rq->w->server->lockout, &rq->from.remote, attempt.name);
    out->aor_hash = attempt.login.hash;
    out->max_bindings = attempt.login.max_bindings;
    out->aor = likely;
    return is_likely || arena_copy(rq->w->arena, attempt.name, &out->aor)
               ? SIP_GO_ON
               : SIP_500_SERVER_INTERNAL_ERROR;
}
