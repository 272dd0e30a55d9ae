/*
 * What we send to ourselves comes from this host, but whoever had us do it may be anywhere: it is
 * known by its topmost Via, and listeners of ours vouch for nobody.
 */
#include "server/reach.h"

#include "server/edge.h"

enum scope { THIS_HOST, THIS_LINK, EVERYWHERE };

static bool is_from_ourselves(const struct request *rq)
{
    const struct sip_via *via = &rq->msg->basics.via;
    struct net_addr sent_by;

    return net_addr_parse(via->host, via->port, &sent_by)
           && transport_is_ours(rq->w->transport, &sent_by);
}

/* The way to the domain that we are the edge of was named by who wrote our settings. */
struct net_addr reach_namer(const struct request *rq)
{
    if (edge_leads_home(rq))
        return rq->from.local;
    return is_from_ourselves(rq) ? (struct net_addr){0} : rq->from.remote;
}

static enum scope scope_of(const struct worker *w, const struct net_addr *addr)
{
    if (net_addr_is_loopback(addr) || transport_is_on_host(w->transport, addr))
        return THIS_HOST;
    return net_addr_is_link_local(addr) ? THIS_LINK : EVERYWHERE;
}

bool reach_permits(const struct worker *w, const struct net_addr *namer, const struct net_addr *to)
{
    enum scope scope = scope_of(w, to);

    return scope == EVERYWHERE
           || (namer->family != 0 && !transport_is_ours(w->transport, namer)
               && scope_of(w, namer) <= scope);
}
