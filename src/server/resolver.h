/* The resolver as the settings want it. */
#ifndef TCHIN_SERVER_RESOLVER_H
#define TCHIN_SERVER_RESOLVER_H

#include "net/dns.h"
#include "server/settings.h"

/* NULL: `fault` says why it does not start, and what to do about it. */
struct dns *resolver_start(const struct settings *settings, struct buffer *fault) MUST_USE;

#endif
