/*
 * The message is read by the worker that holds the connection, which need not be the one that it is
 * for. That it is parsed once more concerns but servers that have shown a certificate.
 */
#include "server/alias.h"

#include "sip/message.h"
#include "sip/param.h"

static bool wants_alias(const struct sip_via *via)
{
    struct sip_param param;

    return slice_equal_nocase(via->transport, hop_protocol_name(HOP_TLS))
           && sip_param_find(via->params, SLICE("alias"), &param);
}

void alias_obey(struct worker *w, const struct hop *from, struct slice bytes)
{
    struct sip_message msg;
    struct sip_fault fault;

    if (!transport_may_alias(w->transport, from) || !sip_message_parse(bytes, &msg, &fault)
        || !msg.is_request || !sip_message_check(&msg, &fault) || !wants_alias(&msg.basics.via))
        return;
    uint16_t port = msg.basics.via.port;
    transport_alias(w->transport, from, port != 0 ? port : hop_protocol_port(HOP_TLS));
}
