/*
 * The grammar of one row of the header table, which the first byte chooses. White space around a
 * value is its caller's to trim; that apart, a fold within it means no more than a space.
 */
#include <assert.h>

#include "base/buffer.h"
#include "sip/header.h"
#include "sip/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { MAX_VALUE = 4096 };

/* RFC 3261 7.3.1: without its line ends a fold is white space. */
static struct slice unfold(struct slice value, struct buffer *out)
{
    for (size_t i = 0; i < value.len; i++) {
        struct slice rest = slice_after(value, i);
        bool is_fold =
            slice_starts_with(rest, SLICE("\r\n ")) || slice_starts_with(rest, SLICE("\n "));
        if (is_fold && i > 0 && value.ptr[i - 1] == '\\')
            return value; /* it is an escaped line end, which no grammar takes */
        if (!is_fold)
            buffer_add_char(out, value.ptr[i]);
        else if (value.ptr[i] == '\r')
            i++;
    }
    return buffer_slice(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char unfolded[MAX_VALUE], unquoted[MAX_VALUE];
    struct buffer out = buffer_over(unfolded, sizeof(unfolded));
    struct buffer text = buffer_over(unquoted, sizeof(unquoted));

    if (len == 0 || len > MAX_VALUE)
        return 0;
    enum sip_header_id id = (enum sip_header_id)(bytes[0] % SIP_HEADER_ID_COUNT);
    struct slice value = {(const char *)bytes + 1, len - 1};
    bool is_valid = sip_header_row(id)->is_valid(value);
    assert(!is_valid || sip_header_row(id)->is_valid(unfold(value, &out)));
    assert(sip_header_find(value) == SIP_UNKNOWN_HEADER || value.len < 20);
    sip_unquote(value, &text);
    assert(text.len <= value.len && !text.overflowed);
    return 0;
}
