/*
 * Who we are: certificates with their keys, each for a domain, as a worker shows them in
 * handshakes.
 */
#ifndef TCHIN_NET_TLS_IDENTITY_H
#define TCHIN_NET_TLS_IDENTITY_H

#include <openssl/ssl.h>

#include "base/buffer.h"
#include "base/list.h"

/* In the order in which they were added: the first is shown to who asks for none that we have. */
struct tls_identities;

struct tls_identity {
    struct list_node node;
    X509 *certificate;
    EVP_PKEY *key;
    STACK_OF(X509) * chain; /* what leads to a root, without the certificate */
    char domain[];
};

/* NULL: no memory. */
struct tls_identities *tls_identities_new(void) MUST_USE;
void tls_identities_free(struct tls_identities *identities); /* handshakes keep what they have */

/*
 * Adds what the two texts in PEM hold: the certificate with what leads to its root behind it, and
 * its key without a passphrase. False: `fault` says what is wrong with them. Copies everything.
 */
bool tls_identities_add(struct tls_identities *identities, struct slice domain,
                        struct slice certificates, struct slice key, struct buffer *fault) MUST_USE;

/*
 * The one for a server name (RFC 6066 3; empty: none was said): that of the domain, else the first
 * whose certificate has the name, else the first. NULL: there are none.
 */
const struct tls_identity *tls_identities_choose(const struct tls_identities *identities,
                                                 struct slice name);

/* Seconds since 1970 until which it is valid. */
int64_t tls_identity_ends_s(const struct tls_identity *identity);

#endif
