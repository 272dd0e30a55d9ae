/* The resolver as the settings want it. */
#ifndef TCHIN_SERVER_RESOLVER_H
#define TCHIN_SERVER_RESOLVER_H

#include "net/dns.h"
#include "server/settings.h"

/*
 * How many look-ups may be under way: each has two sockets, of which some systems allow few. The
 * same whenever it is asked.
 */
size_t resolver_max_queries(void);

/* NULL: `fault` says why it does not start, and what to do about it. */
struct dns *resolver_start(const struct settings *settings, struct buffer *fault) MUST_USE;

#endif
