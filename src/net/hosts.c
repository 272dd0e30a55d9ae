/* hosts(5): an address, then names, between blanks; a comment from "#" on. */
#include "net/hosts.h"

#include <stdio.h>
#include <unbound.h>

#include "net/dns.h"

enum { LINE_BYTES = 1024, MAX_NAMES = 1000 /* some block advertisements by that file */ };

/* Of the names of SRV records: RFC 3263 4.1, RFC 7118 10.2. */
static const char *const protocols[] = {"_udp", "_tcp", "_ws"};

static void add_name(struct ub_ctx *unbound, const char *name)
{
    char zone[DNS_MAX_NAME + 1 + sizeof(" static")];

    for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
        int len = snprintf(zone, sizeof(zone), "%s.%s static", protocols[i], name);
        if (len < (int)sizeof(zone))
            (void)ub_ctx_set_option(unbound, "local-zone:", zone);
    }
}

/* Returns how many of `max` names there were. */
static size_t add_line(struct ub_ctx *unbound, char *line, size_t max)
{
    char *rest = NULL;
    size_t count = 0;

    line[strcspn(line, "#")] = '\0';
    if (strtok_r(line, " \t\r\n", &rest) == NULL)
        return 0;
    for (const char *name; count < max && (name = strtok_r(NULL, " \t\r\n", &rest)) != NULL;
         count++)
        add_name(unbound, name);
    return count;
}

void hosts_add(struct ub_ctx *unbound, const char *file)
{
    char line[LINE_BYTES];
    size_t left = MAX_NAMES;

    (void)ub_ctx_hosts(unbound, file);
    FILE *hosts = fopen(file, "re");
    if (hosts == NULL)
        return;
    while (fgets(line, sizeof(line), hosts) != NULL)
        left -= add_line(unbound, line, left);
    fclose(hosts);
}
