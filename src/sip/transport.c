/*
 * The table of transports. Services: RFC 3263 9, RFC 7118 10.2. Ports: RFC 3261 19.1.2, RFC 7118
 * 5.5.
 */
#include "sip/transport.h"

const struct sip_transport_row sip_transports[SIP_TRANSPORT_COUNT] = {
    [SIP_UDP] = {{"UDP", 3}, {"SIP+D2U", 7},  {"_sip._udp.", 10},  5060, false, SIP_UDP},
    [SIP_TCP] = {{"TCP", 3}, {"SIP+D2T", 7},  {"_sip._tcp.", 10},  5060, false, SIP_TLS},
    [SIP_TLS] = {{"TLS", 3}, {"SIPS+D2T", 8}, {"_sips._tcp.", 11}, 5061, true,  SIP_TLS},
    [SIP_WS] = {{"WS", 2},  {"SIP+D2W", 7},  {"_sip._ws.", 9},    80,   false, SIP_WSS},
    [SIP_WSS] = {{"WSS", 3}, {"SIPS+D2W", 8}, {"_sips._ws.", 10},  443,  true,  SIP_WSS},
};

bool sip_transport_find(struct slice name, enum sip_transport *out)
{
    for (int i = 0; i < SIP_TRANSPORT_COUNT; i++) {
        if (slice_equal_nocase(sip_transports[i].name, name)) {
            *out = (enum sip_transport)i;
            return true;
        }
    }
    return false;
}

bool sip_transport_of_service(struct slice service, enum sip_transport *out)
{
    for (int i = 0; i < SIP_TRANSPORT_COUNT; i++) {
        if (slice_equal_nocase(sip_transports[i].service, service)) {
            *out = (enum sip_transport)i;
            return true;
        }
    }
    return false;
}

bool sip_transport_secure(enum sip_transport transport, enum sip_transport *out)
{
    enum sip_transport secured = sip_transports[transport].secured;

    if (!sip_transports[secured].is_secure)
        return false;
    *out = secured;
    return true;
}
