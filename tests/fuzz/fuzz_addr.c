/* Addresses: what is one, written and parsed again is the same, in the system's form as well. */
#include <assert.h>

#include "net/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    char text[64];
    struct buffer host = buffer_over(text, sizeof(text));
    struct sockaddr_storage sa;
    struct net_addr addr, again;

    if (!net_addr_parse((struct slice){(const char *)bytes, count}, 5060, &addr))
        return 0;
    net_addr_write_host(&addr, &host);
    bool parsed = net_addr_parse(buffer_slice(&host), 5060, &again);
    assert(parsed && net_addr_equal(&addr, &again));
    (void)net_addr_to_sockaddr(&addr, &sa);
    bool read = net_addr_from_sockaddr((struct sockaddr *)&sa, &again);
    assert(read && net_addr_equal(&addr, &again));
    return 0;
}
