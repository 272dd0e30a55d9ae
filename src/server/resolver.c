/* Trust anchors that cannot be read would go unnoticed until something is asked. */
#include "server/resolver.h"

#include <errno.h>
#include <unistd.h>

struct dns *resolver_start(const struct settings *settings, struct buffer *fault)
{
    struct dns_settings dns = dns_default_settings();

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
