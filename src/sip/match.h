/*
 * Finding one byte in many: 16 at a time where the machine can, and in blocks of 64 the line ends
 * of a whole message.
 */
#ifndef TCHIN_SIP_MATCH_H
#define TCHIN_SIP_MATCH_H

#include "base/slice.h"

#ifdef __SSE2__
#include "sip/match_sse2.h"
#define match16   match16_sse2
#define equal16   equal16_sse2
#define special16 special16_sse2
#define joint16   joint16_sse2
#define plain16   plain16_sse2
#else
#include "sip/match_portable.h"
#define match16   match16_portable
#define equal16   equal16_portable
#define special16 special16_portable
#define joint16   joint16_portable
#define plain16   plain16_portable
#endif

/* Where in a text a byte occurs, from the first on. */
struct matches {
    const char *block; /* the 64 bytes that `found` speaks of */
    const char *end;
    const char *start;
    uint64_t found; /* those not given yet: bit 0 is the first of the block */
    char byte;
};

static inline uint64_t match64(const char *at, char byte)
{
    return match16(at, byte) | (uint64_t)match16(at + 16, byte) << 16
           | (uint64_t)match16(at + 32, byte) << 32 | (uint64_t)match16(at + 48, byte) << 48;
}

/* In what is left, when that is less than a block: nothing behind the end is looked at. */
static inline uint64_t match_rest(const struct matches *m)
{
    size_t left = (size_t)(m->end - m->block);
    uint64_t found = 0;

    if (m->end - m->start >= 64)
        return left > 0 ? match64(m->end - 64, m->byte) >> (64 - left) : 0;
    for (size_t i = 0; i < left; i++)
        found |= (uint64_t)(m->block[i] == m->byte) << i;
    return found;
}

static inline uint64_t match_block(const struct matches *m)
{
    return m->end - m->block >= 64 ? match64(m->block, m->byte) : match_rest(m);
}

static inline struct matches matches_in(const char *start, const char *end, char byte)
{
    struct matches m = {.block = start, .end = end, .start = start, .byte = byte};

    m.found = match_block(&m);
    return m;
}

/* NULL: there are no more. */
static inline const char *next_match(struct matches *m)
{
    while (m->found == 0) {
        if (m->end - m->block <= 64)
            return NULL;
        m->block += 64;
        m->found = match_block(m);
    }
    const char *at = m->block + __builtin_ctzll(m->found);
    m->found &= m->found - 1;
    return at;
}

#endif
