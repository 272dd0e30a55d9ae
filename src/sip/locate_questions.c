/* What to ask DNS, and what its answers come to. */
#include "sip/locate_inside.h"

/* --- asking ----------------------------------------------------------------------------------- */

/* The name of a NAPTR record's replacement, or _service._proto before the domain (RFC 2782). */
static void write_srv_name(const struct sip_locate *l, const struct sip_locate_service *service,
                           struct buffer *out)
{
    if (service->srv.len > 0) {
        buffer_add(out, sip_locate_name_text(l, service->srv));
        return;
    }
    buffer_add(out, sip_transports[service->transport].srv_prefix);
    buffer_add(out, sip_locate_domain(l));
}

static bool ask_naptr(struct sip_locate *l, struct sip_question *question, struct buffer *name)
{
    if (l->naptr != SIP_QUESTION_TO_ASK)
        return false;
    l->naptr = SIP_QUESTION_ASKED;
    question->type = SIP_ASK_NAPTR;
    buffer_add(name, sip_locate_domain(l));
    return true;
}

static bool ask_srv(struct sip_locate *l, struct sip_question *question, struct buffer *name)
{
    for (size_t i = 0; i < l->service_count; i++) {
        if (l->services[i].state != SIP_QUESTION_TO_ASK)
            continue;
        l->services[i].state = SIP_QUESTION_ASKED;
        question->type = SIP_ASK_SRV;
        question->service = (uint8_t)i;
        write_srv_name(l, &l->services[i], name);
        return true;
    }
    return false;
}

static bool ask_addresses(struct sip_locate *l, struct sip_question *question, struct buffer *name)
{
    if (l->addresses != SIP_QUESTION_TO_ASK)
        return false;
    l->addresses = SIP_QUESTION_ASKED;
    question->type = SIP_ASK_ADDRESSES;
    buffer_add(name, sip_locate_name_text(l, l->place.host));
    return true;
}

bool sip_locate_question(struct sip_locate *l, struct sip_question *out)
{
    struct buffer name = buffer_over(out->name, SIP_LOCATE_MAX_NAME);

    out->service = 0;
    if (!ask_naptr(l, out, &name) && !ask_srv(l, out, &name) && !ask_addresses(l, out, &name))
        return false;
    out->name[name.len] = '\0';
    return true;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* False: this was not asked, or has been answered. */
static bool settle(struct sip_locate *l, enum sip_question_state *state, enum sip_answer answer)
{
    static const enum sip_question_state states[] = {
        [SIP_ANSWER_FOUND] = SIP_QUESTION_FOUND,
        [SIP_ANSWER_ABSENT] = SIP_QUESTION_ABSENT,
        [SIP_ANSWER_FAILED] = SIP_QUESTION_FAILED,
    };

    if (*state != SIP_QUESTION_ASKED)
        return false;
    *state = states[answer];
    l->has_failed = l->has_failed || answer == SIP_ANSWER_FAILED;
    return true;
}

static bool has_targets(const struct sip_locate *l, uint8_t service)
{
    for (size_t i = 0; i < l->target_count; i++) {
        if (l->targets[i].service == service)
            return true;
    }
    return false;
}

/* Records none of which leads anywhere are not the same as none: RFC 2782, "Usage rules". */
static void srv_answered(struct sip_locate *l, uint8_t service, enum sip_answer answer)
{
    if (service >= l->service_count || !settle(l, &l->services[service].state, answer))
        return;
    if (answer == SIP_ANSWER_FOUND && !has_targets(l, service))
        l->services[service].state = SIP_QUESTION_UNUSABLE;
}

void sip_locate_answered(struct sip_locate *l, const struct sip_question *question,
                         enum sip_answer answer)
{
    switch (question->type) {
    case SIP_ASK_NAPTR:
        if (settle(l, &l->naptr, answer) && answer != SIP_ANSWER_FAILED)
            sip_locate_choose_services(l);
        return;
    case SIP_ASK_SRV: srv_answered(l, question->service, answer); return;
    case SIP_ASK_ADDRESSES: (void)settle(l, &l->addresses, answer); return;
    }
}
