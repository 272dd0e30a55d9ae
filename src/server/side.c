/* There are few sides and many messages: each is written once, and kept in a place of its own. */
#include "server/side.h"

static void write_via(struct side *side)
{
    struct buffer text = buffer_over(side->via_text, sizeof(side->via_text));

    buffer_add(&text, SLICE("SIP/2.0/"));
    buffer_add(&text, hop_protocol_name(side->protocol));
    buffer_add_char(&text, ' ');
    net_addr_write(&side->local, &text);
    buffer_add(&text, SLICE(";branch="));
    side->via = buffer_slice(&text);
}

/* RFC 7118 5.2: "ws" is the transport of a URI, with TLS and without. */
static void write_route(struct side *side)
{
    struct buffer text = buffer_over(side->route_text, sizeof(side->route_text));

    buffer_add(&text, SLICE("<sip:"));
    net_addr_write(&side->local, &text);
    if (side->protocol != HOP_UDP) {
        buffer_add(&text, SLICE(";transport="));
        hop_protocol_write(side->protocol == HOP_WSS ? HOP_WS : side->protocol, &text);
    }
    buffer_add(&text, SLICE(";lr;tk="));
    side->route = buffer_slice(&text);
}

const struct side *side_of(struct sides *sides, const struct hop *hop)
{
    const struct net_addr *local = &hop->local;
    unsigned place = (unsigned)hop->protocol ^ local->port ^ local->ip[3] ^ local->ip[15];
    struct side *side = &sides->known[place % SIDE_MAX_KNOWN];

    if (side->via.len > 0 && side->protocol == hop->protocol && net_addr_equal(&side->local, local))
        return side;
    side->protocol = hop->protocol;
    side->local = *local;
    write_via(side);
    write_route(side);
    return side;
}
