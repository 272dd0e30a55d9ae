/*
 * Text under construction in memory of a fixed size. What does not fit is left out and
 * `overflowed` stays true from then on, so that one look at the end is enough.
 */
#ifndef TCHIN_BASE_BUFFER_H
#define TCHIN_BASE_BUFFER_H

#include "base/slice.h"

struct buffer {
    char *ptr;
    size_t len;
    size_t max;
    bool overflowed;
};

static inline struct buffer buffer_over(char *memory, size_t max_bytes)
{
    return (struct buffer){.ptr = memory, .max = max_bytes};
}

static inline struct slice buffer_slice(const struct buffer *buffer)
{
    return (struct slice){buffer->ptr, buffer->len};
}

/* Room for `len` bytes, to be filled at once. NULL: they do not fit. */
static inline char *buffer_take(struct buffer *buffer, size_t len)
{
    if (buffer->overflowed || len > buffer->max - buffer->len) {
        buffer->overflowed = true;
        return NULL;
    }
    char *room = buffer->ptr + buffer->len;
    buffer->len += len;
    return room;
}

static inline void buffer_add(struct buffer *buffer, struct slice s)
{
    char *room = buffer_take(buffer, s.len);

    if (room != NULL && s.len > 0)
        memcpy(room, s.ptr, s.len);
}

static inline void buffer_add_char(struct buffer *buffer, char c)
{
    char *room = buffer_take(buffer, 1);

    if (room != NULL)
        *room = c;
}

static inline void buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, slice_of(text));
}

void buffer_add_u64(struct buffer *buffer, uint64_t value); /* in decimal */

/* `count` bytes as lower-case hexadecimal digits, two each. */
void buffer_add_hex(struct buffer *buffer, const void *bytes, size_t count);

void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
