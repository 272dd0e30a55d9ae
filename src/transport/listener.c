/* Listeners as people write them. */
#include "transport/transport.h"

void transport_listener_write(const struct transport_listener *listener, struct buffer *out)
{
    if (listener->has_only_pages)
        buffer_add_text(out, "http");
    else
        hop_protocol_write(listener->protocol, out);
    buffer_add_char(out, ':');
    net_addr_write(&listener->addr, out);
}
