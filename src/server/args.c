/*
 * The command line. Most flags set a key of tchin.conf and are read by its row; the flags are kept
 * until the file has been read, so that they win over it.
 */
#include "server/args.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "net/socket.h"
#include "server/config.h"
#include "server/keys.h"
#include "server/nearest.h"

#define DEFAULT_CONFIG "/etc/tchin/tchin.conf"

static const char help[] =
    "Usage: tchind [DOMAIN]... [OPTION]...\n"
    "       tchind check [--config FILE] [--print]\n"
    "       tchind dns [DOMAIN]... [--config FILE] [--data DIR] [--listen URI]... [--host NAME]\n"
    "              [--json]\n"
    "\n"
    "A SIP server for these domains: phones register at it and call each other. Without a DOMAIN\n"
    "it serves the one it served before in this data folder, else this host's name.\n"
    "\n"
    "  --config FILE       settings (default: " DEFAULT_CONFIG ", if there is one)\n"
    "  --data DIR          users and registrations (default: ./tchin-data)\n"
    "  --listen URI        udp:ADDR:PORT, tcp:, tls:, ws:, wss: or http:; repeatable (default: "
    "udp\n"
    "                      and tcp on port 5060 of 0.0.0.0 and [::]; when there is a certificate\n"
    "                      tls on 5061, and wss on 443 or 8443)\n"
    "  --workers N         threads that handle messages (default: one per core)\n"
    "  --no-auth           anyone may register and call: for a lab\n"
    "  --self-signed       makes the certificates for TLS that are missing: for a lab\n"
    "  --acme EMAIL        gets and renews certificates by itself, by Let's Encrypt\n"
    "  --digest WHICH      md5, both or sha256: hashes offered to log in with (default: md5)\n"
    "  --durability WHAT   power, process or relaxed: what a registration survives\n"
    "                      (default: process)\n"
    "  --log FORM          text or json (default: text)\n"
    "  --log-level LEVEL   debug, info, warning or error (default: info)\n"
    "  --trace             shows every message\n"
    "  --help, --version\n"
    "\n"
    "tchind check says nothing and exits 0 if FILE can be used; --print shows every value in "
    "force.\n"
    "tchind dns prints the lines for the zone files of the domains, and which of them DNS has; it\n"
    "exits 0 if all.\n"
    "See tchind(8) and tchin.conf(5). Users are added by tchin(1): tchin user add "
    "alice@example.org\n";

/* Flags that are keys of tchin.conf by another name. */
static const struct flag {
    const char *name;
    const char *key;
    const char *stands_for; /* NULL: it wants a value */
} flags[] = {
    {"data",        "data",        NULL },
    {"workers",     "workers",     NULL },
    {"digest",      "digest",      NULL },
    {"durability",  "durability",  NULL },
    {"log",         "log",         NULL },
    {"log-level",   "log_level",   NULL },
    {"trace",       "trace",       "yes"},
    {"no-auth",     "auth",        "no" },
    {"self-signed", "self_signed", "yes"},
    {"acme",        "acme_email",  NULL },
};

enum { DATA }; /* its place in the table */

/* What getopt_long says for the others; a flag of the table is said by its index. */
enum {
    SAYS_CONFIG = 256,
    SAYS_LISTEN,
    SAYS_PRINT,
    SAYS_DATA,
    SAYS_HOST,
    SAYS_JSON,
    SAYS_HELP,
    SAYS_VERSION
};

struct command_line {
    enum args_command command;
    const char *config_path;
    bool prints;
    bool wants_json;
    const char *host;
    const char *values[ARRAY_LEN(flags)];
    const char *listeners[SETTINGS_MAX_LISTENERS];
    size_t listener_count;
    const char *domains[SETTINGS_MAX_DOMAINS];
    size_t domain_count;
};

static bool read_line(int argc, char **argv, struct command_line *out, struct buffer *fault);
static bool make_settings(const struct command_line *line, struct settings *out,
                          struct buffer *fault);

void args_read(int argc, char **argv, struct args *out)
{
    struct command_line line;
    char text[1024];
    struct buffer fault = buffer_over(text, sizeof(text));

    bool ok = read_line(argc, argv, &line, &fault);
    out->command = line.command;
    out->config_path = line.config_path;
    out->prints = line.prints;
    out->wants_json = line.wants_json;
    out->host = line.host;
    if (ok && line.command != ARGS_DONE)
        ok = make_settings(&line, &out->settings, &fault);
    if (!ok) {
        fprintf(stderr, "tchind: %.*s\n", SLICE_ARGS(buffer_slice(&fault)));
        out->command = ARGS_WRONG;
    }
}

bool args_reread(int argc, char **argv, struct settings *out, struct buffer *fault)
{
    struct command_line line;

    return read_line(argc, argv, &line, fault) && make_settings(&line, out, fault);
}

/* --- the words ---------------------------------------------------------------------------------
 */

enum { MAX_OPTIONS = ARRAY_LEN(flags) + 5 };

static const struct option options_of_check[] = {
    {"config",  required_argument, NULL, SAYS_CONFIG },
    {"print",   no_argument,       NULL, SAYS_PRINT  },
    {"help",    no_argument,       NULL, SAYS_HELP   },
    {"version", no_argument,       NULL, SAYS_VERSION},
    {NULL,      0,                 NULL, 0           },
};

static const struct option options_of_dns[] = {
    {"config",  required_argument, NULL, SAYS_CONFIG },
    {"data",    required_argument, NULL, SAYS_DATA   },
    {"listen",  required_argument, NULL, SAYS_LISTEN },
    {"host",    required_argument, NULL, SAYS_HOST   },
    {"json",    no_argument,       NULL, SAYS_JSON   },
    {"help",    no_argument,       NULL, SAYS_HELP   },
    {"version", no_argument,       NULL, SAYS_VERSION},
    {NULL,      0,                 NULL, 0           },
};

static void list_options(struct option out[MAX_OPTIONS])
{
    static const struct option others[] = {
        {"config",  required_argument, NULL, SAYS_CONFIG },
        {"listen",  required_argument, NULL, SAYS_LISTEN },
        {"help",    no_argument,       NULL, SAYS_HELP   },
        {"version", no_argument,       NULL, SAYS_VERSION},
        {NULL,      0,                 NULL, 0           },
    };

    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        out[i] = (struct option){flags[i].name,
                                 flags[i].stands_for == NULL ? required_argument : no_argument,
                                 NULL, (int)i};
    memcpy(out + ARRAY_LEN(flags), others, sizeof(others));
}

static void refuse_flag(const char *word, const struct option *options, bool lacks_value,
                        struct buffer *fault)
{
    const char *names[MAX_OPTIONS];
    struct slice name = slice_after(slice_of(word), strspn(word, "-"));
    size_t count = 0;

    for (; options[count].name != NULL; count++)
        names[count] = options[count].name;
    name.len = slice_find(name, '=');
    const char *nearest = nearest_word(name, names, count);
    if (lacks_value)
        buffer_printf(fault, "%.64s wants a value: see tchind --help", word);
    else if (slice_equal(name, slice_of(nearest)))
        buffer_printf(fault, "--%s takes no value: write it alone", nearest);
    else
        buffer_printf(fault, "unknown flag %.64s; did you mean --%s? See tchind --help", word,
                      nearest);
}

static bool take_listener(struct command_line *line, const char *text, struct buffer *fault)
{
    if (line->listener_count == SETTINGS_MAX_LISTENERS) {
        buffer_printf(fault, "--listen may be given %d times", SETTINGS_MAX_LISTENERS);
        return false;
    }
    line->listeners[line->listener_count++] = text;
    return true;
}

static bool take_flag(struct command_line *line, int says, struct buffer *fault)
{
    switch (says) {
    case SAYS_CONFIG: line->config_path = optarg; return true;
    case SAYS_LISTEN: return take_listener(line, optarg, fault);
    case SAYS_PRINT: line->prints = true; return true;
    case SAYS_DATA: line->values[DATA] = optarg; return true;
    case SAYS_HOST: line->host = optarg; return true;
    case SAYS_JSON: line->wants_json = true; return true;
    case SAYS_HELP:
        fputs(help, stdout);
        line->command = ARGS_DONE;
        return true;
    case SAYS_VERSION:
        puts("tchind " TCHIN_VERSION);
        line->command = ARGS_DONE;
        return true;
    default:
        line->values[says] = flags[says].stands_for != NULL ? flags[says].stands_for : optarg;
        return true;
    }
}

static bool take_domains(struct command_line *line, char **words, size_t count,
                         struct buffer *fault)
{
    if (line->command == ARGS_CHECK && count > 0) {
        buffer_printf(fault, "check takes no \"%.64s\": write tchind check --config FILE",
                      words[0]);
        return false;
    }
    if (count > SETTINGS_MAX_DOMAINS) {
        buffer_printf(fault, "there may be %d domains", SETTINGS_MAX_DOMAINS);
        return false;
    }
    memcpy(line->domains, words, count * sizeof(*words));
    line->domain_count = count;
    return true;
}

/* Whether the first word is one, which has options of its own. */
static bool take_command(int argc, char **argv, struct command_line *out,
                         struct option options[MAX_OPTIONS])
{
    bool is_check = argc > 1 && strcmp(argv[1], "check") == 0;
    bool is_dns = argc > 1 && strcmp(argv[1], "dns") == 0;

    if (is_check) {
        out->command = ARGS_CHECK;
        memcpy(options, options_of_check, sizeof(options_of_check));
    } else if (is_dns) {
        out->command = ARGS_DNS;
        memcpy(options, options_of_dns, sizeof(options_of_dns));
    }
    return is_check || is_dns;
}

static bool read_line(int argc, char **argv, struct command_line *out, struct buffer *fault)
{
    struct option options[MAX_OPTIONS];
    int says;

    *out = (struct command_line){.command = ARGS_SERVE};
    list_options(options);
    if (take_command(argc, argv, out, options)) {
        argc--;
        argv++;
    }
    opterr = 0;
    optind = 0; /* from the beginning, also the second time */
    while ((says = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (says == '?' || says == ':') {
            const char letter[] = {'-', (char)optopt, '\0'};
            bool is_letter = optopt > ' ' && optopt < SAYS_CONFIG;
            refuse_flag(is_letter ? letter : argv[optind - 1], options, says == ':', fault);
            return false;
        }
        if (!take_flag(out, says, fault))
            return false;
        if (out->command == ARGS_DONE)
            return true;
    }
    return take_domains(out, argv + optind, (size_t)(argc - optind), fault);
}

/* --- the settings ------------------------------------------------------------------------------
 */

static bool has_ipv6(void)
{
    struct net_addr loopback;

    if (!net_addr_parse(SLICE("::1"), 0, &loopback))
        return false;
    int fd = net_socket_bound(SOCK_DGRAM, &loopback, SOCKET_ALONE);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool add_listeners(const struct command_line *line, struct settings *settings,
                          struct buffer *fault)
{
    static const char *const defaults[] = {"udp:0.0.0.0:5060", "tcp:0.0.0.0:5060", "udp:[::]:5060",
                                           "tcp:[::]:5060"};
    const char *const *texts = line->listeners;
    size_t count = line->listener_count;

    if (count == 0 && settings->listener_count > 0)
        return true; /* those of the file */
    if (count == 0) {
        texts = defaults;
        count = has_ipv6() ? 4 : 2;
        settings->listeners_are_default = true;
    }
    settings->listener_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!settings_add_listener(settings, slice_of(texts[i]), fault))
            return false;
    }
    return true;
}

/* The domains of the line come first; for what they have in common, the file has said it. */
static bool add_domains(const struct command_line *line, struct settings *settings,
                        struct buffer *fault)
{
    struct domain_settings of_file[SETTINGS_MAX_DOMAINS];
    size_t of_file_count = settings->domain_count;

    memcpy(of_file, settings->domains, sizeof(of_file));
    settings->domain_count = 0;
    for (size_t i = 0; i < line->domain_count; i++) {
        if (settings_add_domain(settings, slice_of(line->domains[i])) == NULL) {
            buffer_printf(fault, "\"%.80s\" is no domain name: write one such as example.org",
                          line->domains[i]);
            return false;
        }
    }
    for (size_t i = 0; i < of_file_count; i++) {
        struct domain_settings *domain = settings_add_domain(settings, slice_of(of_file[i].name));
        if (domain == NULL) {
            buffer_printf(fault, "there may be %d domains, those of the file included",
                          SETTINGS_MAX_DOMAINS);
            return false;
        }
        *domain = of_file[i];
    }
    return true;
}

static bool apply_flags(const struct command_line *line, struct settings *settings,
                        struct buffer *fault)
{
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (line->values[i] == NULL)
            continue;
        if (!key_set(settings_key(flags[i].key), settings, slice_of(line->values[i]), fault))
            return false;
        for (size_t d = 0; strcmp(flags[i].key, "digest") == 0 && d < settings->domain_count; d++)
            settings->domains[d].digest = settings->digest;
    }
    return true;
}

static bool make_settings(const struct command_line *line, struct settings *out,
                          struct buffer *fault)
{
    const char *path = line->config_path;

    settings_init(out);
    if (path == NULL && access(DEFAULT_CONFIG, F_OK) == 0)
        path = DEFAULT_CONFIG;
    return (path == NULL || config_read(path, out, fault)) && add_domains(line, out, fault)
           && apply_flags(line, out, fault) && add_listeners(line, out, fault);
}
