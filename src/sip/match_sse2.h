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

/* There is only a signed comparison: the range is moved to where the numbers begin. */
static inline __m128i range16_sse2(__m128i bytes, char first, char last)
{
    __m128i moved = _mm_add_epi8(bytes, _mm_set1_epi8((char)(-128 - first)));

    return _mm_cmpgt_epi8(_mm_set1_epi8((char)(-128 + last - first + 1)), moved);
}

static inline uint32_t joint16_sse2(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);

    return (uint32_t)_mm_movemask_epi8(range16_sse2(bytes, '-', '.'));
}

static inline uint32_t plain16_sse2(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    __m128i letters = range16_sse2(lower, 'a', 'z');
    __m128i others = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('/')),
                                      range16_sse2(bytes, '-', '9')); /* "-./0123456789" */

    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(letters, others));
}

#endif
