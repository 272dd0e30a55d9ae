/*
 * Who names another address than the one we see him at, both in Via and in Contact, does not know
 * how the world sees him. A contact of somebody else at a private address is believed as long as
 * there is no NAT on the way of who names it: he is in the same network as we are. But what another
 * host calls itself from within is never a place to send to: it would be our own services.
 */
#include "server/nat.h"

bool nat_is_private(const struct net_addr *addr)
{
    return net_addr_is_private(addr) || net_addr_is_link_local(addr) || net_addr_is_loopback(addr);
}

bool nat_leads_inside(const struct net_addr *from, const struct net_addr *to)
{
    return net_addr_is_loopback(to) ? !net_addr_is_loopback(from)
                                    : nat_is_private(to) && !nat_is_private(from);
}

bool nat_is_first_hop(const struct sip_message *msg)
{
    struct sip_values vias = sip_values_of(msg, SIP_VIA);
    struct slice value;

    return sip_values_next(&vias, &value) && !sip_values_next(&vias, &value);
}

/* RFC 2606; RFC 7118 8.1: what runs in a browser has no address of its own to tell. */
static bool is_invalid_name(struct slice host)
{
    struct slice end = SLICE(".invalid");

    return host.len > end.len && slice_equal_nocase(slice_after(host, host.len - end.len), end);
}

/* As nearly always. What is local to a link says more than its text. */
static bool names_its_source(const struct request *rq, const struct sip_uri *contact)
{
    return rq->from.remote.scope_id == 0 && slice_equal(contact->host, rq->source);
}

bool nat_hides(const struct request *rq, const struct sip_uri *contact)
{
    const struct sip_via *via = &rq->msg->basics.via;
    struct net_addr named, sent_by;

    if (hop_is_web(&rq->from))
        return nat_is_first_hop(rq->msg);
    if (names_its_source(rq, contact))
        return false;
    if (!net_addr_parse(contact->host, 0, &named))
        return is_invalid_name(contact->host) && nat_is_first_hop(rq->msg);
    if (net_addr_is_loopback(&named) && !net_addr_is_loopback(&rq->from.remote))
        return true;
    if (net_addr_same_host(&named, &rq->from.remote) || !nat_is_first_hop(rq->msg))
        return false;
    bool has_address = net_addr_parse(via->host, 0, &sent_by);
    if (has_address && net_addr_same_host(&sent_by, &named))
        return true;
    return nat_is_private(&named)
           && !(has_address && net_addr_same_host(&sent_by, &rq->from.remote));
}
