/* match_portable.h by SSE2, which every x86-64 has. */
#ifndef TCHIN_SIP_MATCH_SSE2_H
#define TCHIN_SIP_MATCH_SSE2_H

#include <emmintrin.h>
#include <stdint.h>

static inline uint32_t match16_sse2(const char *at, char byte)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);

    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte)));
}

static inline uint32_t equal16_sse2(const char *a, const char *b)
{
    __m128i left = _mm_loadu_si128((const __m128i *)a);
    __m128i right = _mm_loadu_si128((const __m128i *)b);

    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(left, right));
}

static inline uint32_t special16_sse2(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(' ' - 1)), bytes);
    __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                 _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    __m128i deletes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\x7f'));

    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(controls, deletes), marks));
}

#endif
