/*
 * Who names another address than the one we see him at, both in Via and in Contact, does not know
 * how the world sees him. A contact of somebody else at a private address is believed as long as
 * there is no NAT on the way of who names it: he is in the same network as we are. But what another
 * host calls itself from within is never a place to send to: it would be our own services.
 */
#include "server/nat.h"

static bool begins_with(const struct net_addr *addr, unsigned first, unsigned second, unsigned bits)
{
    unsigned mask = 0xffff0000U >> bits & 0xffff;

    return ((unsigned)(addr->ip[0] << 8 | addr->ip[1]) & mask) == (first << 8 | second);
}

static bool is_loopback(const struct net_addr *addr)
{
    static const unsigned char loopback[16] = {[15] = 1};

    return addr->family == 6 ? memcmp(addr->ip, loopback, sizeof(loopback)) == 0
                             : begins_with(addr, 127, 0, 8);
}

bool nat_is_private(const struct net_addr *addr)
{
    if (addr->family == 6)
        return begins_with(addr, 0xfc, 0, 7) || begins_with(addr, 0xfe, 0x80, 10)
               || is_loopback(addr);
    return begins_with(addr, 10, 0, 8) || begins_with(addr, 172, 16, 12)
           || begins_with(addr, 192, 168, 16) || begins_with(addr, 100, 64, 10)
           || begins_with(addr, 169, 254, 16) || is_loopback(addr);
}

bool nat_leads_inside(const struct net_addr *from, const struct net_addr *to)
{
    return is_loopback(to) ? !is_loopback(from) : nat_is_private(to) && !nat_is_private(from);
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

bool nat_hides(const struct request *rq, const struct sip_uri *contact)
{
    const struct sip_via *via = &rq->msg->basics.via;
    struct net_addr named, sent_by;

    if (hop_is_web(&rq->from))
        return nat_is_first_hop(rq->msg);
    if (!net_addr_parse(contact->host, 0, &named))
        return is_invalid_name(contact->host) && nat_is_first_hop(rq->msg);
    if (is_loopback(&named) && !is_loopback(&rq->from.remote))
        return true;
    if (net_addr_same_host(&named, &rq->from.remote) || !nat_is_first_hop(rq->msg))
        return false;
    bool has_address = net_addr_parse(via->host, 0, &sent_by);
    if (has_address && net_addr_same_host(&sent_by, &named))
        return true;
    return nat_is_private(&named)
           && !(has_address && net_addr_same_host(&sent_by, &rq->from.remote));
}
