/* From a URI to addresses, by the system's resolver. */
#include <netdb.h>

#include "sip/grammar.h"
#include "tools/ping.h"

enum { DEFAULT_PORT = 5060, MAX_NAME = 253 };

/* RFC 3261 19.1.1: the transport parameter; without one it is UDP. */
static bool choose_protocol(struct ping_plan *plan, struct buffer *fault)
{
    struct slice transport = SLICE_NONE;

    if (plan->uri.scheme != SIP_SCHEME_SIP) {
        buffer_printf(fault, "\"%.*s:\" cannot be asked, only sip: can",
                      SLICE_ARGS(plan->uri.scheme_text));
        return false;
    }
    if (!sip_uri_param(&plan->uri, SLICE("transport"), &transport))
        transport = SLICE("UDP");
    if (hop_protocol_find(transport, &plan->protocol))
        return true;
    buffer_printf(fault, "transport=%.*s is not spoken here: write udp or tcp",
                  SLICE_ARGS(transport));
    return false;
}

static bool take_addresses(struct ping_plan *plan, const struct addrinfo *first, uint16_t port)
{
    for (; first != NULL && plan->target_count < PING_MAX_TARGETS; first = first->ai_next) {
        struct net_addr *addr = &plan->targets[plan->target_count];
        if (!net_addr_from_sockaddr(first->ai_addr, addr))
            continue;
        addr->port = port;
        plan->target_count++;
    }
    return plan->target_count > 0;
}

static bool resolve(struct ping_plan *plan, struct slice host, uint16_t port, struct buffer *fault)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    char name[MAX_NAME + 1];

    if (net_addr_parse(host, port, &plan->targets[0])) {
        plan->target_count = 1;
        return true;
    }
    struct buffer text = buffer_over(name, MAX_NAME);
    buffer_add(&text, host);
    name[text.len] = '\0';
    int error = getaddrinfo(name, NULL, &hints, &found);
    bool ok = error == 0 && take_addresses(plan, found, port);
    if (error == 0)
        freeaddrinfo(found);
    if (!ok)
        buffer_printf(fault, "%.*s has no address: %s", SLICE_ARGS(host),
                      error != 0 ? gai_strerror(error) : "none of IPv4 or IPv6");
    return ok;
}

bool ping_locate(struct ping_plan *plan, bool *is_wrong, struct buffer *fault)
{
    struct slice host = plan->uri.host;
    struct slice maddr;

    *is_wrong = !choose_protocol(plan, fault);
    if (*is_wrong)
        return false;
    if (sip_uri_param(&plan->uri, SLICE("maddr"), &maddr) && maddr.len > 0)
        host = maddr; /* RFC 3263 4: the target is maddr, if there is one */
    plan->target_count = 0;
    return resolve(plan, host, plan->uri.port > 0 ? plan->uri.port : DEFAULT_PORT, fault);
}
