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

static inline uint64_t load_word(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return word;
}

/* The first byte is the lowest, on every machine. */
static inline uint64_t little_endian_word(const char *at)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(load_word(at));
#else
    return load_word(at);
#endif
}

static inline uint32_t load_half_word(const char *at)
{
    uint32_t half;

    memcpy(&half, at, sizeof(half));
    return half;
}

/* That few bytes are equal, as in names, is seen sooner than memcmp is called. */
static inline bool bytes_equal(const char *a, const char *b, size_t len)
{
    if (len > 16)
        return memcmp(a, b, len) == 0;
    if (len >= 8) /* the first word and the last, which may overlap */
        return load_word(a) == load_word(b) && load_word(a + len - 8) == load_word(b + len - 8);
    if (len >= 4)
        return load_half_word(a) == load_half_word(b)
               && load_half_word(a + len - 4) == load_half_word(b + len - 4);
    return len == 0 || (a[0] == b[0] && a[len / 2] == b[len / 2] && a[len - 1] == b[len - 1]);
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && bytes_equal(a.ptr, b.ptr, b.len);
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool bytes_equal_nocase(const char *a, const char *b, size_t len);

/*
 * Equal but for the case of ASCII letters. No locale has a say in it. Mostly the case is the same,
 * too, or the first letter already tells.
 */
static inline bool slice_equal_nocase(struct slice a, struct slice b)
{
    return a.len == b.len
           && (bytes_equal(a.ptr, b.ptr, b.len)
               || (ascii_lower(a.ptr[0]) == ascii_lower(b.ptr[0])
                   && bytes_equal_nocase(a.ptr, b.ptr, b.len)));
}

static inline bool slice_starts_with(struct slice s, struct slice start)
{
    return s.len >= start.len && bytes_equal(s.ptr, start.ptr, start.len);
}

/* Where `byte` first occurs in `s`; s.len if it does not. */
static inline size_t slice_find(struct slice s, char byte)
{
    const char *at = s.len > 0 ? memchr(s.ptr, byte, s.len) : NULL;

    return at != NULL ? (size_t)(at - s.ptr) : s.len;
}

struct slice slice_trim_blanks(struct slice s);

/* Without spaces, tabs, CRs and LFs at both ends; mostly there are none. */
static inline struct slice slice_trim(struct slice s)
{
    if (s.len > 0 && (unsigned char)s.ptr[0] > ' ' && (unsigned char)s.ptr[s.len - 1] > ' ')
        return s;
    return slice_trim_blanks(s);
}

/* 1*DIGIT not above `max`; leading zeros count for nothing. False: not that, `out` untouched. */
bool slice_to_u32(struct slice digits, uint32_t max, uint32_t *out);
bool slice_to_u64(struct slice digits, uint64_t max, uint64_t *out);

/* Like slice_equal, in a time that depends on the lengths alone: for secrets. */
bool slice_equal_secret(struct slice a, struct slice b);

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
