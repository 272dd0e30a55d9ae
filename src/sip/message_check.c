/*
 * What every element asks of a message before it works with it: RFC 3261 8.1.1 and 16.3 step 1.
 * The phrases name the header field, as RFC 3261 21.4.1 would have it.
 */
#include "sip/address.h"
#include "sip/message.h"
#include "sip/values.h"

/*
 * Fields that may occur once and that somebody acts upon: of two one would not know which is meant.
 * Others that ought to occur once (two User-Agents) do no harm.
 */
struct phrases {
    const char *missing;
    const char *malformed;
    const char *multiple;
};

#define PHRASES(name)                                                                              \
    {                                                                                              \
        "Missing " name, "Malformed " name, "Multiple " name                                       \
    }

static const struct phrases phrases[SIP_HEADER_ID_COUNT] = {
    [SIP_CALL_ID] = PHRASES("Call-ID"),
    [SIP_CONTACT] = PHRASES("Contact"),
    [SIP_CONTENT_DISPOSITION] = PHRASES("Content-Disposition"),
    [SIP_CONTENT_LENGTH] = PHRASES("Content-Length"),
    [SIP_CONTENT_TYPE] = PHRASES("Content-Type"),
    [SIP_CSEQ] = PHRASES("CSeq"),
    [SIP_EVENT] = PHRASES("Event"),
    [SIP_EXPIRES] = PHRASES("Expires"),
    [SIP_FROM] = PHRASES("From"),
    [SIP_MAX_BREADTH] = PHRASES("Max-Breadth"),
    [SIP_MAX_FORWARDS] = PHRASES("Max-Forwards"),
    [SIP_MIN_EXPIRES] = PHRASES("Min-Expires"),
    [SIP_MIN_SE] = PHRASES("Min-SE"),
    [SIP_RACK] = PHRASES("RAck"),
    [SIP_REFER_TO] = PHRASES("Refer-To"),
    [SIP_REPLACES] = PHRASES("Replaces"),
    [SIP_RSEQ] = PHRASES("RSeq"),
    [SIP_SESSION_EXPIRES] = PHRASES("Session-Expires"),
    [SIP_SUBSCRIPTION_STATE] = PHRASES("Subscription-State"),
    [SIP_TO] = PHRASES("To"),
    [SIP_VIA] = PHRASES("Via"),
};

/* Those that often do: Via and the like. */
#define BIT(id)    ((uint64_t)1 << (id))
#define MAY_REPEAT (BIT(SIP_UNKNOWN_HEADER) | BIT(SIP_VIA) | BIT(SIP_ROUTE) | BIT(SIP_RECORD_ROUTE))

typedef bool check_step(struct sip_message *msg, struct sip_fault *fault);

static check_step check_via, check_from, check_to, check_call_id, check_cseq;
static check_step check_repeats, check_max_forwards, check_contacts;

bool sip_message_check(struct sip_message *msg, struct sip_fault *fault)
{
    return check_via(msg, fault) && check_from(msg, fault) && check_to(msg, fault)
           && check_call_id(msg, fault) && check_cseq(msg, fault) && check_repeats(msg, fault)
           && check_max_forwards(msg, fault) && check_contacts(msg, fault);
}

static bool refuse(struct sip_fault *fault, const char *phrase)
{
    *fault = (struct sip_fault){400, phrase};
    return false;
}

static bool check_via(struct sip_message *msg, struct sip_fault *fault)
{
    struct sip_values vias = sip_values_of(msg, SIP_VIA);
    struct slice *text = &msg->basics.via_text;

    if (vias.header != NULL && take_via(vias.rest, &msg->basics.via)) {
        *text = vias.rest; /* which has no comma */
        return true;
    }
    if (!sip_values_next(&vias, text))
        return refuse(fault, phrases[SIP_VIA].missing);
    if (sip_via_read(*text, &msg->basics.via))
        return true;
    msg->basics.via = (struct sip_via){0};
    return refuse(fault, phrases[SIP_VIA].malformed);
}

static bool check_address(const struct sip_message *msg, enum sip_header_id id,
                          struct sip_address *out, struct sip_fault *fault)
{
    const struct sip_header *header = sip_message_header(msg, id);

    if (header == NULL)
        return refuse(fault, phrases[id].missing);
    return sip_address_read(header->value, out) || refuse(fault, phrases[id].malformed);
}

static bool check_from(struct sip_message *msg, struct sip_fault *fault)
{
    if (!check_address(msg, SIP_FROM, &msg->basics.from, fault))
        return false;
    msg->basics.from_tag = msg->basics.from.tag;
    return true;
}

static bool check_to(struct sip_message *msg, struct sip_fault *fault)
{
    if (!check_address(msg, SIP_TO, &msg->basics.to, fault))
        return false;
    msg->basics.to_tag = msg->basics.to.tag;
    return true;
}

static bool check_call_id(struct sip_message *msg, struct sip_fault *fault)
{
    const struct sip_header *header = sip_message_header(msg, SIP_CALL_ID);

    if (header == NULL)
        return refuse(fault, phrases[SIP_CALL_ID].missing);
    if (!sip_call_id_is_valid(header->value))
        return refuse(fault, phrases[SIP_CALL_ID].malformed);
    msg->basics.call_id = header->value;
    return true;
}

/* RFC 3261 8.1.1.5: the method of a request is also its CSeq's. */
static bool check_cseq(struct sip_message *msg, struct sip_fault *fault)
{
    const struct sip_header *header = sip_message_header(msg, SIP_CSEQ);
    struct sip_cseq cseq;

    if (header == NULL)
        return refuse(fault, phrases[SIP_CSEQ].missing);
    if (!sip_cseq_parse(header->value, &cseq))
        return refuse(fault, phrases[SIP_CSEQ].malformed);
    msg->basics.cseq = cseq.number;
    msg->basics.cseq_method = cseq.method;
    if (!msg->is_request) {
        msg->basics.cseq_method_id = sip_method_of(cseq.method);
        return true;
    }
    msg->basics.cseq_method_id = msg->method_id;
    return slice_equal(cseq.method, msg->method) || refuse(fault, "CSeq Method Mismatch");
}

static bool check_repeats(struct sip_message *msg, struct sip_fault *fault)
{
    if ((msg->repeated_ids & ~MAY_REPEAT) == 0)
        return true;
    for (size_t i = 0; i < msg->header_count; i++) {
        enum sip_header_id id = (enum sip_header_id)msg->headers[i].id;
        if (msg->headers[i].next != 0 && sip_header_row(id)->arity == SIP_SINGLE
            && phrases[id].multiple != NULL)
            return refuse(fault, phrases[id].multiple);
    }
    return true;
}

/* RFC 3261 20.22: 0 to 255. Absent from what RFC 2543 knew. */
static bool check_max_forwards(struct sip_message *msg, struct sip_fault *fault)
{
    const struct sip_header *header = sip_message_header(msg, SIP_MAX_FORWARDS);
    uint32_t hops;

    if (header == NULL)
        return true;
    struct cursor c = cursor_over(header->value);
    if (!eat_u32(&c, UINT8_MAX, &hops) || !at_end(&c))
        return refuse(fault, phrases[SIP_MAX_FORWARDS].malformed);
    msg->basics.max_forwards = (uint8_t)hops;
    msg->basics.has_max_forwards = true;
    return true;
}

/* Of responses the Contact is for the user agent that asked; they pass through. */
static bool check_contacts(struct sip_message *msg, struct sip_fault *fault)
{
    struct sip_values contacts = sip_values_of(msg, SIP_CONTACT);
    struct sip_contact other;
    struct slice value;

    msg->basics.contact_count = 0;
    if (msg->is_request && contacts.header != NULL && contacts.header->next == 0
        && take_contact(contacts.rest, &msg->basics.contact)) {
        msg->basics.contact_count = 1;
        return true;
    }
    while (msg->is_request && sip_values_next(&contacts, &value)) {
        bool is_first = msg->basics.contact_count++ == 0;
        if (!sip_contact_read(value, is_first ? &msg->basics.contact : &other))
            return refuse(fault, phrases[SIP_CONTACT].malformed);
    }
    return true;
}

bool sip_message_is_answerable(const struct sip_message *msg)
{
    return msg->is_request && msg->method_id != SIP_ACK && msg->first[SIP_VIA] != 0;
}
