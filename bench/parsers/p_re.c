/*
 * libre: request line with its URI, topmost Via, From, To, Call-ID and CSeq are decoded at once,
 * the Contact when asked for; of every header field a list element is allocated.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include <re.h>

#include "parser.h"

const char parser_name[] = "re";

static struct mbuf *buffer;

void parser_start(void)
{
    buffer = mbuf_alloc(16);
}

static struct text as_text(struct pl part)
{
    return (struct text){part.p, part.l};
}

static bool fill(const struct sip_msg *m, struct fields *fields)
{
    const struct sip_hdr *header = sip_msg_hdr(m, SIP_HDR_CONTACT);
    struct sip_addr contact = {0};

    if (header != NULL && sip_addr_decode(&contact, &header->val) != 0)
        return false;
    *fields = (struct fields){
        .method = as_text(m->met),
        .uri_user = as_text(m->uri.user),
        .uri_host = as_text(m->uri.host),
        .via_branch = as_text(m->via.branch),
        .via_host = as_text(m->via.sentby), /* with its port */
        .from_tag = as_text(m->from.tag),
        .to_tag = as_text(m->to.tag),
        .call_id = as_text(m->callid),
        .cseq_method = as_text(m->cseq.met),
        .contact_user = as_text(contact.uri.user),
        .contact_host = as_text(contact.uri.host),
        .cseq = m->cseq.num,
        .max_forwards = pl_u32(&m->maxfwd),
        .content_length = pl_u32(&m->clen),
    };
    return true;
}

bool parser_read(char *message, size_t len, fields_user *use)
{
    struct fields fields;
    struct sip_msg *m;

    buffer->buf = (uint8_t *)message;
    buffer->pos = 0;
    buffer->end = buffer->size = len;
    if (sip_msg_decode(&m, buffer) != 0)
        return false;
    bool ok = fill(m, &fields);
    if (ok)
        use(&fields);
    mem_deref(m);
    return ok;
}
