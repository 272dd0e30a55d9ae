/* Where the search begins: what is known before DNS is asked. RFC 3263 4.1 and 5. */
#include "sip/locate_inside.h"

static void begin(struct sip_locate *l, const struct sip_locate_client *client, uint64_t random)
{
    l->client = *client;
    l->is_sips = false;
    l->is_impossible = false;
    l->is_last_place = true;
    l->has_failed = false;
    l->domain = (struct sip_locate_name){0, 0};
    l->random = random;
    l->naptr = SIP_QUESTION_UNUSED;
    l->service_count = 0;
    l->service_at = 0;
    l->target_count = 0;
    l->addresses = SIP_QUESTION_UNUSED;
    l->address_count = 0;
    l->candidate_count = 0;
    l->candidate_at = 0;
    l->names_len = 0;
}

bool sip_locate_keep_name(struct sip_locate *l, struct slice name, struct sip_locate_name *out)
{
    if (name.len == 0 || name.len > SIP_LOCATE_MAX_NAME
        || name.len > sizeof(l->names) - l->names_len)
        return false;
    memcpy(l->names + l->names_len, name.ptr, name.len);
    *out = (struct sip_locate_name){(uint16_t)l->names_len, (uint8_t)name.len};
    l->names_len += name.len;
    return true;
}

struct slice sip_locate_domain(const struct sip_locate *l)
{
    return sip_locate_name_text(l, l->domain);
}

/* --- which transport -------------------------------------------------------------------------- */

bool sip_locate_may_use(const struct sip_locate *l, enum sip_transport transport)
{
    if (l->is_sips && !sip_transports[transport].is_secure)
        return false;
    for (size_t i = 0; i < l->client.transport_count; i++) {
        if (l->client.transports[i] == transport)
            return true;
    }
    return false;
}

/* UDP, for sips TLS over TCP; where the client does not speak that, what it speaks. */
static bool default_transport(const struct sip_locate *l, enum sip_transport *out)
{
    enum sip_transport usual = l->is_sips ? SIP_TLS : SIP_UDP;

    if (sip_locate_may_use(l, usual)) {
        *out = usual;
        return true;
    }
    for (size_t i = 0; i < l->client.transport_count; i++) {
        if (sip_locate_may_use(l, l->client.transports[i])) {
            *out = l->client.transports[i];
            return true;
        }
    }
    return false;
}

/* RFC 5630 3.1.4: that sips goes over TLS is not for the transport parameter to say. */
static bool explicit_transport(const struct sip_locate *l, struct slice name,
                               enum sip_transport *out)
{
    return sip_transport_find(name, out) && (!l->is_sips || sip_transport_secure(*out, out))
           && sip_locate_may_use(l, *out);
}

/* --- which names ------------------------------------------------------------------------------ */

/* Brackets of an IPv6 address, and the dot that ends a name. */
static struct slice without_marks(struct slice host)
{
    if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        return (struct slice){host.ptr + 1, host.len - 2};
    if (host.len > 1 && host.ptr[host.len - 1] == '.')
        host.len--;
    return host;
}

/* RFC 3263 4: the maddr, if there is one */
static struct slice target_of(const struct sip_uri *uri)
{
    struct slice maddr;

    if (sip_uri_param(uri, SLICE("maddr"), &maddr) && maddr.len > 0)
        return without_marks(maddr);
    return without_marks(uri->host);
}

/*
 * RFC 3263 4.1 and 4.2, 5: a literal or a port leaves nothing to NAPTR and SRV; a transport nothing
 * to NAPTR.
 */
static void seek(struct sip_locate *l, struct slice host, uint16_t port, bool transport_is_given)
{
    struct sip_locate_place place = {.transport = l->transport, .port = port};
    struct sip_ip literal;

    if (port == 0)
        place.port = sip_transports[l->transport].default_port;
    if (sip_ip_parse(host, &literal)) {
        sip_locate_visit_literal(l, place, &literal);
        return;
    }
    if (!sip_locate_keep_name(l, host, &l->domain))
        return; /* DNS has no such names */
    place.host = l->domain;
    l->is_last_place = port != 0;
    if (port != 0)
        sip_locate_visit(l, place);
    else if (transport_is_given)
        sip_locate_add_service(l, l->transport);
    else
        l->naptr = SIP_QUESTION_TO_ASK;
}

void sip_locate_start(struct sip_locate *l, const struct sip_uri *uri,
                      const struct sip_locate_client *client, uint64_t random)
{
    struct slice name;

    begin(l, client, random);
    l->is_sips = uri->scheme == SIP_SCHEME_SIPS;
    bool is_given = sip_uri_param(uri, SLICE("transport"), &name);
    l->is_impossible = (uri->scheme != SIP_SCHEME_SIP && uri->scheme != SIP_SCHEME_SIPS)
                       || !(is_given ? explicit_transport(l, name, &l->transport)
                                     : default_transport(l, &l->transport));
    if (!l->is_impossible)
        seek(l, target_of(uri), uri->port, is_given);
}

/* RFC 7118 5.3: over WebSocket, responses go by the connection of the request or not at all. */
void sip_locate_start_response(struct sip_locate *l, const struct sip_via *via,
                               const struct sip_locate_client *client, uint64_t random)
{
    begin(l, client, random);
    l->is_impossible = !explicit_transport(l, via->transport, &l->transport)
                       || l->transport == SIP_WS || l->transport == SIP_WSS;
    if (!l->is_impossible)
        seek(l, without_marks(via->host), via->port, true);
}
