/* A literal or a name, a port, a transport. */
#include "server/next_hop.h"

#include "server/domain.h"

enum { DEFAULT_PORT = 5060 };

bool next_hop_is_allowed(const struct net_addr *addr)
{
    return addr->port != 0 && !net_addr_is_wildcard(addr) && !net_addr_is_multicast(addr);
}

/* RFC 3263 4.1: without a transport parameter, UDP; what SRV and NAPTR would say is not asked. */
static bool read_protocol(const struct sip_uri *uri, struct next_hop *out)
{
    struct slice transport;

    out->protocol_is_explicit = sip_uri_param(uri, SLICE("transport"), &transport);
    if (out->protocol_is_explicit)
        return hop_protocol_find(transport, &out->protocol);
    out->protocol = HOP_UDP;
    return true;
}

bool next_hop_of(struct worker *w, const struct sip_uri *uri, const struct net_addr *own,
                 struct next_hop *out)
{
    struct next_hop hop = {.name = domain_place_of(uri)};

    if (uri->scheme != SIP_SCHEME_SIP || !read_protocol(uri, &hop))
        return false;
    hop.port = uri->port != 0 ? uri->port : DEFAULT_PORT;
    hop.is_literal = net_addr_parse(hop.name, hop.port, &hop.addr);
    if (!hop.is_literal && domain_leads_here(w, uri)) {
        hop.addr = *own; /* a spiral: on to ourselves, whatever DNS says */
        hop.is_literal = true;
    }
    if (hop.is_literal && !next_hop_is_allowed(&hop.addr))
        return false;
    *out = hop;
    return true;
}
