/* Comparing and cutting slices, and reading numbers out of them. */
#include "base/slice.h"

bool bytes_equal_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (ascii_lower(a[i]) != ascii_lower(b[i]))
            return false;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim_blanks(struct slice s)
{
    const char *at = s.ptr, *end = slice_end(s);

    while (at < end && is_blank(*at))
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    return slice_between(at, end);
}

bool slice_to_u64(struct slice digits, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (digits.len == 0)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (!ascii_is_digit(digits.ptr[i]))
            return false;
        uint64_t digit = (uint64_t)(digits.ptr[i] - '0');
        if (__builtin_mul_overflow(value, 10, &value)
            || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}

bool slice_to_u32(struct slice digits, uint32_t max, uint32_t *out)
{
    uint64_t value;

    if (!slice_to_u64(digits, max, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

bool slice_equal_secret(struct slice a, struct slice b)
{
    uint64_t differing = 0;
    size_t at = 0;

    if (a.len != b.len)
        return false;
    for (; a.len - at >= sizeof(differing); at += sizeof(differing))
        differing |= load_word(a.ptr + at) ^ load_word(b.ptr + at);
    for (; at < a.len; at++)
        differing |= (unsigned char)(a.ptr[at] ^ b.ptr[at]);
    return differing == 0;
}
