/*
 * What DNS says about a domain and its server, as lines of a zone file, of the same form as
 * sip/locate_zone.h has them: to be compared with those that should be there.
 */
#ifndef TCHIN_SERVER_PUBLISHED_H
#define TCHIN_SERVER_PUBLISHED_H

#include "base/buffer.h"
#include "net/dns.h"

/*
 * Asks for the NAPTR and SRV records of `domain` and the addresses of `host`, and waits for the
 * answers. False: some question failed, so what is missing may be there after all.
 */
bool published_ask(struct dns *dns, struct slice domain, struct slice host, struct buffer *out);

#endif
