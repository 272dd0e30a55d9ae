/* Whether a certificate speaks for a SIP domain: RFC 5922 7. */
#ifndef TCHIN_NET_TLS_NAME_H
#define TCHIN_NET_TLS_NAME_H

#include <openssl/x509.h>

#include "base/slice.h"

/*
 * Whether `domain` is among its identities: a name as RFC 5922 7.1 and 7.2 say, without wildcards;
 * an address, without brackets, as its iPAddress. That it can be trusted is the caller's to know.
 */
bool tls_name_is_in(X509 *certificate, struct slice domain) MUST_USE;

#endif
