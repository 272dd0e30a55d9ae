/*
 * Certificates by ACME (RFC 8555): every domain that has a name gets one, and another when two
 * thirds of its life are over. The ACME client is uacme, a child of ours. All by the main thread.
 *
 * What is to be done next is read from the certificates and from what the store remembers of
 * failures, so it is the same after a restart.
 */
#ifndef TCHIN_SERVER_ACME_H
#define TCHIN_SERVER_ACME_H

#include "server/server.h"

struct acme;

/* NULL: no memory. */
struct acme *acme_start(struct server *server) MUST_USE;

/* Several times a second. `wall_ms` is since 1970. */
void acme_turn(struct acme *acme, uint64_t wall_ms);

/* What has failed is tried again at once: somebody may have put it right. */
void acme_hurry(struct acme *acme);

/* Ends a client that runs. Harmless for NULL. */
void acme_stop(struct acme *acme);

#endif
