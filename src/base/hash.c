/*
 * SipHash-c-d with d = c + 2 for both of its strengths. Several slices are hashed as one text, in
 * which each begins with its length and ends with zeros, so that it fills words of its own: nothing
 * has to be shifted together, and no two lists make the same text.
 */
#include "base/hash.h"

/* c: the rounds for each word. */
enum { FOR_OURSELVES = 1, FOR_STRANGERS = 2 };

struct state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static inline void mix(struct state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline void eat_word(struct state *s, uint64_t word, int rounds)
{
    s->v3 ^= word;
    for (int i = 0; i < rounds; i++)
        mix(s);
    s->v0 ^= word;
}

static inline uint64_t little_endian_half(const char *bytes)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap32(load_half_word(bytes));
#else
    return load_half_word(bytes);
#endif
}

/*
 * 1 to 7 bytes, without a loop and without a look behind them: of 4 and more two halves that
 * overlap, of less the first, the middle and the last.
 */
static inline uint64_t load_rest(const char *bytes, size_t count)
{
    size_t middle = count / 2, last = count - 1;

    if (count >= 4)
        return little_endian_half(bytes)
               | little_endian_half(bytes + count - 4) << (8 * (count - 4));
    return (uint64_t)(unsigned char)bytes[0]
           | (uint64_t)(unsigned char)bytes[middle] << (8 * middle)
           | (uint64_t)(unsigned char)bytes[last] << (8 * last);
}

static inline struct state start(const struct hash_key *key)
{
    return (struct state){
        .v0 = key->k0 ^ 0x736f6d6570736575U,
        .v1 = key->k1 ^ 0x646f72616e646f6dU,
        .v2 = key->k0 ^ 0x6c7967656e657261U,
        .v3 = key->k1 ^ 0x7465646279746573U,
    };
}

static inline uint64_t squeeze(struct state *s, int rounds)
{
    for (int i = 0; i < rounds + 2; i++)
        mix(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static inline uint64_t finish(struct state *s, uint64_t last_word, int rounds)
{
    eat_word(s, last_word, rounds);
    s->v2 ^= 0xff;
    return squeeze(s, rounds);
}

/* The same of the end of a text, 1 to 7 bytes: where it has a whole word, out of that. */
static inline uint64_t load_end(struct slice text, size_t count)
{
    if (text.len >= 8)
        return little_endian_word(slice_end(text) - 8) >> (64 - 8 * count);
    return load_rest(slice_end(text) - count, count);
}

/* Its last word has the rest of the bytes and, in the highest byte, how many there were in all. */
static inline uint64_t hash(const struct hash_key *key, struct slice bytes, int rounds)
{
    struct state s = start(key);
    const char *at = bytes.ptr;
    size_t left = bytes.len;

    for (; left >= 8; left -= 8, at += 8)
        eat_word(&s, little_endian_word(at), rounds);
    uint64_t rest = left > 0 ? load_end(bytes, left) : 0;
    return finish(&s, rest | (uint64_t)bytes.len << 56, rounds);
}

uint64_t hash_bytes(const struct hash_key *key, struct slice bytes)
{
    return hash(key, bytes, FOR_STRANGERS);
}

uint64_t hash_place(const struct hash_key *key, struct slice bytes)
{
    return hash(key, bytes, FOR_OURSELVES);
}

/* The first word has the length and the first four bytes. Returns the number of words. */
static inline size_t eat_slice(struct state *s, struct slice bytes, int rounds)
{
    uint64_t first = (uint32_t)bytes.len;
    const char *at = bytes.ptr;
    size_t left = bytes.len, words = 1;

    if (left < 4) {
        eat_word(s, left > 0 ? first | load_rest(at, left) << 32 : first, rounds);
        return words;
    }
    eat_word(s, first | little_endian_half(at) << 32, rounds);
    for (at += 4, left -= 4; left >= 8; left -= 8, at += 8, words++)
        eat_word(s, little_endian_word(at), rounds);
    if (left > 0) {
        eat_word(s, load_end(bytes, left), rounds);
        words++;
    }
    return words;
}

/* Returns the last word, which is left to be hashed: whole words make no rest. */
static inline uint64_t eat_slices(struct state *s, const struct slice *slices, size_t count,
                                  int rounds)
{
    size_t words = 0;

    for (size_t i = 0; i < count; i++)
        words += eat_slice(s, slices[i], rounds);
    return (uint64_t)(8 * words) << 56;
}

uint64_t hash_slices(const struct hash_key *key, const struct slice *slices, size_t count)
{
    struct state s = start(key);
    uint64_t last_word = eat_slices(&s, slices, count, FOR_STRANGERS);

    return finish(&s, last_word, FOR_STRANGERS);
}

/* The 128 bits of the reference implementation. */
struct hash_wide hash_slices_wide(const struct hash_key *key, const struct slice *slices,
                                  size_t count)
{
    struct state s = start(key);
    struct hash_wide wide;

    s.v1 ^= 0xee;
    eat_word(&s, eat_slices(&s, slices, count, FOR_OURSELVES), FOR_OURSELVES);
    s.v2 ^= 0xee;
    wide.low = squeeze(&s, FOR_OURSELVES);
    s.v1 ^= 0xdd;
    wide.high = squeeze(&s, FOR_OURSELVES);
    return wide;
}
