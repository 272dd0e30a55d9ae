/* Writing into a fixed piece of memory, never past its end. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

void buffer_add_u64(struct buffer *buffer, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buffer_add(buffer, (struct slice){digits + at, sizeof(digits) - at});
}

void buffer_add_hex(struct buffer *buffer, const void *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *byte = bytes;
    char *room = buffer_take(buffer, 2 * count);

    for (size_t i = 0; room != NULL && i < count; i++) {
        room[2 * i] = digits[byte[i] >> 4];
        room[2 * i + 1] = digits[byte[i] & 15];
    }
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(text))
        buffer->overflowed = true;
    else
        buffer_add(buffer, (struct slice){text, (size_t)len});
}
