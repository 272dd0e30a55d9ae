/*
 * The other end of sip/locate.h: what a domain publishes in DNS so that RFC 3263 leads to its
 * server, as lines for its zone file (RFC 1035 5, RFC 3403 4.3, RFC 2782).
 */
#ifndef TCHIN_SIP_LOCATE_ZONE_H
#define TCHIN_SIP_LOCATE_ZONE_H

#include "base/buffer.h"
#include "sip/ip.h"
#include "sip/transport.h"

struct sip_zone_service {
    enum sip_transport transport;
    uint16_t port;
};

struct sip_zone {
    struct slice domain;                     /* names without a dot at the end */
    struct slice host;                       /* of the server; may be the domain itself */
    const struct sip_zone_service *services; /* the preferred first */
    size_t service_count;
    const struct sip_ip *addresses;
    size_t address_count;
    uint32_t ttl_s;
};

/* A NAPTR record for each transport, an SRV for each service, an A or AAAA for each address. */
void sip_zone_write(const struct sip_zone *zone, struct buffer *out);

#endif
