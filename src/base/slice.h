/*
 * A piece of text or of bytes that belongs to somebody else: a pointer and a length, no NUL at
 * the end. It is valid as long as the memory it points into.
 */
#ifndef TCHIN_BASE_SLICE_H
#define TCHIN_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"

struct slice {
    const char *ptr;
    size_t len;
};

/* SLICE("a literal") is a constant; SLICE_ARGS(s) fills a "%.*s". */
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
#define SLICE_ARGS(s)  (int)(s).len, (s).ptr
#define SLICE_NONE     ((struct slice){NULL, 0})

static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static inline struct slice slice_between(const char *from, const char *end)
{
    return (struct slice){from, (size_t)(end - from)};
}

/* NULL for a slice of nothing: to add even 0 to NULL is undefined in C. */
static inline const char *slice_end(struct slice s)
{
    return s.len > 0 ? s.ptr + s.len : s.ptr;
}

/* All but the first `count` bytes; nothing, if there are not that many. */
static inline struct slice slice_after(struct slice s, size_t count)
{
    return count < s.len ? (struct slice){s.ptr + count, s.len - count}
                         : (struct slice){slice_end(s), 0};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Equal but for the case of ASCII letters. No locale has a say in it. */
bool slice_equal_nocase(struct slice a, struct slice b);

bool slice_starts_with(struct slice s, struct slice start);

/* Where `byte` first occurs in `s`; s.len if it does not. */
size_t slice_find(struct slice s, char byte);

/* Without spaces, tabs, CRs and LFs at both ends. */
struct slice slice_trim(struct slice s);

/* 1*DIGIT not above `max`; leading zeros count for nothing. False: not that, `out` untouched. */
bool slice_to_u32(struct slice digits, uint32_t max, uint32_t *out);
bool slice_to_u64(struct slice digits, uint64_t max, uint64_t *out);

/* Like slice_equal, in a time that depends on the lengths alone: for secrets. */
bool slice_equal_secret(struct slice a, struct slice b);

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 0 to 15; -1: not a hexadecimal digit */
static inline int ascii_hex_value(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
