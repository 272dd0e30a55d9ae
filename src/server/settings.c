/* The defaults, and reading domain names and listeners. */
#include "server/settings.h"

#include <unistd.h>

#include "server/machine.h"
#include "sip/grammar.h"

enum {
    MEMORY_PARTS = 8, /* one for transactions, one each for what both ceilings of bytes hold */
    TRANSACTION_BYTES = 320, /* of one that waits for its end, its slot and its place in the map */
};

static uint32_t count_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (cores < 1)
        return 1;
    return cores < SETTINGS_MAX_WORKERS ? (uint32_t)cores : SETTINGS_MAX_WORKERS;
}

/* A share of the memory, rounded down so that it can be said and written. */
static uint32_t share_of_memory(uint64_t unit_bytes, uint64_t step, uint32_t max)
{
    uint64_t units = machine_memory_bytes() / MEMORY_PARTS / unit_bytes / step * step;

    return units < step ? (uint32_t)step : units > max ? max : (uint32_t)units;
}

void settings_init(struct settings *settings)
{
    *settings = (struct settings){
        .data_folder = "./tchin-data",
        .durability = STORE_PROCESS,
        .workers = count_cores(),
        .requires_auth = true,
        .log_format = LOG_TEXT,
        .log_level = LOG_INFO,
        .digest = DIGEST_MD5,
        .max_bindings = 10,
        .default_expires_s = 3600,
        .min_expires_s = 60,
        .max_expires_s = 7200,
        .flow_timer_s = 120,
        .probe_interval_s = 25,
        .timer_c_s = 185, /* RFC 3261 16.6 step 11: more than three minutes */
        .nonce_s = 300,
        .max_transactions = share_of_memory(TRANSACTION_BYTES, 1000, SETTINGS_MAX_TRANSACTIONS),
        .max_parked_bytes = share_of_memory(1, 1 << 20, SETTINGS_MAX_PARKED_BYTES),
        .max_connections = 100000,
        .max_connections_per_host = 10000,
        .idle_s = 3600,
        .message_timeout_s = 10,
        .connect_timeout_ms = 2000,
        .failover_ms = 3000,
        .client_certificates = TLS_CLIENTS_NOT_ASKED,
        .handshake_timeout_ms = 5000,
        .web_ping_s = 45, /* many a proxy of the Web cuts what is silent for a minute */
        .max_handshakes = 2048,
        .max_handshakes_per_host = 256,
        .acme_directory = "https://acme-v02.api.letsencrypt.org/directory",
        .acme_port = 80,
        .max_users = 10000000,
        .max_bindings_total = 10000000,
    };
}

static void write_address(const struct net_addr *addr, struct buffer *out)
{
    buffer_add_text(out, addr->family == 6 ? "[" : "");
    net_addr_write_host(addr, out);
    buffer_add_text(out, addr->family == 6 ? "]" : "");
}

static struct slice without_root(struct slice name)
{
    bool ends_with_dot = name.len > 0 && name.ptr[name.len - 1] == '.';

    return (struct slice){name.ptr, name.len - ends_with_dot};
}

/*
 * A name in lower case without the dot of the root, an address as inet_ntop writes it, in brackets
 * as in a URI: one text for each domain. False: it is neither. `addr` is set if it is an address.
 */
static bool write_canonical(struct slice name, struct buffer *out, struct net_addr *addr)
{
    struct cursor c = cursor_over(name);
    struct slice host;

    if (net_addr_parse(name, 0, addr)) {
        write_address(addr, out);
        return !out->overflowed;
    }
    if (!eat_host(&c, &host) || !at_end(&c))
        return false;
    if (net_addr_parse(host, 0, addr)) { /* it stood in brackets */
        write_address(addr, out);
        return !out->overflowed;
    }
    host = without_root(host);
    for (size_t i = 0; i < host.len; i++)
        buffer_add_char(out, ascii_lower(host.ptr[i]));
    return !out->overflowed;
}

/* An address that has many texts, in brackets or not. */
static bool read_ipv6(struct slice name, struct net_addr *out)
{
    if (!net_addr_may_be_ipv6(name))
        return false;
    if (name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
        name = (struct slice){name.ptr + 1, name.len - 2};
    return net_addr_parse(name, 0, out);
}

static bool has_name(const struct domain_settings *domain, struct slice name)
{
    return domain->addr.family != 6
           && slice_equal_nocase(name, (struct slice){domain->name, domain->name_len});
}

static const struct domain_settings *find_ipv6(const struct settings *settings, struct slice name)
{
    struct net_addr addr;

    if (!read_ipv6(name, &addr))
        return NULL;
    for (size_t i = 0; i < settings->domain_count; i++) {
        if (net_addr_equal(&settings->domains[i].addr, &addr))
            return &settings->domains[i];
    }
    return NULL;
}

/* What equals a valid name is one, so that no other check is needed. */
const struct domain_settings *settings_domain(const struct settings *settings, struct slice name)
{
    struct slice host = without_root(name);

    for (size_t i = 0; i < settings->domain_count; i++) {
        if (has_name(&settings->domains[i], host))
            return &settings->domains[i];
    }
    return find_ipv6(settings, name);
}

struct domain_settings *settings_add_domain(struct settings *settings, struct slice name)
{
    char text[SETTINGS_MAX_DOMAIN_NAME];
    struct buffer canonical = buffer_over(text, sizeof(text));
    struct net_addr addr = {0};

    if (!write_canonical(name, &canonical, &addr))
        return NULL;
    const struct domain_settings *known = settings_domain(settings, buffer_slice(&canonical));
    if (known != NULL)
        return &settings->domains[known - settings->domains];
    if (settings->domain_count == SETTINGS_MAX_DOMAINS)
        return NULL;
    struct domain_settings *domain = &settings->domains[settings->domain_count++];
    *domain = (struct domain_settings){.digest = settings->digest,
                                       .max_bindings = settings->max_bindings,
                                       .name_len = canonical.len,
                                       .addr = addr};
    memcpy(domain->name, canonical.ptr, canonical.len);
    return domain;
}

/* 0 is any port that is free. */
static bool eat_listener_port(struct cursor *c, uint16_t *out)
{
    *out = 0;
    return eat_port(c, out) || eat_char(c, '0');
}

static bool read_listener(struct slice text, struct transport_listener *out)
{
    struct slice protocol = {text.ptr, slice_find(text, ':')};
    struct cursor c = cursor_over(slice_after(text, protocol.len + 1));
    struct slice host;
    uint16_t port;

    out->has_only_pages = slice_equal_nocase(protocol, SLICE("http"));
    if (out->has_only_pages)
        out->protocol = HOP_WS;
    else if (!hop_protocol_find(protocol, &out->protocol))
        return false;
    port = hop_protocol_port(out->protocol);
    return eat_host(&c, &host) && (!eat_char(&c, ':') || eat_listener_port(&c, &port)) && at_end(&c)
           && net_addr_parse(host, port, &out->addr);
}

bool settings_add_listener(struct settings *settings, struct slice text, struct buffer *fault)
{
    struct transport_listener listener;

    if (settings->listener_count == SETTINGS_MAX_LISTENERS) {
        buffer_printf(fault, "there are more than %d listeners", SETTINGS_MAX_LISTENERS);
        return false;
    }
    if (!read_listener(text, &listener)) {
        buffer_printf(fault,
                      "\"%.*s\" is no listener; write udp:, tcp:, tls:, ws:, wss: or "
                      "http:ADDRESS:PORT, such as udp:0.0.0.0:5060 or tls:[::]:5061",
                      SLICE_ARGS(text));
        return false;
    }
    settings->listeners[settings->listener_count++] = listener;
    return true;
}

void settings_add_beside_tcp(struct settings *settings, enum hop_protocol protocol, uint16_t port)
{
    size_t count = settings->listener_count;

    for (size_t i = 0; i < count && settings->listener_count < SETTINGS_MAX_LISTENERS; i++) {
        struct transport_listener added = settings->listeners[i];
        if (added.protocol != HOP_TCP)
            continue;
        added.protocol = protocol;
        added.addr.port = port;
        settings->listeners[settings->listener_count++] = added;
    }
}

static bool answers_challenges(const struct settings *settings, uint8_t family)
{
    for (size_t i = 0; i < settings->listener_count; i++) {
        const struct transport_listener *listener = &settings->listeners[i];
        if (listener->protocol == HOP_WS && listener->addr.family == family
            && listener->addr.port == settings->acme_port)
            return true;
    }
    return false;
}

static bool listens_in(const struct settings *settings, uint8_t family)
{
    for (size_t i = 0; i < settings->listener_count; i++) {
        if (settings->listeners[i].addr.family == family)
            return true;
    }
    return false;
}

void settings_add_acme_listeners(struct settings *settings)
{
    static const uint8_t families[] = {4, 6};

    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        if (!listens_in(settings, families[i]) || answers_challenges(settings, families[i])
            || settings->listener_count == SETTINGS_MAX_LISTENERS)
            continue;
        settings->listeners[settings->listener_count++] = (struct transport_listener){
            .protocol = HOP_WS,
            .has_only_pages = true,
            .addr = {.family = families[i], .port = (uint16_t)settings->acme_port},
        };
    }
}

bool settings_listens_by(const struct settings *settings, enum hop_protocol protocol)
{
    for (size_t i = 0; i < settings->listener_count; i++) {
        if (settings->listeners[i].protocol == protocol)
            return true;
    }
    return false;
}

bool settings_listens_securely(const struct settings *settings)
{
    for (size_t i = 0; i < settings->listener_count; i++) {
        if (sip_transports[settings->listeners[i].protocol].is_secure)
            return true;
    }
    return false;
}
