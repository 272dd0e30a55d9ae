/* sofia-sip: the message is copied and all its header fields parsed at once, in one su_home. */
#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>

#include "parser.h"

const char parser_name[] = "sofia";

void parser_start(void)
{
}

static struct fields fields_of(const sip_t *sip)
{
    const url_t *contact = sip->sip_contact != NULL ? sip->sip_contact->m_url : NULL;

    return (struct fields){
        .method = text_of(sip->sip_request->rq_method_name),
        .uri_user = text_of(sip->sip_request->rq_url->url_user),
        .uri_host = text_of(sip->sip_request->rq_url->url_host),
        .via_branch = text_of(sip->sip_via->v_branch),
        .via_host = text_of(sip->sip_via->v_host),
        .from_tag = text_of(sip->sip_from->a_tag),
        .to_tag = text_of(sip->sip_to->a_tag),
        .call_id = text_of(sip->sip_call_id->i_id),
        .cseq_method = text_of(sip->sip_cseq->cs_method_name),
        .contact_user = text_of(contact != NULL ? contact->url_user : NULL),
        .contact_host = text_of(contact != NULL ? contact->url_host : NULL),
        .cseq = sip->sip_cseq->cs_seq,
        .max_forwards = (uint32_t)sip->sip_max_forwards->mf_count,
        .content_length = (uint32_t)sip->sip_content_length->l_length,
    };
}

bool parser_read(char *message, size_t len, fields_user *use)
{
    msg_t *m = msg_make(sip_default_mclass(), 0, message, (ssize_t)len);
    sip_t *sip = m != NULL ? sip_object(m) : NULL;
    bool ok = sip != NULL && sip->sip_request != NULL;

    if (ok) {
        struct fields fields = fields_of(sip);
        use(&fields);
    }
    if (m != NULL)
        msg_destroy(m);
    return ok;
}
