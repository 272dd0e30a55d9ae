/* libtchin: parsed, and checked as tchind does before it works with a message. */
#include <sip/address.h>
#include <sip/message.h>
#include <sip/uri.h>

#include "parser.h"

const char parser_name[] = "tchin";

void parser_start(void)
{
}

static struct text as_text(struct slice s)
{
    return (struct text){s.ptr, s.len};
}

static bool read_contact(const struct sip_message *msg, struct fields *fields)
{
    struct sip_values contacts = sip_values_of(msg, SIP_CONTACT);
    struct sip_contact contact;
    struct slice value;
    struct sip_uri uri;

    if (!sip_values_next(&contacts, &value))
        return true;
    if (!sip_contact_parse(value, &contact) || !sip_uri_parse(contact.address.uri, &uri))
        return false;
    fields->contact_user = as_text(uri.user);
    fields->contact_host = as_text(uri.host);
    return true;
}

bool parser_read(char *message, size_t len, fields_user *use)
{
    static struct sip_message msg;
    struct sip_fault fault;
    struct sip_uri uri;

    if (!sip_message_parse((struct slice){message, len}, &msg, &fault)
        || !sip_message_check(&msg, &fault) || !sip_uri_parse(msg.uri, &uri))
        return false;
    struct fields fields = {
        .method = as_text(msg.method),
        .uri_user = as_text(uri.user),
        .uri_host = as_text(uri.host),
        .via_branch = as_text(msg.basics.via.branch),
        .via_host = as_text(msg.basics.via.host),
        .from_tag = as_text(msg.basics.from_tag),
        .to_tag = as_text(msg.basics.to_tag),
        .call_id = as_text(msg.basics.call_id),
        .cseq_method = as_text(msg.basics.cseq_method),
        .cseq = msg.basics.cseq,
        .max_forwards = msg.basics.max_forwards,
        .content_length = (uint32_t)msg.body.len,
    };
    if (!read_contact(&msg, &fields))
        return false;
    use(&fields);
    return true;
}
