/*
 * Everything that a flag or tchin.conf can set, with its default: the whole list is in keys.c.
 * A set is made once and then only read, by all threads; a reload makes a new one.
 */
#ifndef TCHIN_SERVER_SETTINGS_H
#define TCHIN_SERVER_SETTINGS_H

#include "base/buffer.h"
#include "base/log.h"
#include "net/tls_context.h"
#include "store/store.h"
#include "transport/transport.h"

enum {
    SETTINGS_MAX_DOMAINS = 64,
    SETTINGS_MAX_LISTENERS = 32,
    SETTINGS_MAX_WORKERS = 64,
    SETTINGS_MAX_DOMAIN_NAME = 253,
    SETTINGS_MAX_PATH = 4096,
    SETTINGS_MAX_FILE = 512,
    SETTINGS_MAX_TEXT = 256,
    SETTINGS_MAX_ORIGINS = 1024,
    SETTINGS_MAX_TRANSACTIONS = 100000000,
};

#define SETTINGS_MAX_PARKED_BYTES (4095U << 20)

enum probe_choice { PROBE_NOTHING, PROBE_CRLF, PROBE_OPTIONS };
enum digest_choice { DIGEST_MD5, DIGEST_BOTH, DIGEST_SHA256 };

struct domain_settings {
    char name[SETTINGS_MAX_DOMAIN_NAME + 1]; /* as in a URI: lower case, IPv6 in brackets */
    size_t name_len;
    struct net_addr addr; /* of a domain that is one, port 0; family 0: it has a name */
    enum digest_choice digest;
    uint32_t max_bindings;
    char certificate[SETTINGS_MAX_FILE]; /* empty: in the data folder, see certificates.h */
    char key[SETTINGS_MAX_FILE];
};

struct settings {
    struct domain_settings domains[SETTINGS_MAX_DOMAINS]; /* the first is the default one */
    size_t domain_count;
    struct transport_listener listeners[SETTINGS_MAX_LISTENERS];
    size_t listener_count;
    bool listeners_are_default; /* then a missing IPv6 is no error */

    char data_folder[SETTINGS_MAX_PATH];
    enum store_durability durability;
    uint32_t workers;
    bool requires_auth; /* false: --no-auth */
    bool traces;

    enum log_format log_format;
    enum log_level log_level;

    enum digest_choice digest; /* of domains that do not say otherwise */
    uint32_t max_bindings;     /* likewise */
    uint32_t default_expires_s;
    uint32_t min_expires_s;
    uint32_t max_expires_s;

    uint32_t flow_timer_s;           /* RFC 5626 5.4, on streams */
    bool tells_service_route;        /* RFC 3608 */
    char edge_of[SETTINGS_MAX_TEXT]; /* a domain elsewhere; empty: none. See edge.h */
    enum probe_choice probe;         /* of flows of datagrams: see probe.h */
    uint32_t probe_interval_s;

    bool recurses; /* on 3xx: RFC 3261 16.7 step 4 */
    uint32_t timer_c_s;
    uint32_t nonce_s;
    uint32_t max_transactions; /* of all workers, as the next one: see settings_of_each */
    uint32_t max_parked_bytes;
    uint32_t max_connections;
    uint32_t max_connections_per_host;
    uint32_t idle_s;
    uint32_t message_timeout_s;
    uint32_t connect_timeout_ms;
    uint32_t failover_ms; /* without a word, the next server is tried beside the silent one */
    char trust_anchors[SETTINGS_MAX_FILE];        /* for DNSSEC; empty: nothing is validated */
    char trusted_certificates[SETTINGS_MAX_FILE]; /* empty: those of the system */
    enum tls_client_certificates client_certificates;
    bool self_signed;
    uint32_t handshake_timeout_ms;
    char web_origins[SETTINGS_MAX_ORIGINS]; /* as in net/ws.h */
    uint32_t web_ping_s;
    uint32_t max_handshakes; /* of a worker, as the next one */
    uint32_t max_handshakes_per_host;
    char acme_email[SETTINGS_MAX_TEXT]; /* empty: no certificates by ACME */
    char acme_directory[SETTINGS_MAX_TEXT];
    uint32_t acme_port;
    uint32_t max_users;
    uint32_t max_bindings_total;
};

void settings_init(struct settings *settings);

/* A worker's share of what all have together. */
static inline uint32_t settings_of_each(const struct settings *settings, uint32_t in_all)
{
    return in_all > settings->workers ? in_all / settings->workers : 1;
}

/* Whether a certificate is to come, sooner or later. */
static inline bool settings_want_acme(const struct settings *settings)
{
    return settings->acme_email[0] != '\0';
}

/* The domain of that name, or with that address for a name; NULL: none of ours. */
const struct domain_settings *settings_domain(const struct settings *settings, struct slice name);

/* Adds or finds a domain, or an address that is one. NULL: neither, or there are too many. */
struct domain_settings *settings_add_domain(struct settings *settings, struct slice name);

/* udp:192.0.2.1:5060, tls:[::]; the port may be left out. False: `fault` says what is wrong with
 * it. */
bool settings_add_listener(struct settings *settings, struct slice text, struct buffer *fault);

/* One more listener at each address of TCP. */
void settings_add_beside_tcp(struct settings *settings, enum hop_protocol protocol, uint16_t port);

/* By any transport that is secure. */
bool settings_listens_securely(const struct settings *settings);

/* HTTP at acme_port of all addresses, of each family that is listened in, unless it is there. */
void settings_add_acme_listeners(struct settings *settings);

bool settings_listens_by(const struct settings *settings, enum hop_protocol protocol);

#endif
