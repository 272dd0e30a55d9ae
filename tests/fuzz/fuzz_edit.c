/* Without edits the bytes are the same; without its first Via a message parses, one Via shorter. */
#include <assert.h>

#include "sip/edit.h"

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
    static char memory[SIP_MAX_MESSAGE];
    struct buffer out = buffer_over(memory, sizeof(memory));
    struct sip_message msg, shorter;
    struct sip_fault fault;
    struct sip_edits edits;

    if (!sip_message_parse((struct slice){(const char *)bytes, len}, &msg, &fault))
        return 0;
    sip_edits_init(&edits, &msg);
    assert(sip_edits_apply(&edits, &out) && slice_equal(buffer_slice(&out), msg.bytes));

    out.len = 0;
    sip_edits_remove_first_value(&edits, SIP_VIA);
    assert(sip_edits_apply(&edits, &out));
    assert(sip_message_parse(buffer_slice(&out), &shorter, &fault));
    assert(count_vias(&msg) == 0 || count_vias(&shorter) == count_vias(&msg) - 1);
    assert(slice_equal(shorter.body, msg.body));
    return 0;
}
