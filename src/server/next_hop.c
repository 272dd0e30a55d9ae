/* The beginning of the search is on the stack: most requests go to a literal, and it ends there. */
#include "server/next_hop.h"

#include "server/domain.h"
#include "server/forward.h"
#include "server/reach.h"

enum { LARGE_REQUEST = 1000 }; /* with what we add, perhaps too large for UDP: RFC 3261 18.1.1 */

/* What we send by; a large request rather by streams, where there is a choice. */
static struct sip_locate_client client_for(const struct request *rq)
{
    struct sip_locate_client client = rq->w->client;

    if (rq->msg->bytes.len < LARGE_REQUEST || client.transport_count == 0
        || client.transports[0] != SIP_UDP)
        return client;
    for (size_t i = 1; i < client.transport_count; i++)
        client.transports[i - 1] = client.transports[i];
    client.transports[client.transport_count - 1] = SIP_UDP;
    return client;
}

/* UDP and TCP share a port as a rule, TLS has another. */
static uint16_t own_port(const struct request *rq, enum sip_transport transport)
{
    bool is_like_it_came = hop_is_secure(&rq->from) == sip_transports[transport].is_secure;

    return is_like_it_came ? rq->from.local.port : sip_transports[transport].default_port;
}

static bool speaks_udp(const struct sip_locate_client *client)
{
    for (size_t i = 0; i < client->transport_count; i++) {
        if (client->transports[i] == SIP_UDP)
            return true;
    }
    return false;
}

static bool can_be_sent_to(const struct sip_locate_client *client, const struct net_addr *addr)
{
    return (addr->family == 4 ? client->has_ipv4 : client->has_ipv6) && !net_addr_is_wildcard(addr)
           && !net_addr_is_multicast(addr);
}

bool next_hop_is_plain(const struct request *rq, const struct sip_uri *uri, struct net_addr *out)
{
    const struct sip_locate_client *client = &rq->w->client;
    uint16_t port = uri->port != 0 ? uri->port : hop_protocol_port(HOP_UDP);

    return uri->scheme == SIP_SCHEME_SIP && uri->params.len == 0 && speaks_udp(client)
           && net_addr_parse(uri->host, port, out) && can_be_sent_to(client, out);
}

static struct sip_candidate plain_place(const struct net_addr *addr)
{
    return (struct sip_candidate){.transport = SIP_UDP, .ip = locator_ip(addr), .port = addr->port};
}

static enum sip_locate_result find_by_uri(const struct request *rq, const struct sip_uri *uri,
                                          struct sip_locate *search, struct sip_candidate *out)
{
    const struct sip_locate_client client = client_for(rq);

    sip_locate_start(search, uri, &client, 0);
    enum sip_locate_result result = sip_locate_next(search, NULL, rq->w->now_ms, out);
    if (result != SIP_LOCATE_WAIT || !domain_leads_here(rq->w, uri))
        return result;
    *out = (struct sip_candidate){.transport = search->transport,
                                  .ip = locator_ip(&rq->from.local),
                                  .port = own_port(rq, search->transport),
                                  .domain = sip_locate_domain(search)};
    return SIP_LOCATED;
}

enum sip_locate_result next_hop_find(const struct request *rq, const struct target *target,
                                     struct sip_locate *search, struct sip_candidate *out)
{
    struct net_addr addr = target->flow.remote;
    struct sip_uri uri;

    if (!target->has_place && !forward_next_hop(rq, target->uri, target->route, &uri))
        return SIP_LOCATE_CANNOT;
    if (target->has_place || (!target->is_secure && next_hop_is_plain(rq, &uri, &addr))) {
        *out = plain_place(&addr);
        return SIP_LOCATED;
    }
    if (target->is_secure)
        uri.scheme = SIP_SCHEME_SIPS;
    return find_by_uri(rq, &uri, search, out);
}

uint64_t next_hop_asker(const struct worker *w, const struct net_addr *namer)
{
    const struct net_addr party = net_addr_party(namer);

    return net_addr_hash(&w->server->keys.ours_alone, &party);
}

struct locator *next_hop_search(const struct request *rq, const struct sip_locate *search,
                                const struct net_addr *namer, void *owner,
                                void (*go_on)(struct locator *l))
{
    struct worker *w = rq->w;
    struct locator *l = locator_new(w->server->dns, net_loop_mailbox(w->loop), owner, go_on);

    if (l == NULL)
        return NULL;
    l->machine = *search;
    l->on_behalf_of = next_hop_asker(w, namer);
    l->machine.random = hash_place(&w->server->keys.ours_alone, rq->msg->basics.call_id);
    return l;
}

bool next_hop_is_open(struct worker *w, const struct sip_candidate *place)
{
    enum hop_protocol protocol;
    struct net_addr addr;
    struct hop hop;

    return locator_place(place, &protocol, &addr)
           && transport_choose(w->transport, protocol, &addr, &hop)
           && (!hop_is_reliable(&hop) || hop.connection != 0);
}

/* A literal that is one of our listeners was looked at: it leads to users of ours. */
static bool may_send_to(struct worker *w, const struct sip_candidate *place,
                        const struct net_addr *namer, const struct net_addr *addr)
{
    return reach_permits(w, namer, addr)
           || (place->host.len == 0 && transport_is_ours(w->transport, addr));
}

static void log_forbidden(struct worker *w, const struct net_addr *namer,
                          const struct net_addr *addr)
{
    char texts[2][64];
    struct buffer to = buffer_over(texts[0], sizeof(texts[0]));
    struct buffer named_by = buffer_over(texts[1], sizeof(texts[1]));

    if (!worker_may_log(w, LOG_INFO, LOG_TARGETS, namer))
        return;
    net_addr_write(addr, &to);
    if (namer->family != 0)
        net_addr_write(namer, &named_by);
    LOG(&w->log, LOG_INFO, "not sent to where only this host or its link may reach",
        {"to", buffer_slice(&to)}, {"named-by", buffer_slice(&named_by)});
}

enum sip_status next_hop_choose(struct worker *w, const struct sip_candidate *place,
                                const struct net_addr *namer, struct hop *out)
{
    char text[64];
    struct buffer host = buffer_over(text, sizeof(text));
    struct slice domain = place->domain;
    enum hop_protocol protocol;
    struct net_addr addr;

    if (!locator_place(place, &protocol, &addr))
        return SIP_503_SERVICE_UNAVAILABLE;
    if (!may_send_to(w, place, namer, &addr)) {
        log_forbidden(w, namer, &addr);
        return SIP_403_FORBIDDEN;
    }
    if (domain.len == 0 && sip_transports[protocol].is_secure) {
        net_addr_write_host(&addr, &host);
        domain = buffer_slice(&host);
    }
    return transport_choose_for(w->transport, protocol, &addr, domain, out)
               ? SIP_GO_ON
               : SIP_503_SERVICE_UNAVAILABLE;
}
