/*
 * Sixteen bytes at once, for machines of every kind: the meaning of match16 and its like, and what
 * the faster ones are tested against. Bit 0 of what they find is the first byte.
 */
#ifndef TCHIN_SIP_MATCH_PORTABLE_H
#define TCHIN_SIP_MATCH_PORTABLE_H

#include <stdint.h>

/* Which of 16 bytes are `byte`. */
static inline uint32_t match16_portable(const char *at, char byte)
{
    uint32_t found = 0;

    for (unsigned i = 0; i < 16; i++)
        found |= (uint32_t)(at[i] == byte) << i;
    return found;
}

/* Which of 16 bytes are the same in both. */
static inline uint32_t equal16_portable(const char *a, const char *b)
{
    uint32_t found = 0;

    for (unsigned i = 0; i < 16; i++)
        found |= (uint32_t)(a[i] == b[i]) << i;
    return found;
}

/* Which of 16 bytes do not simply stand for themselves in a quoted string: "\"", "\\", controls. */
static inline uint32_t special16_portable(const char *at)
{
    uint32_t found = 0;

    for (unsigned i = 0; i < 16; i++)
        found |= (uint32_t)(at[i] == '"' || at[i] == '\\' || (unsigned char)at[i] < ' '
                            || at[i] == '\x7f')
                 << i;
    return found;
}

/* Which of 16 bytes are "-" or "." */
static inline uint32_t joint16_portable(const char *at)
{
    return match16_portable(at, '-') | match16_portable(at, '.');
}

/* Which of 16 bytes are ASCII letters, digits, "-" or "." */
static inline uint32_t plain16_portable(const char *at)
{
    uint32_t found = joint16_portable(at);

    for (unsigned i = 0; i < 16; i++)
        found |= (uint32_t)((at[i] >= 'A' && at[i] <= 'Z') || (at[i] >= 'a' && at[i] <= 'z')
                            || (at[i] >= '0' && at[i] <= '9'))
                 << i;
    return found;
}

#endif
