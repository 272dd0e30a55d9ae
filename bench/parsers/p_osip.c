/* libosip2: every header field that it knows is parsed at once, into strings of their own. */
#include <stdlib.h>

#include <osipparser2/osip_parser.h>

#include "parser.h"

const char parser_name[] = "osip2";

void parser_start(void)
{
    (void)parser_init();
}

static struct text value_of(osip_generic_param_t *param)
{
    return text_of(param != NULL ? param->gvalue : NULL);
}

static uint32_t number_of(const char *digits)
{
    return digits != NULL ? (uint32_t)strtoul(digits, NULL, 10) : 0;
}

static void fill(osip_message_t *m, struct fields *fields)
{
    osip_generic_param_t *branch = NULL, *from_tag = NULL, *to_tag = NULL;
    osip_via_t *via = osip_list_get(&m->vias, 0);
    osip_contact_t *contact = osip_list_get(&m->contacts, 0);
    osip_header_t *max_forwards = NULL;

    osip_via_param_get_byname(via, "branch", &branch);
    osip_from_get_tag(m->from, &from_tag);
    osip_to_get_tag(m->to, &to_tag);
    osip_message_header_get_byname(m, "max-forwards", 0, &max_forwards);
    *fields = (struct fields){
        .method = text_of(m->sip_method),
        .uri_user = text_of(m->req_uri->username),
        .uri_host = text_of(m->req_uri->host),
        .via_branch = value_of(branch),
        .via_host = text_of(via->host),
        .from_tag = value_of(from_tag),
        .to_tag = value_of(to_tag),
        .call_id = text_of(m->call_id->number), /* what stands behind its "@" is kept apart */
        .cseq_method = text_of(m->cseq->method),
        .contact_user = text_of(contact != NULL ? contact->url->username : NULL),
        .contact_host = text_of(contact != NULL ? contact->url->host : NULL),
        .cseq = number_of(m->cseq->number),
        .max_forwards = number_of(max_forwards != NULL ? max_forwards->hvalue : NULL),
        .content_length = number_of(m->content_length->value),
    };
}

bool parser_read(char *message, size_t len, fields_user *use)
{
    struct fields fields;
    osip_message_t *m;

    osip_message_init(&m);
    bool ok = osip_message_parse(m, message, len) == 0;
    if (ok) {
        fill(m, &fields);
        use(&fields);
    }
    osip_message_free(m);
    return ok;
}
