/* Writing into a fixed piece of memory, never past its end. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_DIGITS = 20 };

void buffer_add_u64(struct buffer *buffer, uint64_t value)
{
    size_t count = 1;

    for (uint64_t limit = 10; value >= limit && count < MAX_DIGITS; limit *= 10)
        count++;
    char *room = buffer_take(buffer, count);
    if (room == NULL)
        return;
    for (; count > 0; value /= 10)
        room[--count] = (char)('0' + value % 10);
}

#define HEX_ROW(h)                                                                                 \
    h "0" h "1" h "2" h "3" h "4" h "5" h "6" h "7" h "8" h "9" h "a" h "b" h "c" h "d" h "e" h "f"

/* The two digits of each byte, 00 to ff. */
static const char hex_pairs[] = HEX_ROW("0") HEX_ROW("1") HEX_ROW("2") HEX_ROW("3") HEX_ROW("4")
    HEX_ROW("5") HEX_ROW("6") HEX_ROW("7") HEX_ROW("8") HEX_ROW("9") HEX_ROW("a") HEX_ROW("b")
        HEX_ROW("c") HEX_ROW("d") HEX_ROW("e") HEX_ROW("f");

static inline void write_pair(unsigned char byte, char *room)
{
    memcpy(room, hex_pairs + 2 * byte, 2);
}

/* Four at a time: it is hashes that are written so. */
void buffer_add_hex(struct buffer *buffer, const void *bytes, size_t count)
{
    const unsigned char *byte = bytes;
    char *room = buffer_take(buffer, 2 * count);

    if (room == NULL)
        return;
    for (; count >= 4; count -= 4, byte += 4, room += 8) {
        write_pair(byte[0], room);
        write_pair(byte[1], room + 2);
        write_pair(byte[2], room + 4);
        write_pair(byte[3], room + 6);
    }
    for (; count > 0; count--, byte++, room += 2)
        write_pair(*byte, room);
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
