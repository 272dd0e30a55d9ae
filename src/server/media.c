/*
 * Two hosts behind different NATs cannot send to each other's private addresses (RFC 8866 5.7, the
 * c= line), and without ICE (RFC 8445) they know no others.
 */
#include "server/media.h"

#include "server/nat.h"

/* The rest of the first line of a session description that begins so; empty: there is none. */
static struct slice line_with(struct slice body, struct slice start)
{
    while (body.len > 0) {
        struct slice line = {body.ptr, slice_find(body, '\n')};
        if (slice_starts_with(line, start))
            return slice_trim(slice_after(line, start.len));
        body = slice_after(body, line.len + 1);
    }
    return SLICE_NONE;
}

static bool offers_ice(struct slice body)
{
    return line_with(body, SLICE("a=candidate:")).len > 0
           || line_with(body, SLICE("a=ice-ufrag:")).len > 0;
}

/* connection-address = IP4 or IP6, for IP4 multicast with a TTL that is of no meaning here */
static bool read_address(struct slice body, struct net_addr *out)
{
    struct slice address = line_with(body, SLICE("c=IN IP4 "));

    if (address.len == 0)
        address = line_with(body, SLICE("c=IN IP6 "));
    address.len = slice_find(address, '/');
    return net_addr_parse(address, 0, out);
}

/* Whether the media are to be sent where only the same network can. */
static bool is_hidden(struct slice body, const struct net_addr *seen_at)
{
    struct net_addr addr;

    return read_address(body, &addr) && nat_is_private(&addr)
           && !net_addr_same_host(&addr, seen_at);
}

void media_look(struct worker *w, const struct net_addr *caller, const struct sip_message *invite,
                const struct net_addr *callee, const struct sip_message *answer)
{
    if (invite->body.len == 0 || answer->body.len == 0 || net_addr_same_host(caller, callee)
        || !is_hidden(invite->body, caller) || !is_hidden(answer->body, callee)
        || offers_ice(invite->body) || offers_ice(answer->body))
        return;
    LOG(&w->log, LOG_WARNING, "media: both behind different NATs and neither offers ICE",
        {"from", sip_message_value(invite, SIP_FROM)}, {"to", sip_message_value(invite, SIP_TO)},
        {"call-id", invite->basics.call_id});
}
