/* No firewall closes port 443; but few may listen there, and often a web server already does. */
#include "server/web.h"

#include <unistd.h>

#include "net/socket.h"

static bool is_free(uint16_t port)
{
    const struct net_addr any = {.family = 4, .port = port};
    int fd = net_socket_bound(SOCK_STREAM, &any, SOCKET_ALONE);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

bool web_add_default_listeners(struct settings *settings)
{
    static const uint16_t ports[] = {443, 8443};
    size_t i = 0;

    while (i < ARRAY_LEN(ports) && !is_free(ports[i]))
        i++;
    if (i < ARRAY_LEN(ports))
        settings_add_beside_tcp(settings, HOP_WSS, ports[i]);
    return i < ARRAY_LEN(ports);
}
