/* From a URI to where a request for it is sent: the part of RFC 3263 that needs no SRV and NAPTR.
 */
#ifndef TCHIN_SERVER_NEXT_HOP_H
#define TCHIN_SERVER_NEXT_HOP_H

#include "server/worker.h"
#include "sip/uri.h"

struct next_hop {
    enum hop_protocol protocol;
    bool protocol_is_explicit; /* said by the URI's transport parameter */
    bool is_literal;
    struct net_addr addr; /* of a literal, port included */
    struct slice name;    /* else: to be resolved */
    uint16_t port;
};

/*
 * RFC 3263 4.1, 4.2. `own` is an address of ours, for a name that is one of our domains. False:
 * nothing we can send to: an unknown transport, a group or broadcast address.
 */
bool next_hop_of(struct worker *w, const struct sip_uri *uri, const struct net_addr *own,
                 struct next_hop *out) MUST_USE;

/* Whether a request may be sent to that address at all. */
bool next_hop_is_allowed(const struct net_addr *addr);

#endif
