/*
 * Whatever a line is or has behind its colon, what is read of it at a glance is what the grammar
 * alone finds there.
 */
#include <assert.h>

#include "../unit/sip/glance_twin.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(struct slice text)
{
    text = slice_trim(text);
    assert(agree_on_uri(text));
    assert(agree_on_address(text));
    assert(agree_on_via(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct slice rest = {(const char *)bytes, len};

    while (rest.len > 0) {
        struct slice line = {rest.ptr, slice_find(rest, '\n')};
        check(line);
        check(slice_after(line, slice_find(line, ':') + 1));
        rest = slice_after(rest, line.len + 1);
    }
    return 0;
}
