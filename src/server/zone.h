/* What to publish in DNS, so that a domain is found at the sockets that the settings name. */
#ifndef TCHIN_SERVER_ZONE_H
#define TCHIN_SERVER_ZONE_H

#include "server/settings.h"

/*
 * The lines of sip/locate_zone.h, for the server `host` of `domain`. Sockets at all addresses are
 * at those of this machine that others can reach; false: there are none of these.
 */
bool zone_write(const struct settings *settings, struct slice domain, struct slice host,
                struct buffer *out);

/* Whether an address is one that the rest of the world cannot reach: RFC 1918, RFC 6598, RFC 4193.
 */
bool zone_address_is_private(struct slice address);

#endif
