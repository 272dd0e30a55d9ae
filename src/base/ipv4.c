/* Read digit by digit: it is asked of every host, and most begin like none. */
#include "base/ipv4.h"

/* 1*3DIGIT below 256; of what begins with a zero, that is all. NULL: not that. */
static const char *read_octet(const char *at, const char *end, uint8_t *out)
{
    if (at == end || !ascii_is_digit(*at))
        return NULL;
    unsigned value = (unsigned)(*at++ - '0');
    while (value > 0 && value <= UINT8_MAX && at < end && ascii_is_digit(*at))
        value = 10 * value + (unsigned)(*at++ - '0');
    *out = (uint8_t)value;
    return value <= UINT8_MAX ? at : NULL;
}

bool ipv4_parse(struct slice text, uint8_t out[IPV4_BYTES])
{
    const char *end = slice_end(text);
    const char *at = read_octet(text.ptr, end, &out[0]);

    for (int i = 1; at != NULL && i < IPV4_BYTES; i++)
        at = at < end && *at == '.' ? read_octet(at + 1, end, &out[i]) : NULL;
    return at != NULL && at == end;
}
