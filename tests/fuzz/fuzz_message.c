/*
 * Whatever the bytes are, all that is found lies within them, in their order; and what was cut out
 * as the message parses to the same again. A Call-ID found beforehand is the one.
 */
#include <assert.h>

#include "sip/message.h"
#include "sip/peek.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static bool is_within(struct slice part, struct slice whole)
{
    return part.ptr >= whole.ptr && slice_end(part) <= slice_end(whole);
}

static void walk_values(const struct sip_message *msg, enum sip_header_id id)
{
    struct sip_values values = sip_values_of(msg, id);
    struct slice value;

    while (sip_values_next(&values, &value))
        assert(value.len > 0 && is_within(value, values.header->value));
}

static void walk_headers(const struct sip_message *msg)
{
    const char *at = msg->bytes.ptr;

    for (size_t i = 0; i < msg->header_count; i++) {
        const struct sip_header *header = &msg->headers[i];
        bool is_nameless = header->name.len == 0; /* a line that is no header field */
        assert(header->name.ptr >= at && (!is_nameless || header->id == SIP_UNKNOWN_HEADER));
        assert(header->value.ptr >= slice_end(header->name) + !is_nameless);
        assert(header->next == 0 || (header->next > i && header->next < msg->header_count));
        assert(sip_message_named(msg, header->name) != NULL);
        at = slice_end(header->value);
    }
    assert(at <= msg->bytes.ptr + msg->header_end);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct sip_message msg, again;
    struct slice input = {(const char *)bytes, len};
    struct sip_fault fault = {0, NULL};
    struct slice call_id;

    bool is_sound = sip_message_parse(input, &msg, &fault);
    assert(is_sound == (fault.phrase == NULL));
    assert(is_within(msg.bytes, input) && is_within(msg.body, msg.bytes));
    walk_headers(&msg);
    for (int id = 0; id < SIP_HEADER_ID_COUNT; id++)
        walk_values(&msg, (enum sip_header_id)id);
    bool is_checked = sip_message_check(&msg, &fault);
    if (!is_sound)
        return 0;
    if (is_checked && sip_peek_call_id(input, &call_id))
        assert(slice_equal(call_id, msg.basics.call_id));

    assert(sip_message_parse(msg.bytes, &again, &fault));
    assert(again.header_count == msg.header_count && slice_equal(again.body, msg.body));
    assert(sip_message_check(&again, &fault) == is_checked);
    assert(again.basics.cseq == msg.basics.cseq);
    return 0;
}
