/* Which URIs are about us: our domains and our own addresses. */
#ifndef TCHIN_SERVER_DOMAIN_H
#define TCHIN_SERVER_DOMAIN_H

#include "server/request.h"

/*
 * The domain that a URI belongs to, NULL if it is not ours. A URI with one of our own addresses
 * for a host belongs to the default domain.
 */
const struct domain_settings *domain_of_uri(struct worker *w, const struct sip_uri *uri);

/* Where a request for a URI is sent: its maddr or else its host, without brackets. */
struct slice domain_place_of(const struct sip_uri *uri);

/* Whether that is us. */
bool domain_leads_here(struct worker *w, const struct sip_uri *uri);

/* The address of record of a URI of ours, in the arena: user@domain, or domain. */
bool domain_aor(struct worker *w, const struct domain_settings *domain, const struct sip_uri *uri,
                struct slice *out) MUST_USE;

#endif
