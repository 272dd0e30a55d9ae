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

void buffer_add(struct buffer *buffer, struct slice s);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_char(struct buffer *buffer, char c);
void buffer_add_u64(struct buffer *buffer, uint64_t value); /* in decimal */

/* `count` bytes as lower-case hexadecimal digits, two each. */
void buffer_add_hex(struct buffer *buffer, const void *bytes, size_t count);

void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
