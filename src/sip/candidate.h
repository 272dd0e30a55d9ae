/* Where a request may be sent: what finding a server comes down to (RFC 3263 4). */
#ifndef TCHIN_SIP_CANDIDATE_H
#define TCHIN_SIP_CANDIDATE_H

#include "sip/ip.h"
#include "sip/transport.h"

struct sip_candidate {
    enum sip_transport transport;
    struct sip_ip ip;
    uint16_t port;
    struct slice host; /* the name whose address it is; of a literal: nothing */
    /*
     * What was to be reached, and a TLS server must prove to be whatever host DNS named (RFC 5922
     * 7.3); of a literal: nothing. Valid as long as the host is.
     */
    struct slice domain;
};

/* The same place, whatever name led there. */
static inline bool sip_candidate_same_place(const struct sip_candidate *a,
                                            const struct sip_candidate *b)
{
    return a->transport == b->transport && a->port == b->port && sip_ip_equal(&a->ip, &b->ip);
}

#endif
