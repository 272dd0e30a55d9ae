/*
 * What all TLS connections of one worker have in common: the settings, who we are, and whom we
 * believe. TLS 1.2 and 1.3; no renegotiation, no compression.
 */
#ifndef TCHIN_NET_TLS_CONTEXT_H
#define TCHIN_NET_TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "net/tls_identity.h"

enum {
    TLS_TICKET_KEY_BYTES = 80,
    TLS_RECORD_BYTES = 16 * 1024, /* RFC 8446 5.1: what a record holds at most */
};

/* What who connects to us is asked for. */
enum tls_client_certificates {
    TLS_CLIENTS_NOT_ASKED,
    TLS_CLIENTS_ASKED, /* one that cannot be believed counts for nothing */
    TLS_CLIENTS_PROVE, /* without one that can be believed there is no connection */
};

struct tls_settings {
    struct tls_identities *identities; /* taken, whatever comes of it */
    X509_STORE *trusted;               /* shared by all workers; a reference of it is kept */
    enum tls_client_certificates clients;
    /* The same for all workers, so that a ticket of one resumes with the other: RFC 5077. */
    const unsigned char *ticket_keys; /* TLS_TICKET_KEY_BYTES */
};

struct tls_context;

/* NULL: no memory. */
struct tls_context *tls_context_new(const struct tls_settings *settings) MUST_USE;
void tls_context_free(struct tls_context *context); /* its connections must be closed */

/* For handshakes from now on. Takes `identities`. */
void tls_context_renew(struct tls_context *context, struct tls_identities *identities,
                       X509_STORE *trusted);

/*
 * Makes `ssl`, of somebody else who accepts connections, show the same certificates, now and when
 * they are renewed. `context` must outlive it. False: no memory.
 */
bool tls_context_lend(struct tls_context *context, SSL_CTX *ssl) MUST_USE;

/*
 * The certificates of a file in PEM, or of the system's where `path` is NULL. Reads files: not for
 * a worker. NULL: `fault` says why. X509_STORE_free gives a reference back.
 */
X509_STORE *tls_trust_read(const char *path, struct buffer *fault) MUST_USE;

/* --- for tls.c -------------------------------------------------------------------------------- */

/* NULL: no memory. */
SSL *tls_context_accept(struct tls_context *context) MUST_USE;

/* To a peer that must prove to be `domain`, which must be valid as long as the connection. */
SSL *tls_context_connect(struct tls_context *context, const char *domain) MUST_USE;

/* TLS_RECORD_BYTES to read into, for the moment. */
char *tls_context_plain(struct tls_context *context);

#endif
