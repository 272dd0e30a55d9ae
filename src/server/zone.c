/* Listeners are taken together: one service for each transport and port, each address once. */
#include "server/zone.h"

#include "net/interfaces.h"
#include "sip/locate_zone.h"
#include "transport/locator.h"

enum { TTL_S = 3600, MAX_ADDRESSES = 32 };

/* What a client should rather take comes first: RFC 3263 4.1. */
static const enum sip_transport by_preference[] = {SIP_TLS, SIP_TCP, SIP_UDP, SIP_WSS, SIP_WS};

/* --- services --------------------------------------------------------------------------------- */

static bool has_service(const struct sip_zone_service *services, size_t count,
                        struct sip_zone_service service)
{
    for (size_t i = 0; i < count; i++) {
        if (services[i].transport == service.transport && services[i].port == service.port)
            return true;
    }
    return false;
}

static size_t list_services(const struct settings *settings,
                            struct sip_zone_service out[SETTINGS_MAX_LISTENERS])
{
    size_t count = 0;

    for (size_t p = 0; p < ARRAY_LEN(by_preference); p++) {
        for (size_t i = 0; i < settings->listener_count; i++) {
            const struct transport_listener *listener = &settings->listeners[i];
            struct sip_zone_service service = {.port = listener->addr.port};
            if (!listener->has_only_pages
                && sip_transport_find(hop_protocol_name(listener->protocol), &service.transport)
                && service.transport == by_preference[p] && !has_service(out, count, service))
                out[count++] = service;
        }
    }
    return count;
}

/* --- addresses -------------------------------------------------------------------------------- */

struct addresses {
    size_t count;
    struct sip_ip all[MAX_ADDRESSES];
};

static void add_address(struct addresses *addresses, const struct net_addr *addr)
{
    struct sip_ip ip = locator_ip(addr);

    for (size_t i = 0; i < addresses->count; i++) {
        if (sip_ip_equal(&addresses->all[i], &ip))
            return;
    }
    if (addresses->count < MAX_ADDRESSES)
        addresses->all[addresses->count++] = ip;
}

/* Neither of this machine alone nor of this link alone. */
static bool may_be_published(const struct net_addr *addr)
{
    return !net_addr_is_loopback(addr) && !net_addr_is_link_local(addr);
}

static void add_all(struct addresses *addresses, uint8_t family)
{
    struct net_interfaces interfaces = {.count = 0};

    net_interfaces_read(&interfaces, 0);
    for (size_t i = 0; i < interfaces.count; i++) {
        const struct net_addr *addr = &interfaces.addrs[i];
        if (addr->family == family && may_be_published(addr))
            add_address(addresses, addr);
    }
}

static void list_addresses(const struct settings *settings, struct addresses *out)
{
    for (size_t i = 0; i < settings->listener_count; i++) {
        const struct net_addr *addr = &settings->listeners[i].addr;
        if (settings->listeners[i].has_only_pages)
            continue;
        if (net_addr_is_wildcard(addr))
            add_all(out, addr->family);
        else
            add_address(out, addr);
    }
}

bool zone_address_is_private(struct slice address)
{
    struct net_addr addr;

    return net_addr_parse(address, 0, &addr) && net_addr_is_private(&addr);
}

bool zone_write(const struct settings *settings, struct slice domain, struct slice host,
                struct buffer *out)
{
    struct sip_zone_service services[SETTINGS_MAX_LISTENERS];
    struct addresses addresses = {.count = 0};

    list_addresses(settings, &addresses);
    const struct sip_zone zone = {.domain = domain,
                                  .host = host,
                                  .services = services,
                                  .service_count = list_services(settings, services),
                                  .addresses = addresses.all,
                                  .address_count = addresses.count,
                                  .ttl_s = TTL_S};
    sip_zone_write(&zone, out);
    return addresses.count > 0;
}
