/*
 * One SSL_CTX, whose certificate callback looks for the right one in the identities of the moment:
 * so tickets and connections outlive a certificate.
 */
#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "net/addr.h"
#include "net/tls_name.h"

struct tls_context {
    SSL_CTX *ssl;
    struct tls_identities *identities;
    enum tls_client_certificates clients;
    char plain[TLS_RECORD_BYTES];
};

static int show_certificate(SSL *ssl, void *context);

/*
 * Idle connections hold no buffers; one ticket is enough for a phone; and what a session would be
 * found by in a cache is never looked for, since the tickets hold all of it.
 */
static bool set_up(SSL_CTX *ssl, const unsigned char *ticket_keys, struct slice session_context,
                   struct tls_context *context)
{
    unsigned char keys[TLS_TICKET_KEY_BYTES];

    memcpy(keys, ticket_keys, sizeof(keys));
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
                                 | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_cert_cb(ssl, show_certificate, context);
    bool ok = SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1
              && SSL_CTX_set_num_tickets(ssl, 1) == 1
              && SSL_CTX_set_session_id_context(ssl, (const unsigned char *)session_context.ptr,
                                                (unsigned)session_context.len)
                     == 1
              && SSL_CTX_set_tlsext_ticket_keys(ssl, keys, sizeof(keys)) == 1;
    OPENSSL_cleanse(keys, sizeof(keys));
    return ok;
}

struct tls_context *tls_context_new(const struct tls_settings *settings)
{
    struct tls_context *context = malloc(sizeof(*context));

    if (context == NULL) {
        tls_identities_free(settings->identities);
        return NULL;
    }
    context->identities = settings->identities;
    context->clients = settings->clients;
    context->ssl = SSL_CTX_new(TLS_method());
    if (context->ssl != NULL
        && set_up(context->ssl, settings->ticket_keys, SLICE("tchin"), context)) {
        SSL_CTX_set1_cert_store(context->ssl, settings->trusted);
        return context;
    }
    tls_context_free(context);
    return NULL;
}

/* A session that began there proves nothing here, where clients may have to prove who they are. */
bool tls_context_lend(struct tls_context *context, SSL_CTX *ssl)
{
    unsigned char keys[TLS_TICKET_KEY_BYTES];
    bool ok = SSL_CTX_get_tlsext_ticket_keys(context->ssl, keys, sizeof(keys)) == 1
              && set_up(ssl, keys, SLICE("tchin-lent"), context);

    OPENSSL_cleanse(keys, sizeof(keys));
    return ok;
}

void tls_context_free(struct tls_context *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->ssl);
    tls_identities_free(context->identities);
    free(context);
}

void tls_context_renew(struct tls_context *context, struct tls_identities *identities,
                       X509_STORE *trusted)
{
    tls_identities_free(context->identities);
    context->identities = identities;
    SSL_CTX_set1_cert_store(context->ssl, trusted);
}

char *tls_context_plain(struct tls_context *context)
{
    return context->plain;
}

/* --- whom we believe -------------------------------------------------------------------------- */

/* OpenSSL would look into a folder in the middle of a handshake: so it is a file, read at once. */
static const char *const system_files[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian */
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

static bool read_system(X509_STORE *store)
{
    const char *chosen = getenv(X509_get_default_cert_file_env());

    if (chosen != NULL)
        return X509_STORE_load_file(store, chosen) == 1;
    for (size_t i = 0; i < ARRAY_LEN(system_files); i++) {
        if (X509_STORE_load_file(store, system_files[i]) == 1)
            return true;
    }
    return false;
}

/* Nobody is believed where the system knows nobody; but what was asked for must be there. */
X509_STORE *tls_trust_read(const char *path, struct buffer *fault)
{
    X509_STORE *store = X509_STORE_new();

    if (store == NULL) {
        buffer_add_text(fault, "out of memory");
        return NULL;
    }
    if (path == NULL) {
        (void)read_system(store);
    } else if (X509_STORE_load_file(store, path) != 1) {
        buffer_printf(fault, "%.300s holds no certificates in PEM", path);
        X509_STORE_free(store);
        store = NULL;
    }
    ERR_clear_error();
    return store;
}

/* --- handshakes ------------------------------------------------------------------------------- */

/* Asked of a server by every client, of a client by the servers that want to know. */
static int show_certificate(SSL *ssl, void *arg)
{
    const struct tls_context *context = arg;
    const char *name =
        SSL_is_server(ssl) ? SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) : NULL;
    const struct tls_identity *identity =
        tls_identities_choose(context->identities, name != NULL ? slice_of(name) : SLICE_NONE);

    if (identity == NULL)
        return SSL_is_server(ssl) ? 0 : 1;
    return SSL_use_cert_and_key(ssl, identity->certificate, identity->key, identity->chain, 1);
}

/* RFC 5922 7.3: it must be the domain that was asked for, or there is no connection. */
static int believe_server(int is_believed, X509_STORE_CTX *check)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx());
    const char *domain = SSL_get_app_data(ssl);

    if (is_believed != 1 || X509_STORE_CTX_get_error_depth(check) > 0)
        return is_believed;
    if (tls_name_is_in(X509_STORE_CTX_get_current_cert(check), slice_of(domain)))
        return 1;
    X509_STORE_CTX_set_error(check, X509_V_ERR_HOSTNAME_MISMATCH);
    return 0;
}

/* RFC 5922 7.4: the connection stands, and authenticates nobody. */
static int doubt_client(int is_believed, X509_STORE_CTX *check)
{
    (void)is_believed;
    (void)check;
    return 1;
}

SSL *tls_context_accept(struct tls_context *context)
{
    SSL *ssl = SSL_new(context->ssl);

    if (ssl == NULL)
        return NULL;
    if (context->clients == TLS_CLIENTS_ASKED)
        SSL_set_verify(ssl, SSL_VERIFY_PEER, doubt_client);
    else if (context->clients == TLS_CLIENTS_PROVE)
        SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_set_accept_state(ssl);
    return ssl;
}

/* RFC 6066 3: an address is no server name. */
SSL *tls_context_connect(struct tls_context *context, const char *domain)
{
    SSL *ssl = SSL_new(context->ssl);
    struct net_addr addr;

    if (ssl == NULL)
        return NULL;
    SSL_set_app_data(ssl, (char *)domain);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, believe_server);
    SSL_set_connect_state(ssl);
    if (!net_addr_parse(slice_of(domain), 0, &addr) && SSL_set_tlsext_host_name(ssl, domain) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    return ssl;
}
