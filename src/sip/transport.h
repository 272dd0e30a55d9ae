/*
 * The transports of SIP (RFC 3261 18, RFC 7118), and what they are called: in Via, in NAPTR
 * records, in the names of SRV records.
 */
#ifndef TCHIN_SIP_TRANSPORT_H
#define TCHIN_SIP_TRANSPORT_H

#include "base/slice.h"

enum sip_transport { SIP_UDP, SIP_TCP, SIP_TLS, SIP_WS, SIP_WSS, SIP_TRANSPORT_COUNT };

struct sip_transport_row {
    struct slice name;       /* "UDP", as in Via */
    struct slice service;    /* "SIP+D2U", of NAPTR */
    struct slice srv_prefix; /* "_sip._udp." */
    uint16_t default_port;
    bool is_secure;
    enum sip_transport secured; /* the same over TLS; itself, if there is no such thing */
};

extern const struct sip_transport_row sip_transports[SIP_TRANSPORT_COUNT];

/* By its name in Via or in a transport parameter, whatever its case. False: none of these. */
bool sip_transport_find(struct slice name, enum sip_transport *out) MUST_USE;

/* By the services field of a NAPTR record. False: none of these. */
bool sip_transport_of_service(struct slice service, enum sip_transport *out) MUST_USE;

/* Whether sips: goes by it, given that it is what the transport parameter said (RFC 5630 3.1.4). */
bool sip_transport_secure(enum sip_transport transport, enum sip_transport *out) MUST_USE;

#endif
