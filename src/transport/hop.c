/* The names of the protocols: RFC 3261 25.1, "transport". */
#include "transport/hop.h"

struct slice hop_protocol_name(enum hop_protocol protocol)
{
    return sip_transports[protocol].name;
}

void hop_protocol_write(enum hop_protocol protocol, struct buffer *out)
{
    struct slice name = hop_protocol_name(protocol);

    for (size_t i = 0; i < name.len; i++)
        buffer_add_char(out, ascii_lower(name.ptr[i]));
}

bool hop_protocol_find(struct slice name, enum hop_protocol *out)
{
    enum sip_transport transport;

    if (!sip_transport_find(name, &transport) || (int)transport >= HOP_PROTOCOL_COUNT)
        return false;
    *out = (enum hop_protocol)transport;
    return true;
}
