/* Four characters for three bytes; of the last group as many as its bytes need. */
#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The value of each digit, plus 1. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

enum { BYTES = 3, DIGITS = 4 }; /* of a group */

static inline uint32_t byte_at(const char *bytes, size_t i)
{
    return (unsigned char)bytes[i];
}

static inline void write_group(const char *bytes, char *out)
{
    uint32_t group = byte_at(bytes, 0) << 16 | byte_at(bytes, 1) << 8 | byte_at(bytes, 2);

    out[0] = digits[group >> 18];
    out[1] = digits[group >> 12 & 63];
    out[2] = digits[group >> 6 & 63];
    out[3] = digits[group & 63];
}

static inline bool read_group(const char *text, char *out)
{
    uint32_t a = values[byte_at(text, 0)] - 1U, b = values[byte_at(text, 1)] - 1U;
    uint32_t c = values[byte_at(text, 2)] - 1U, d = values[byte_at(text, 3)] - 1U;

    if ((a | b | c | d) > 63) /* what is no digit is worth more than all */
        return false;
    uint32_t group = a << 18 | b << 12 | c << 6 | d;
    out[0] = (char)(group >> 16);
    out[1] = (char)(group >> 8);
    out[2] = (char)group;
    return true;
}

/* Of 1 or 2 bytes, as if zeros followed. */
static void write_rest(const char *bytes, size_t count, char *out)
{
    char padded[BYTES] = {0}, group[DIGITS];

    memcpy(padded, bytes, count);
    write_group(padded, group);
    memcpy(out, group, count + 1);
}

/* The bits that no byte takes are zero: so there is one text for some bytes, and no other. */
static bool read_rest(const char *text, size_t count, char *out)
{
    char padded[DIGITS] = {'A', 'A', 'A', 'A'}, group[BYTES]; /* A is 0 */

    memcpy(padded, text, count);
    if (!read_group(padded, group) || group[count - 1] != 0)
        return false;
    memcpy(out, group, count - 1);
    return true;
}

void base64_write(struct slice bytes, struct buffer *out)
{
    size_t rest = bytes.len % BYTES;
    const char *at = bytes.ptr;
    char *room = buffer_take(out, bytes.len / BYTES * DIGITS + (rest > 0 ? rest + 1 : 0));

    if (room == NULL)
        return;
    for (size_t left = bytes.len / BYTES; left > 0; left--, at += BYTES, room += DIGITS)
        write_group(at, room);
    if (rest > 0)
        write_rest(at, rest, room);
}

bool base64_read(struct slice text, struct buffer *out)
{
    size_t rest = text.len % DIGITS;
    const char *at = text.ptr;
    char *room = buffer_take(out, text.len / DIGITS * BYTES + (rest > 0 ? rest - 1 : 0));

    if (room == NULL || rest == 1)
        return false;
    for (size_t left = text.len / DIGITS; left > 0; left--, at += DIGITS, room += BYTES) {
        if (!read_group(at, room))
            return false;
    }
    return rest == 0 || read_rest(at, rest, room);
}

void base64_write_number(uint64_t number, char *out, size_t count)
{
    for (; count > 0; number >>= 6)
        out[--count] = digits[number & 63];
}

bool base64_read_number(struct slice text, uint64_t *out)
{
    uint64_t number = 0;
    uint32_t all = 0; /* more than six bits, if one of them is no digit */

    if (text.len > BASE64_NUMBER_DIGITS)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t value = values[byte_at(text.ptr, i)] - 1U;
        number = number << 6 | value;
        all |= value;
    }
    if (all > 63)
        return false;
    *out = number;
    return true;
}
