/*
 * The data of NAPTR (RFC 3403 4.1) and SRV records (RFC 2782) as they come from the wire, and as
 * libunbound hands them: hostile, until they have been read by this.
 *
 * Both forbid compressed names in them, so nothing outside the record is looked at. A name that no
 * host can have makes the record unreadable, for it could not be asked for either.
 */
#ifndef TCHIN_NET_DNS_RECORDS_H
#define TCHIN_NET_DNS_RECORDS_H

#include "base/slice.h"
#include "net/dns.h"

/* As text, without the dot at the end; the root is ".". */
struct dns_name {
    char text[DNS_MAX_NAME + 1];
};

struct dns_srv {
    uint16_t priority;
    uint16_t weight;
    uint16_t port;
    struct dns_name target;
};

struct dns_naptr {
    uint16_t order;
    uint16_t preference;
    struct slice flags; /* these three point into the data read, and may hold any bytes */
    struct slice services;
    struct slice regexp;
    struct dns_name replacement;
};

/* False: malformed, `out` untouched. */
bool dns_srv_read(struct slice rdata, struct dns_srv *out) MUST_USE;
bool dns_naptr_read(struct slice rdata, struct dns_naptr *out) MUST_USE;

#endif
