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

/* A step says NULL, or the phrase of a 400. */
typedef const char *check_step(struct sip_message *msg);

static check_step check_via, check_from, check_to, check_call_id, check_cseq;
static check_step check_repeats, check_max_forwards, check_contacts;

static check_step *const steps[] = {
    check_via,  check_from,    check_to,           check_call_id,
    check_cseq, check_repeats, check_max_forwards, check_contacts,
};

bool sip_message_check(struct sip_message *msg, struct sip_fault *fault)
{
    const char *phrase = NULL;

    for (size_t i = 0; i < ARRAY_LEN(steps) && phrase == NULL; i++)
        phrase = steps[i](msg);
    if (phrase != NULL)
        *fault = (struct sip_fault){400, phrase};
    return phrase == NULL;
}

static const char *check_via(struct sip_message *msg)
{
    struct sip_values vias = sip_values_of(msg, SIP_VIA);
    struct slice topmost;

    if (!sip_values_next(&vias, &topmost))
        return phrases[SIP_VIA].missing;
    if (!sip_via_parse(topmost, &msg->basics.via))
        return phrases[SIP_VIA].malformed;
    msg->basics.via_text = topmost;
    return NULL;
}

static const char *check_address(const struct sip_message *msg, enum sip_header_id id,
                                 struct sip_address *out)
{
    const struct sip_header *header = sip_message_header(msg, id);

    if (header == NULL)
        return phrases[id].missing;
    return sip_address_parse(header->value, out) ? NULL : phrases[id].malformed;
}

static const char *check_from(struct sip_message *msg)
{
    const char *phrase = check_address(msg, SIP_FROM, &msg->basics.from);

    msg->basics.from_tag = msg->basics.from.tag;
    return phrase;
}

static const char *check_to(struct sip_message *msg)
{
    const char *phrase = check_address(msg, SIP_TO, &msg->basics.to);

    msg->basics.to_tag = msg->basics.to.tag;
    return phrase;
}

static const char *check_call_id(struct sip_message *msg)
{
    const struct sip_header *header = sip_message_header(msg, SIP_CALL_ID);

    if (header == NULL)
        return phrases[SIP_CALL_ID].missing;
    if (!sip_call_id_is_valid(header->value))
        return phrases[SIP_CALL_ID].malformed;
    msg->basics.call_id = header->value;
    return NULL;
}

/* RFC 3261 8.1.1.5: the method of a request is also its CSeq's. */
static const char *check_cseq(struct sip_message *msg)
{
    const struct sip_header *header = sip_message_header(msg, SIP_CSEQ);
    struct sip_cseq cseq;

    if (header == NULL)
        return phrases[SIP_CSEQ].missing;
    if (!sip_cseq_parse(header->value, &cseq))
        return phrases[SIP_CSEQ].malformed;
    msg->basics.cseq = cseq.number;
    msg->basics.cseq_method = cseq.method;
    msg->basics.cseq_method_id = sip_method_of(cseq.method);
    return msg->is_request && !slice_equal(cseq.method, msg->method) ? "CSeq Method Mismatch"
                                                                     : NULL;
}

static const char *check_repeats(struct sip_message *msg)
{
    for (size_t i = 0; i < msg->header_count; i++) {
        enum sip_header_id id = (enum sip_header_id)msg->headers[i].id;
        if (msg->headers[i].next != 0 && sip_header_row(id)->arity == SIP_SINGLE
            && phrases[id].multiple != NULL)
            return phrases[id].multiple;
    }
    return NULL;
}

/* RFC 3261 20.22: 0 to 255. Absent from what RFC 2543 knew. */
static const char *check_max_forwards(struct sip_message *msg)
{
    const struct sip_header *header = sip_message_header(msg, SIP_MAX_FORWARDS);
    uint32_t hops;

    if (header == NULL)
        return NULL;
    if (!slice_to_u32(header->value, UINT8_MAX, &hops))
        return phrases[SIP_MAX_FORWARDS].malformed;
    msg->basics.max_forwards = (uint8_t)hops;
    msg->basics.has_max_forwards = true;
    return NULL;
}

/* Of responses the Contact is for the user agent that asked; they pass through. */
static const char *check_contacts(struct sip_message *msg)
{
    struct sip_values contacts = sip_values_of(msg, SIP_CONTACT);
    struct sip_contact other;
    struct slice value;

    msg->basics.contact_count = 0;
    while (msg->is_request && sip_values_next(&contacts, &value)) {
        bool is_first = msg->basics.contact_count++ == 0;
        if (!sip_contact_parse(value, is_first ? &msg->basics.contact : &other))
            return phrases[SIP_CONTACT].malformed;
    }
    return NULL;
}

bool sip_message_is_answerable(const struct sip_message *msg)
{
    return msg->is_request && msg->method_id != SIP_ACK && msg->first[SIP_VIA] != 0;
}
