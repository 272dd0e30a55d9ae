/* One record a line, every name with its dot at the end, so that no $ORIGIN matters. */
#include "sip/locate_zone.h"

/*
 * RFC 3263 4.1: SIPS before SIP. The orders differ so that who speaks TLS stays with it (RFC 3403
 * 4.1); among the others the preferences let a client go on to the next.
 */
enum { ORDER_SECURE = 10, ORDER_PLAIN = 20, PREFERENCE_STEP = 10 };

static void write_owner(const struct sip_zone *zone, struct slice prefix, struct slice name,
                        const char *type, struct buffer *out)
{
    buffer_add(out, prefix);
    buffer_add(out, name);
    buffer_printf(out, ". %u IN %s ", zone->ttl_s, type);
}

static bool is_repeated(const struct sip_zone *zone, size_t which)
{
    for (size_t i = 0; i < which; i++) {
        if (zone->services[i].transport == zone->services[which].transport)
            return true;
    }
    return false;
}

static void write_naptrs(const struct sip_zone *zone, struct buffer *out)
{
    unsigned preference = 0;

    for (size_t i = 0; i < zone->service_count; i++) {
        const struct sip_transport_row *row = &sip_transports[zone->services[i].transport];
        if (is_repeated(zone, i))
            continue;
        preference += PREFERENCE_STEP;
        write_owner(zone, SLICE_NONE, zone->domain, "NAPTR", out);
        buffer_printf(out, "%d %u \"s\" \"%.*s\" \"\" %.*s%.*s.\n",
                      row->is_secure ? ORDER_SECURE : ORDER_PLAIN, preference,
                      SLICE_ARGS(row->service), SLICE_ARGS(row->srv_prefix),
                      SLICE_ARGS(zone->domain));
    }
}

/* One server: there is nothing for priorities and weights to tell. */
static void write_srvs(const struct sip_zone *zone, struct buffer *out)
{
    for (size_t i = 0; i < zone->service_count; i++) {
        const struct sip_zone_service *service = &zone->services[i];
        write_owner(zone, sip_transports[service->transport].srv_prefix, zone->domain, "SRV", out);
        buffer_printf(out, "0 0 %u %.*s.\n", service->port, SLICE_ARGS(zone->host));
    }
}

static void write_addresses(const struct sip_zone *zone, struct buffer *out)
{
    for (size_t i = 0; i < zone->address_count; i++) {
        const struct sip_ip *ip = &zone->addresses[i];
        write_owner(zone, SLICE_NONE, zone->host, ip->family == 4 ? "A" : "AAAA", out);
        sip_ip_write(ip, out);
        buffer_add_char(out, '\n');
    }
}

void sip_zone_write(const struct sip_zone *zone, struct buffer *out)
{
    write_naptrs(zone, out);
    write_srvs(zone, out);
    write_addresses(zone, out);
}
