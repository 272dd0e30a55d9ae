/* What both ends of a TLS test have: a certificate for example.org, which they believe. */
#ifndef TCHIN_TESTS_CERTIFIED_H
#define TCHIN_TESTS_CERTIFIED_H

#include "check.h"
#include "net/tls_context.h"
#include "net/tls_self_signed.h"

/* A certificate for `domain`, who is believed. Both are the test's. */
static inline struct tls_settings certified_settings(const char *domain)
{
    static const unsigned char ticket_keys[TLS_TICKET_KEY_BYTES] = {1};
    char certificate_text[4096], key_text[4096], fault_text[200];
    struct buffer certificate = buffer_over(certificate_text, sizeof(certificate_text));
    struct buffer key = buffer_over(key_text, sizeof(key_text));
    struct buffer fault = buffer_over(fault_text, sizeof(fault_text));
    struct tls_identities *identities = tls_identities_new();

    CHECK_MADE(identities);
    assert_true(tls_self_signed_make(slice_of(domain), &certificate, &key));
    bool added = tls_identities_add(identities, slice_of(domain), buffer_slice(&certificate),
                                    buffer_slice(&key), &fault);
    if (!added)
        tls_identities_free(identities);
    CHECK_MADE(added ? identities : NULL);
    X509_STORE *trusted = X509_STORE_new();
    X509_STORE_add_cert(trusted, tls_identities_choose(identities, SLICE_NONE)->certificate);
    return (struct tls_settings){
        .identities = identities, .trusted = trusted, .ticket_keys = ticket_keys};
}

/* The test's, to be freed behind all connections. */
static inline struct tls_context *certified_asking(enum tls_client_certificates clients)
{
    struct tls_settings settings = certified_settings("example.org");

    settings.clients = clients;
    struct tls_context *context = tls_context_new(&settings);

    X509_STORE_free(settings.trusted);
    CHECK_MADE(context);
    return context;
}

static inline struct tls_context *certified_context(void)
{
    return certified_asking(TLS_CLIENTS_NOT_ASKED);
}

#endif
