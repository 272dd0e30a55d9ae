/* Host names are compared with our domains, addresses with our sockets. */
#include "server/domain.h"

/* RFC 3261 19.1.2 */
static uint16_t port_of(const struct sip_uri *uri)
{
    enum hop_protocol protocol = HOP_UDP;
    struct slice transport;

    if (uri->port != 0)
        return uri->port;
    if (sip_uri_param(uri, SLICE("transport"), &transport))
        (void)hop_protocol_find(transport, &protocol);
    return hop_protocol_port(uri->scheme == SIP_SCHEME_SIPS ? HOP_TLS : protocol);
}

static bool is_port_of_ours(const struct settings *settings, uint16_t port)
{
    for (size_t i = 0; i < settings->listener_count; i++) {
        if (settings->listeners[i].addr.port == port)
            return true;
    }
    return false;
}

/*
 * A name is ours whatever the port: outside of a port forwarding it is another than that we listen
 * on. An address is ours by one of our ports only, since phones may live at it too.
 */
const struct domain_settings *domain_of_uri(struct worker *w, const struct sip_uri *uri)
{
    const struct settings *settings = w->settings;
    struct net_addr addr;

    if (uri->scheme != SIP_SCHEME_SIP && uri->scheme != SIP_SCHEME_SIPS)
        return NULL;
    const struct domain_settings *domain = settings_domain(settings, uri->host);
    if (domain != NULL && domain->addr.family == 0)
        return domain;
    uint16_t port = port_of(uri);
    if (!net_addr_parse(uri->host, port, &addr))
        return domain;
    if (uri->port != 0 && !is_port_of_ours(settings, port))
        domain = NULL;
    if (domain == NULL && transport_is_ours(w->transport, &addr))
        domain = &settings->domains[0];
    return domain;
}

struct slice domain_place_of(const struct sip_uri *uri)
{
    struct slice maddr;

    if (!sip_uri_param(uri, SLICE("maddr"), &maddr))
        return uri->host;
    bool has_brackets = maddr.len > 2 && maddr.ptr[0] == '[' && maddr.ptr[maddr.len - 1] == ']';
    return has_brackets ? (struct slice){maddr.ptr + 1, maddr.len - 2} : maddr;
}

bool domain_leads_here(struct worker *w, const struct sip_uri *uri)
{
    struct sip_uri place = *uri;

    place.host = domain_place_of(uri);
    return domain_of_uri(w, &place) != NULL;
}

bool domain_aor(struct worker *w, const struct domain_settings *domain, const struct sip_uri *uri,
                struct slice *out)
{
    const struct slice name = {domain->name, domain->name_len};
    size_t max_bytes = uri->user.len + 1 + name.len;
    char *text = arena_alloc(w->arena, max_bytes);

    if (text == NULL)
        return false;
    struct buffer aor = buffer_over(text, max_bytes);
    sip_uri_write_aor_at(uri, name, &aor);
    *out = buffer_slice(&aor);
    return !aor.overflowed;
}
