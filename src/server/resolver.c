/* Trust anchors that cannot be read would go unnoticed until something is asked. */
#include "server/resolver.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MIN_QUERIES = 16, MAX_QUERIES = 256, SHARE_OF_DESCRIPTORS = 16 };

size_t resolver_max_queries(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0
        || limit.rlim_max < MIN_QUERIES * SHARE_OF_DESCRIPTORS)
        return MIN_QUERIES;
    rlim_t queries = limit.rlim_max / SHARE_OF_DESCRIPTORS;
    return queries < MAX_QUERIES ? (size_t)queries : MAX_QUERIES;
}

struct dns *resolver_start(const struct settings *settings, struct buffer *fault)
{
    struct dns_settings dns = dns_default_settings();

    dns.max_queries = resolver_max_queries();
    if (settings->trust_anchors[0] != '\0')
        dns.trust_anchors = settings->trust_anchors;
    if (dns.trust_anchors != NULL && access(dns.trust_anchors, R_OK) != 0) {
        buffer_printf(fault,
                      "trust_anchors: cannot read %s: %s; Debian has one in dns-root-data, "
                      "/usr/share/dns/root.key",
                      dns.trust_anchors, strerrordesc_np(errno));
        return NULL;
    }
    struct dns *started = dns_start_with(&dns);
    if (started == NULL)
        buffer_add_text(fault, "the resolver does not start");
    return started;
}
