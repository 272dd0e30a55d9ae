/*
 * The response to whatever can be answered parses, and is as sound as its request was. A request
 * full to the last field leaves no room for the Content-Length that a response ends with.
 */
#include <assert.h>

#include "sip/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static size_t count_vias(const struct sip_message *msg)
{
    struct sip_values values = sip_values_of(msg, SIP_VIA);
    struct slice value;
    size_t count = 0;

    while (sip_values_next(&values, &value))
        count++;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char memory[2 * SIP_MAX_MESSAGE]; /* a compact name becomes a full one */
    const struct sip_reply reply = {
        .status = 200,
        .top_via = SLICE("SIP/2.0/UDP a;branch=z9hG4bK1"),
        .to_tag = SLICE("t"),
        .wants_record_route = true,
    };
    struct buffer out = buffer_over(memory, sizeof(memory));
    struct sip_message request, response;
    struct sip_fault fault;

    bool is_sound = sip_message_parse((struct slice){(const char *)bytes, len}, &request, &fault)
                    && sip_message_check(&request, &fault);
    if (!request.is_request || !(is_sound || sip_message_is_answerable(&request)))
        return 0;
    sip_build_reply(&out, &request, &reply);
    if (request.header_count < SIP_MAX_HEADERS)
        sip_build_end(&out);
    else
        buffer_add(&out, SLICE("\r\n"));
    assert(!out.overflowed && sip_message_parse(buffer_slice(&out), &response, &fault));
    assert(!is_sound || sip_message_check(&response, &fault));
    assert(count_vias(&response) == count_vias(&request));
    assert(!is_sound || response.basics.cseq == request.basics.cseq);
    assert(!is_sound || slice_equal(response.basics.from_tag, request.basics.from_tag));
    assert(!is_sound || slice_equal(response.basics.call_id, request.basics.call_id));
    return 0;
}
