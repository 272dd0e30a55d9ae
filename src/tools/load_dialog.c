/* The dialog that a 2xx to an INVITE makes, as its caller sees it: RFC 3261 12.1.2. */
#include "sip/address.h"
#include "tools/load_inside.h"

enum { MAX_ROUTES = 16, MAX_ROUTE_BYTES = 4096, SIP_PORT = 5060 };

/* The Record-Route values in reverse order. False: there are too many. */
static bool learn_routes(struct load_dialog *dialog, const struct sip_message *msg,
                         struct slice *first)
{
    struct sip_values values = sip_values_of(msg, SIP_RECORD_ROUTE);
    struct slice routes[MAX_ROUTES];
    char memory[MAX_ROUTE_BYTES];
    struct buffer out = buffer_over(memory, sizeof(memory));
    size_t count = 0;

    while (count < MAX_ROUTES && sip_values_next(&values, &routes[count]))
        count++;
    *first = count > 0 ? routes[count - 1] : SLICE_NONE;
    while (count > 0) {
        buffer_add_text(&out, "Route: ");
        buffer_add(&out, routes[--count]);
        buffer_add_text(&out, "\r\n");
    }
    return !out.overflowed && bytes_copy(&dialog->routes, buffer_slice(&out));
}

/* Where a URI leads that names an address; others are left to the server that we speak to. */
static void learn_next_hop(struct load_dialog *dialog, struct slice uri_text)
{
    struct sip_uri uri;

    dialog->has_next_hop =
        sip_uri_parse(uri_text, &uri)
        && net_addr_parse(uri.host, uri.port > 0 ? uri.port : SIP_PORT, &dialog->next_hop);
}

bool load_dialog_learn(struct load_dialog *dialog, const struct sip_message *msg)
{
    struct sip_address contact, route;
    struct slice to = sip_message_value(msg, SIP_TO);
    struct slice first;

    if (!sip_address_parse(sip_message_value(msg, SIP_CONTACT), &contact)
        || !learn_routes(dialog, msg, &first)
        || (first.len > 0 && !sip_address_parse(first, &route)))
        return false;
    learn_next_hop(dialog, first.len > 0 ? route.uri : contact.uri);
    return bytes_copy(&dialog->target, contact.uri) && bytes_copy(&dialog->to, to);
}

void load_dialog_forget(struct load_dialog *dialog)
{
    bytes_free(&dialog->target);
    bytes_free(&dialog->routes);
    bytes_free(&dialog->to);
    dialog->has_next_hop = false;
}
