/* SipHash-2-4, fed piece by piece so that several slices need no copy. */
#include "base/hash.h"

struct state {
    uint64_t v0, v1, v2, v3;
    uint64_t tail;   /* bytes that do not fill a word yet */
    size_t tail_len; /* 0 to 7 */
    size_t total;
};

static uint64_t rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static void mix(struct state *s)
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

static void eat_word(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    mix(s);
    mix(s);
    s->v0 ^= word;
}

static uint64_t load_little_endian(const char *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static void eat_byte(struct state *s, unsigned char byte)
{
    s->tail |= (uint64_t)byte << (8 * s->tail_len);
    if (++s->tail_len == 8) {
        eat_word(s, s->tail);
        s->tail = 0;
        s->tail_len = 0;
    }
}

static void eat(struct state *s, struct slice bytes)
{
    size_t i = 0;

    s->total += bytes.len;
    while (i < bytes.len && s->tail_len != 0)
        eat_byte(s, (unsigned char)bytes.ptr[i++]);
    for (; bytes.len - i >= 8; i += 8)
        eat_word(s, load_little_endian(bytes.ptr + i));
    while (i < bytes.len)
        eat_byte(s, (unsigned char)bytes.ptr[i++]);
}

static struct state start(const struct hash_key *key)
{
    return (struct state){
        .v0 = key->k0 ^ 0x736f6d6570736575U,
        .v1 = key->k1 ^ 0x646f72616e646f6dU,
        .v2 = key->k0 ^ 0x6c7967656e657261U,
        .v3 = key->k1 ^ 0x7465646279746573U,
    };
}

static uint64_t squeeze(struct state *s)
{
    for (int i = 0; i < 4; i++)
        mix(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static uint64_t finish(struct state *s)
{
    eat_word(s, s->tail | (uint64_t)s->total << 56);
    s->v2 ^= 0xff;
    return squeeze(s);
}

/* SipHash-2-4-128. */
static struct hash_wide finish_wide(struct state *s)
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

static void eat_slices(struct state *s, const struct slice *slices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t len = (uint32_t)slices[i].len;
        eat(s, (struct slice){(const char *)&len, sizeof(len)});
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
