/* Addresses and Contacts: what parses, written anew from its parts, parses to the same parts. */
#include <assert.h>

#include "base/buffer.h"
#include "sip/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void write_address(const struct sip_address *address, struct buffer *out)
{
    buffer_add(out, address->display);
    buffer_add_text(out, address->has_brackets ? "<" : "");
    buffer_add(out, address->uri);
    buffer_add_text(out, address->has_brackets ? ">" : "");
    buffer_add(out, address->params);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static char memory[1 << 16];
    struct buffer text = buffer_over(memory, sizeof(memory));
    struct sip_contact contact;
    struct sip_address again;

    if (!sip_contact_parse((struct slice){(const char *)bytes, count}, &contact) || contact.is_star)
        return 0;
    assert(!contact.has_q || contact.q_thousandths <= 1000);
    write_address(&contact.address, &text);
    if (text.overflowed)
        return 0;
    bool ok = sip_address_parse(buffer_slice(&text), &again);
    assert(ok);
    assert(slice_equal(again.display, contact.address.display));
    assert(slice_equal(again.uri, contact.address.uri));
    assert(slice_equal(again.params, contact.address.params));
    assert(slice_equal(again.tag, contact.address.tag));
    return 0;
}
