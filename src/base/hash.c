/* SipHash-2-4, fed piece by piece so that several slices need no copy. */
#include "base/hash.h"

struct state {
    uint64_t v0, v1, v2, v3;
    uint64_t tail;   /* bytes that do not fill a word yet */
    size_t tail_len; /* 0 to 7 */
    size_t total;
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

static inline void eat_word(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    mix(s);
    mix(s);
    s->v0 ^= word;
}

static inline uint64_t little_endian_word(const char *bytes)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(load_word(bytes));
#else
    return load_word(bytes);
#endif
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

/* `count` bytes, 1 to 8 of them, behind those that wait for their word to be full. */
static inline void eat_some(struct state *s, uint64_t bytes, size_t count)
{
    size_t free_bytes = 8 - s->tail_len;

    s->tail |= bytes << (8 * s->tail_len);
    if (count < free_bytes) {
        s->tail_len += count;
        return;
    }
    eat_word(s, s->tail);
    s->tail = free_bytes < 8 ? bytes >> (8 * free_bytes) : 0;
    s->tail_len = count - free_bytes;
}

static inline void eat(struct state *s, struct slice bytes)
{
    const char *at = bytes.ptr;
    size_t left = bytes.len;

    s->total += left;
    for (; left >= 8; left -= 8, at += 8)
        eat_some(s, little_endian_word(at), 8);
    if (left > 0)
        eat_some(s, load_rest(at, left), left);
}

/* The same for a number, its lowest byte first. */
static inline void eat_u32(struct state *s, uint32_t number)
{
    s->total += sizeof(number);
    eat_some(s, number, sizeof(number));
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

static inline uint64_t squeeze(struct state *s)
{
    for (int i = 0; i < 4; i++)
        mix(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static inline uint64_t finish(struct state *s)
{
    eat_word(s, s->tail | (uint64_t)s->total << 56);
    s->v2 ^= 0xff;
    return squeeze(s);
}

/* SipHash-2-4-128. */
static inline struct hash_wide finish_wide(struct state *s)
{
    struct hash_wide hash;

    eat_word(s, s->tail | (uint64_t)s->total << 56);
    s->v2 ^= 0xee;
    hash.low = squeeze(s);
    s->v1 ^= 0xdd;
    hash.high = squeeze(s);
    return hash;
}

uint64_t hash_bytes(const struct hash_key *key, struct slice bytes)
{
    struct state s = start(key);

    eat(&s, bytes);
    return finish(&s);
}

static inline void eat_slices(struct state *s, const struct slice *slices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        eat_u32(s, (uint32_t)slices[i].len);
        eat(s, slices[i]);
    }
}

uint64_t hash_slices(const struct hash_key *key, const struct slice *slices, size_t count)
{
    struct state s = start(key);

    eat_slices(&s, slices, count);
    return finish(&s);
}

struct hash_wide hash_slices_wide(const struct hash_key *key, const struct slice *slices,
                                  size_t count)
{
    struct state s = start(key);

    s.v1 ^= 0xee;
    eat_slices(&s, slices, count);
    return finish_wide(&s);
}
