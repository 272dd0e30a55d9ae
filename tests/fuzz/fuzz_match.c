/*
 * The first byte is looked for in the others: by blocks, by 16 and by one the same is found.
 */
#include <assert.h>

#include "sip/match.h"
#include "sip/match_portable.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;

    char wanted = (char)bytes[0];
    const char *text = (const char *)bytes + 1, *end = (const char *)bytes + len;
    struct matches matches = matches_in(text, end, wanted);

    for (const char *at = text; at < end; at++) {
        if (*at == wanted)
            assert(next_match(&matches) == at);
        if (end - at >= 16) {
            assert(match16(at, wanted) == match16_portable(at, wanted));
            assert(equal16(at, text) == equal16_portable(at, text));
            assert(special16(at) == special16_portable(at));
            assert(plain16(at) == plain16_portable(at));
            assert(joint16(at) == joint16_portable(at));
        }
    }
    assert(next_match(&matches) == NULL);
    return 0;
}
