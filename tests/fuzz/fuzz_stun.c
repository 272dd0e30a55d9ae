/* An answer to any bytes is a STUN message that fits, and never grows by more than it may. */
#include <assert.h>

#include "sip/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const unsigned char ip[16] = {0x20, 0x01};
    const struct stun_source source = {ip, len % 2 == 1, 40000};
    char memory[STUN_MAX_ANSWER];
    struct buffer out = buffer_over(memory, sizeof(memory));

    if (!stun_answer((struct slice){(const char *)bytes, len}, &source, &out))
        return 0;
    assert(!out.overflowed && out.len >= 20 && out.len % 4 == 0);
    assert((size_t)((unsigned char)memory[2] << 8 | (unsigned char)memory[3]) == out.len - 20);
    assert(memcmp(memory + 4, bytes + 4, 16) == 0);
    return 0;
}
