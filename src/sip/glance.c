/* Which bytes of a text are marks. */
#include "sip/glance.h"

#include "sip/match.h"

uint64_t sip_glance_marks(const char *at, const char *end)
{
    const char *from = end - at < 16 ? end - 16 : at;
    size_t last = end - from < 64 ? (size_t)(end - from) - 16 : 64 - 16;
    uint64_t plain = (uint64_t)plain16(from + last) << last;
    uint64_t joints = (uint64_t)joint16(from + last) << last;

    for (size_t i = 0; i < last; i += 16) { /* what is seen twice is the same both times */
        plain |= (uint64_t)plain16(from + i) << i;
        joints |= (uint64_t)joint16(from + i) << i;
    }
    return (~plain | (joints & joints << 1)) >> (at - from);
}

uint64_t sip_glance_marks_of_few(struct slice text)
{
    char copy[16] = {0};

    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    return sip_glance_marks(copy, copy + sizeof(copy));
}
