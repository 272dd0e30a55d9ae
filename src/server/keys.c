/* The table of keys, and their values as text. */
#include "server/keys.h"

#include <assert.h>

#include "sip/grammar.h"

#define OF_ALL(member)    offsetof(struct settings, member)
#define OF_DOMAIN(member) offsetof(struct domain_settings, member)

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, MEGABYTE = 1 << 20 };

static const char *const durabilities[] = {"relaxed", "process", "power", NULL};
static const char *const log_formats[] = {"text", "json", NULL};
static const char *const log_levels[] = {"debug", "info", "warning", "error", NULL};
static const char *const client_certificates[] = {"no", "optional", "required", NULL};
static const char *const probes[] = {"no", "crlf", "options", NULL};
static const char *const digests[] = {"md5", "both", "sha256", NULL};

static const struct key_unit counts[] = {
    {"",   1},
    {NULL, 0}
};
static const struct key_unit seconds[] = {
    {"s",  1     },
    {"m",  MINUTE},
    {"h",  HOUR  },
    {"d",  DAY   },
    {NULL, 0     }
};
static const struct key_unit milliseconds[] = {
    {"s",  1000},
    {"ms", 1   },
    {NULL, 0   }
};
static const struct key_unit bytes[] = {
    {"",   1       },
    {"K",  1 << 10 },
    {"M",  MEGABYTE},
    {NULL, 0       }
};

/* clang-format off */
#define FOLDER(member)                 KEY_FOLDER, member, 0, SETTINGS_MAX_PATH, NULL, NULL
#define A_FILE(member)                 KEY_FILE, member, 0, SETTINGS_MAX_FILE, NULL, NULL
#define EMAIL(member)                  KEY_EMAIL, member, 0, 0, NULL, NULL
#define HOST(member)                   KEY_HOST, member, 0, 0, NULL, NULL
#define URL(member)                    KEY_URL, member, 0, 0, NULL, NULL
#define TEXT(member)                   KEY_TEXT, member, 0, SETTINGS_MAX_ORIGINS, NULL, NULL
#define SWITCH(member)                 KEY_SWITCH, member, 0, 0, NULL, NULL
#define WORD(member, words)            KEY_WORD, member, 0, 0, words, NULL
#define NUMBER(member, min, max, unit) KEY_NUMBER, member, min, max, NULL, unit

const struct key settings_keys[] = {
    {"data", FOLDER(OF_ALL(data_folder)), "the folder of the database"},
    {"durability", WORD(OF_ALL(durability), durabilities), "what a registration survives"},
    {"workers", NUMBER(OF_ALL(workers), 1, SETTINGS_MAX_WORKERS, counts), "threads that handle messages"},
    {"auth", SWITCH(OF_ALL(requires_auth)), "no: anyone may register and call"},
    {"trace", SWITCH(OF_ALL(traces)), "shows every message"},
    {"log", WORD(OF_ALL(log_format), log_formats), "the form of log lines"},
    {"log_level", WORD(OF_ALL(log_level), log_levels), "the least that is logged"},
    {"digest", WORD(OF_ALL(digest), digests), "the hashes offered to log in with"},
    {"max_bindings", NUMBER(OF_ALL(max_bindings), 1, 1000, counts), "devices of a user"},
    {"default_expires", NUMBER(OF_ALL(default_expires_s), 1, 365 * DAY, seconds), "of a registration that asks for nothing"},
    {"min_expires", NUMBER(OF_ALL(min_expires_s), 1, HOUR, seconds), "the shortest registration"},
    {"max_expires", NUMBER(OF_ALL(max_expires_s), 1, 365 * DAY, seconds), "the longest"},
    {"flow_timer", NUMBER(OF_ALL(flow_timer_s), 10, HOUR, seconds), "between two pings of a phone on a connection"},
    {"service_route", SWITCH(OF_ALL(tells_service_route)), "tells phones to send everything through us"},
    {"edge_of", HOST(OF_ALL(edge_of)), "a domain elsewhere, whose phones register through us"},
    {"probe", WORD(OF_ALL(probe), probes), "keeps the NATs of phones open"},
    {"probe_interval", NUMBER(OF_ALL(probe_interval_s), 1, HOUR, seconds), "between two of them"},
    {"recurse", SWITCH(OF_ALL(recurses)), "follows a 3xx itself"},
    {"timer_c", NUMBER(OF_ALL(timer_c_s), 181, DAY, seconds), "how long a call may ring"},
    {"nonce_lifetime", NUMBER(OF_ALL(nonce_s), 10, DAY, seconds), "of a challenge"},
    {"max_users", NUMBER(OF_ALL(max_users), 1, 100000000, counts), "in all"},
    {"max_bindings_total", NUMBER(OF_ALL(max_bindings_total), 1, 100000000, counts), "in all"},
    {"max_transactions", NUMBER(OF_ALL(max_transactions), 100, SETTINGS_MAX_TRANSACTIONS, counts), "in all"},
    {"max_parked_bytes", NUMBER(OF_ALL(max_parked_bytes), MEGABYTE, SETTINGS_MAX_PARKED_BYTES, bytes), "that transactions keep, in all"},
    {"max_connections", NUMBER(OF_ALL(max_connections), 1, 1000000, counts), "of a worker"},
    {"max_connections_per_host", NUMBER(OF_ALL(max_connections_per_host), 1, 1000000, counts), "likewise"},
    {"idle_timeout", NUMBER(OF_ALL(idle_s), 1, 7 * DAY, seconds), "closes a silent connection"},
    {"message_timeout", NUMBER(OF_ALL(message_timeout_s), 1, HOUR, seconds), "closes one with half a message"},
    {"trusted_certificates", A_FILE(OF_ALL(trusted_certificates)), "whom TLS peers are believed by; empty: the system's"},
    {"client_certificates", WORD(OF_ALL(client_certificates), client_certificates), "asked of who connects by TLS"},
    {"self_signed", SWITCH(OF_ALL(self_signed)), "makes the certificates that are missing, for a lab"},
    {"handshake_timeout", NUMBER(OF_ALL(handshake_timeout_ms), 100, 60000, milliseconds), "of TLS and WebSocket"},
    {"max_handshakes", NUMBER(OF_ALL(max_handshakes), 1, 1000000, counts), "of these, under way at a worker"},
    {"max_handshakes_per_host", NUMBER(OF_ALL(max_handshakes_per_host), 1, 1000000, counts), "likewise"},
    {"web_origins", TEXT(OF_ALL(web_origins)), "whose web pages may connect, besides those of the same host"},
    {"web_ping", NUMBER(OF_ALL(web_ping_s), 1, HOUR, seconds), "of a silent WebSocket"},
    {"connect_timeout", NUMBER(OF_ALL(connect_timeout_ms), 10, 60000, milliseconds), "to open one"},
    {"failover_after", NUMBER(OF_ALL(failover_ms), 100, 30000, milliseconds), "of silence the next server of a domain is tried, too"},
    {"trust_anchors", A_FILE(OF_ALL(trust_anchors)), "validates DNS with these"},
    {"acme_email", EMAIL(OF_ALL(acme_email)), "gets certificates by ACME, with this address for the account"},
    {"acme_directory", URL(OF_ALL(acme_directory)), "the certificate authority"},
    {"acme_port", NUMBER(OF_ALL(acme_port), 1, 65535, counts), "where it finds the answers to its challenges"},
};

const struct key domain_keys[] = {
    {"digest", WORD(OF_DOMAIN(digest), digests), "the hashes offered to log in with"},
    {"max_bindings", NUMBER(OF_DOMAIN(max_bindings), 1, 1000, counts), "devices of a user"},
    {"certificate", A_FILE(OF_DOMAIN(certificate)), "for TLS, with its chain; empty: tls/DOMAIN/cert.pem in the data folder"},
    {"key", A_FILE(OF_DOMAIN(key)), "of the certificate; empty: tls/DOMAIN/key.pem in the data folder"},
};
/* clang-format on */

const size_t settings_key_count = ARRAY_LEN(settings_keys);
const size_t domain_key_count = ARRAY_LEN(domain_keys);

const struct key *settings_key(const char *name)
{
    size_t i = 0;

    while (strcmp(settings_keys[i].name, name) != 0) {
        i++;
        assert(i < settings_key_count);
    }
    return &settings_keys[i];
}

/* --- reading -----------------------------------------------------------------------------------
 */

/* No file is no name; a folder there always is. */
static bool set_path(const struct key *key, char *out, struct slice text)
{
    if ((text.len == 0 && key->kind == KEY_FOLDER) || text.len >= key->max)
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

/* It becomes one word of a command line. Empty is none. */
static bool set_email(char *out, struct slice text)
{
    size_t at = slice_find(text, '@');

    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] <= ' ')
            return false;
    }
    if (text.len >= SETTINGS_MAX_TEXT
        || (text.len > 0 && (text.ptr[0] == '-' || at == 0 || at + 1 >= text.len)))
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

/* A name or an address. Empty is none. */
static bool set_host(char *out, struct slice text)
{
    struct cursor c = cursor_over(text);
    struct slice host;

    if (text.len >= SETTINGS_MAX_TEXT || (text.len > 0 && !(eat_host(&c, &host) && at_end(&c))))
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

static bool set_url(char *out, struct slice text)
{
    if (text.len >= SETTINGS_MAX_TEXT || !slice_starts_with(text, SLICE("https://")))
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

static bool set_switch(bool *out, struct slice text)
{
    static const char *const yes[] = {"yes", "on", "true"};
    static const char *const no[] = {"no", "off", "false"};

    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        bool is_yes = slice_equal_nocase(text, slice_of(yes[i]));
        if (is_yes || slice_equal_nocase(text, slice_of(no[i]))) {
            *out = is_yes;
            return true;
        }
    }
    return false;
}

static bool set_word(const struct key *key, unsigned *out, struct slice text)
{
    for (unsigned i = 0; key->words[i] != NULL; i++) {
        if (slice_equal(text, slice_of(key->words[i]))) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* 1*DIGIT [ unit ] */
static bool set_number(const struct key *key, uint32_t *out, struct slice text)
{
    const struct key_unit *unit = key->units;
    uint64_t value = 0;
    size_t digits = 0;

    while (digits < text.len && ascii_is_digit(text.ptr[digits]))
        digits++;
    if (!slice_to_u64((struct slice){text.ptr, digits}, UINT32_MAX, &value))
        return false;
    if (digits < text.len) {
        while (unit->name != NULL && !slice_equal(slice_after(text, digits), slice_of(unit->name)))
            unit++;
        if (unit->name == NULL)
            return false;
    }
    value *= unit->factor;
    if (value < key->min || value > key->max)
        return false;
    *out = (uint32_t)value;
    return true;
}

static void write_number(const struct key *key, uint32_t value, struct buffer *out);

static void say_what_to_write(const struct key *key, struct buffer *fault)
{
    switch (key->kind) {
    case KEY_FOLDER: buffer_add_text(fault, "write the name of a folder"); break;
    case KEY_FILE: buffer_add_text(fault, "write the name of a file"); break;
    case KEY_EMAIL: buffer_add_text(fault, "write one such as hostmaster@example.org"); break;
    case KEY_HOST: buffer_add_text(fault, "write one such as example.org or 192.0.2.1"); break;
    case KEY_URL: buffer_add_text(fault, "write one that begins with https://"); break;
    case KEY_TEXT: buffer_printf(fault, "write less than %u characters", key->max); break;
    case KEY_SWITCH: buffer_add_text(fault, "write yes or no"); break;
    case KEY_WORD:
        buffer_add_text(fault, "write ");
        for (size_t i = 0; key->words[i] != NULL; i++) {
            if (i > 0)
                buffer_add_text(fault, key->words[i + 1] != NULL ? ", " : " or ");
            buffer_add_text(fault, key->words[i]);
        }
        break;
    case KEY_NUMBER:
        buffer_add_text(fault, "write a number from ");
        write_number(key, key->min, fault);
        buffer_add_text(fault, " to ");
        write_number(key, key->max, fault);
    }
}

bool key_set(const struct key *key, void *holder, struct slice text, struct buffer *fault)
{
    void *out = (char *)holder + key->offset;
    bool ok = false;

    switch (key->kind) {
    case KEY_FOLDER:
    case KEY_FILE:
    case KEY_TEXT: ok = set_path(key, out, text); break;
    case KEY_EMAIL: ok = set_email(out, text); break;
    case KEY_HOST: ok = set_host(out, text); break;
    case KEY_URL: ok = set_url(out, text); break;
    case KEY_SWITCH: ok = set_switch(out, text); break;
    case KEY_WORD: ok = set_word(key, out, text); break;
    case KEY_NUMBER: ok = set_number(key, out, text); break;
    }
    if (!ok) {
        buffer_printf(fault, "%s cannot be \"%.*s\"; ", key->name,
                      (int)(text.len < 80 ? text.len : 80), text.ptr);
        say_what_to_write(key, fault);
    }
    return ok;
}

/* --- writing -----------------------------------------------------------------------------------
 */

/* In the largest unit that divides it. */
static void write_number(const struct key *key, uint32_t value, struct buffer *out)
{
    const struct key_unit *best = NULL;

    for (const struct key_unit *unit = key->units; unit->name != NULL; unit++) {
        if (value % unit->factor == 0 && (best == NULL || unit->factor > best->factor))
            best = unit;
    }
    buffer_add_u64(out, value / best->factor);
    buffer_add_text(out, best->name);
}

/* Between double quotes libconfuse knows escapes and ${VAR}: so of "$" it is made octal. */
static void write_quoted(const char *text, struct buffer *out)
{
    buffer_add_char(out, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < ' ' || c == 127 || c == '$') {
            buffer_printf(out, "\\%03o", c);
            continue;
        }
        if (c == '"' || c == '\\')
            buffer_add_char(out, '\\');
        buffer_add_char(out, *text);
    }
    buffer_add_char(out, '"');
}

void key_write(const struct key *key, const void *holder, struct buffer *out)
{
    const void *value = (const char *)holder + key->offset;

    switch (key->kind) {
    case KEY_FOLDER:
    case KEY_FILE:
    case KEY_EMAIL:
    case KEY_HOST:
    case KEY_URL:
    case KEY_TEXT: write_quoted(value, out); break;
    case KEY_SWITCH: buffer_add_text(out, *(const bool *)value ? "yes" : "no"); break;
    case KEY_WORD: buffer_add_text(out, key->words[*(const unsigned *)value]); break;
    case KEY_NUMBER: write_number(key, *(const uint32_t *)value, out); break;
    }
}
