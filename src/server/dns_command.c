/*
 * Two lists of zone lines are compared: what should be there, and what DNS has. Two lines are the
 * same if they lead to the same place, whatever their order, preference, weight and TTL.
 */
#include "server/dns_command.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/certificate_files.h"
#include "server/published.h"
#include "server/resolver.h"
#include "server/zone.h"
#include "sip/grammar.h"

enum { EXIT_WRONG = 2, ZONE_BYTES = 64 * 1024, PARTS = 10 };

struct look {
    const struct args *args;
    struct slice domain;
    char host[SETTINGS_MAX_DOMAIN_NAME + 1];
    struct buffer wanted;
    struct buffer found;
    bool is_whole; /* DNS has answered all questions */
    bool is_good;  /* so far */
    char wanted_lines[ZONE_BYTES];
    char found_lines[ZONE_BYTES];
};

/* --- lines ------------------------------------------------------------------------------------ */

static bool next_line(struct slice *rest, struct slice *line)
{
    if (rest->len == 0)
        return false;
    *line = (struct slice){rest->ptr, slice_find(*rest, '\n')};
    *rest = slice_after(*rest, line->len + 1);
    return true;
}

/* Name, TTL, class, type, and what the type has. */
struct parts {
    size_t count;
    struct slice all[PARTS];
};

static struct parts split(struct slice line)
{
    struct parts parts = {.count = 0};

    while (line.len > 0 && parts.count < PARTS) {
        struct slice part = {line.ptr, slice_find(line, ' ')};
        parts.all[parts.count++] = part;
        line = slice_after(line, part.len + 1);
    }
    return parts;
}

/* How many parts do not count: order and preference, priority and weight. */
static size_t skipped(const struct parts *parts)
{
    bool is_address =
        parts->count > 3
        && (slice_equal(parts->all[3], SLICE("A")) || slice_equal(parts->all[3], SLICE("AAAA")));

    return is_address ? 0 : 2;
}

static bool lead_to_the_same(struct slice a, struct slice b)
{
    struct parts left = split(a), right = split(b);

    if (left.count != right.count || left.count < 5
        || !slice_equal_nocase(left.all[0], right.all[0])
        || !slice_equal(left.all[3], right.all[3]))
        return false;
    for (size_t i = 4 + skipped(&left); i < left.count; i++) {
        if (!slice_equal_nocase(left.all[i], right.all[i]))
            return false;
    }
    return true;
}

static bool is_among(struct slice line, struct slice lines)
{
    struct slice other;

    while (next_line(&lines, &other)) {
        if (lead_to_the_same(line, other))
            return true;
    }
    return false;
}

/* --- saying it -------------------------------------------------------------------------------- */

static void print_for_people(struct slice line, const char *status)
{
    struct parts parts = split(line);
    bool is_private = parts.count == 5 && zone_address_is_private(parts.all[4]);
    bool is_wanted = strcmp(status, "unexpected") != 0;

    printf("%s%.*s ; %s%s\n", is_wanted ? "" : "; ", SLICE_ARGS(line),
           is_wanted ? status : "published, but this server is not there",
           is_wanted && is_private ? "; a private address: write the public one" : "");
}

static void print_as_json(const struct look *look, struct slice line, const char *status)
{
    json_t *object = json_pack("{ss%, ss%, ss}", "domain", look->domain.ptr, look->domain.len,
                               "record", line.ptr, line.len, "status", status);

    if (object != NULL)
        json_dumpf(object, stdout, JSON_COMPACT);
    json_decref(object);
    putchar('\n');
}

static void tell(struct look *look, struct slice line, const char *status)
{
    look->is_good = look->is_good && strcmp(status, "published") == 0;
    if (look->args->wants_json)
        print_as_json(look, line, status);
    else
        print_for_people(line, status);
}

static void tell_all(struct look *look)
{
    struct slice wanted = buffer_slice(&look->wanted), found = buffer_slice(&look->found);
    struct slice rest, line;

    for (rest = wanted; next_line(&rest, &line);) {
        const char *otherwise = look->is_whole ? "missing" : "unknown";
        tell(look, line, is_among(line, found) ? "published" : otherwise);
    }
    for (rest = found; next_line(&rest, &line);) {
        if (!is_among(line, wanted))
            tell(look, line, "unexpected");
    }
}

/* --- one domain ------------------------------------------------------------------------------- */

static bool look_at(struct look *look, struct dns *dns)
{
    struct slice host = slice_of(look->host);

    look->wanted = buffer_over(look->wanted_lines, sizeof(look->wanted_lines));
    look->found = buffer_over(look->found_lines, sizeof(look->found_lines));
    look->is_good = zone_write(&look->args->settings, look->domain, host, &look->wanted);
    if (!look->is_good)
        fprintf(stderr, "tchind: this machine has no address that others could reach: name those "
                        "to publish by --listen\n");
    look->is_whole = published_ask(dns, look->domain, host, &look->found);
    if (!look->is_whole)
        fprintf(stderr,
                "tchind: DNS does not answer all that it was asked about %.*s: see "
                "/etc/resolv.conf\n",
                SLICE_ARGS(look->domain));
    tell_all(look);
    return look->is_good;
}

/* sip.example.org for example.org, unless another was named. */
static void choose_host(struct look *look)
{
    int len = look->args->host != NULL
                  ? snprintf(look->host, sizeof(look->host), "%s", look->args->host)
                  : snprintf(look->host, sizeof(look->host), "sip.%.*s", SLICE_ARGS(look->domain));

    if (len > 1 && (size_t)len < sizeof(look->host) && look->host[len - 1] == '.')
        look->host[len - 1] = '\0';
}

static int look_at_all(const struct args *args, struct dns *dns)
{
    const struct settings *settings = &args->settings;
    struct look *look = malloc(sizeof(*look));
    int status = EXIT_SUCCESS;

    for (size_t i = 0; look != NULL && i < settings->domain_count; i++) {
        const struct domain_settings *domain = &settings->domains[i];
        if (domain->addr.family != 0)
            continue; /* an address has no records */
        look->args = args;
        look->domain = (struct slice){domain->name, domain->name_len};
        choose_host(look);
        if (!look_at(look, dns))
            status = EXIT_FAILURE;
    }
    free(look);
    return look != NULL ? status : EXIT_WRONG;
}

static bool is_host_name(const char *text)
{
    struct cursor c = cursor_over(slice_of(text));
    struct net_addr addr;
    struct slice host;

    return eat_host(&c, &host) && at_end(&c) && host.len <= SETTINGS_MAX_DOMAIN_NAME
           && host.ptr[0] != '[' && !net_addr_parse(host, 0, &addr);
}

/* As when it serves: TLS is part of what it listens on as soon as there is a certificate. */
static void add_tls(struct settings *settings)
{
    struct certificate_files files;
    bool has_certificate = settings->acme_email[0] != '\0';

    for (size_t i = 0; i < settings->domain_count; i++) {
        certificate_files_init(&files, settings, &settings->domains[i]);
        has_certificate = has_certificate || !certificate_files_are_missing(&files);
        certificate_files_fini(&files);
    }
    if (settings->listeners_are_default && has_certificate)
        settings_add_beside_tcp(settings, HOP_TLS, hop_protocol_port(HOP_TLS));
}

int dns_command(struct args *args)
{
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));

    if (args->settings.domain_count == 0) {
        fprintf(stderr, "tchind: of which domain? Write tchind dns example.org\n");
        return EXIT_WRONG;
    }
    if (args->host != NULL && !is_host_name(args->host)) {
        fprintf(stderr,
                "tchind: \"%.80s\" is no name of a host: write one such as "
                "sip.example.org\n",
                args->host);
        return EXIT_WRONG;
    }
    add_tls(&args->settings);
    struct dns *dns = resolver_start(&args->settings, &fault);
    if (dns == NULL) {
        fprintf(stderr, "tchind: %.*s\n", SLICE_ARGS(buffer_slice(&fault)));
        return EXIT_WRONG;
    }
    int status = look_at_all(args, dns);
    dns_stop(dns);
    return status;
}
