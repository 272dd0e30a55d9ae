/* libtchin: parsed, and checked as tchind does before it works with a message. */
#include <sip/message.h>

#include "parser.h"

const char parser_name[] = "tchin";

void parser_start(void)
{
}

static struct text as_text(struct slice s)
{
    return (struct text){s.ptr, s.len};
}

bool parser_read(char *message, size_t len, fields_user *use)
{
    static struct sip_message msg;
    struct sip_fault fault;

    if (!sip_message_parse((struct slice){message, len}, &msg, &fault)
        || !sip_message_check(&msg, &fault) || msg.request_uri.text.len == 0)
        return false;
    const struct sip_basics *basics = &msg.basics;
    const struct sip_uri *contact = sip_address_uri(&basics->contact.address);
    struct fields fields = {
        .method = as_text(msg.method),
        .uri_user = as_text(msg.request_uri.user),
        .uri_host = as_text(msg.request_uri.host),
        .via_branch = as_text(basics->via.branch),
        .via_host = as_text(basics->via.host),
        .from_tag = as_text(basics->from_tag),
        .to_tag = as_text(basics->to_tag),
        .call_id = as_text(basics->call_id),
        .cseq_method = as_text(basics->cseq_method),
        .cseq = basics->cseq,
        .max_forwards = basics->max_forwards,
        .content_length = (uint32_t)msg.body.len,
    };
    if (contact != NULL) {
        fields.contact_user = as_text(contact->user);
        fields.contact_host = as_text(contact->host);
    }
    use(&fields);
    return true;
}
