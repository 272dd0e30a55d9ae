/*
 * What failed of a domain's certificate: how often in a row, and until when nothing is asked again.
 * The store keeps it, so that a server that is started again and again does not ask each time.
 */
#ifndef TCHIN_SERVER_ACME_TROUBLE_H
#define TCHIN_SERVER_ACME_TROUBLE_H

#include "server/server.h"

/* All zero: there is none. */
struct acme_trouble {
    uint32_t failures;
    uint64_t until_s; /* since 1970 */
};

struct acme_trouble acme_trouble_recall(const struct server *server, const char *domain);

/* Without a database there is more to worry about than who asks too often: that is only logged. */
void acme_trouble_remember(struct server *server, const char *domain, struct acme_trouble trouble);

#endif
