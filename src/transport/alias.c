/*
 * An alias is an entry of the directory, which asks the certificate itself whom it speaks for: so
 * every identity counts, and no worker but this one touches the connection. RFC 5923 8.2, 9.2.
 */
#include "transport/alias.h"

#include <openssl/x509.h>
#include <stdlib.h>

#include "transport/inside.h"

bool alias_is_possible(const struct connection *c)
{
    return c->wire.tls != NULL && !c->flow.is_ours && c->alias == NULL && c->is_reusable
           && c->streams->settings->directory != NULL && tls_proof(c->wire.tls) != NULL;
}

void alias_add(struct connection *c, uint16_t port)
{
    struct directory_entry *alias = alias_is_possible(c) ? calloc(1, sizeof(*alias)) : NULL;
    X509 *proof;

    if (alias == NULL)
        return;
    proof = tls_proof(c->wire.tls);
    X509_up_ref(proof);
    alias->flow = c->flow;
    alias->flow.reopen_port = port;
    alias->proof = proof;
    c->alias = alias;
    directory_add(c->streams->settings->directory, alias);
}

void alias_remove(struct connection *c)
{
    if (c->alias == NULL)
        return;
    directory_remove(c->streams->settings->directory, c->alias);
    X509_free(c->alias->proof);
    free(c->alias);
    c->alias = NULL;
}

/* --- what those above ask ----------------------------------------------------------------------
 */

bool transport_may_alias(const struct transport *t, const struct hop *flow)
{
    const struct connection *c = NULL;

    if (flow->protocol == HOP_TLS && !flow->is_ours)
        c = streams_find(&t->streams, flow->connection);
    return c != NULL && alias_is_possible(c);
}

void transport_alias(struct transport *t, const struct hop *flow, uint16_t port)
{
    struct connection *c = streams_find(&t->streams, flow->connection);

    if (c != NULL)
        alias_add(c, port);
}
