/*
 * SipHash against its reference values: key 00 01 .. 0f, input 00 01 .. of each length. Those of
 * SipHash-1-3, of which the reference implementation has none, were made by another program.
 */
#include "check.h"

#include "base/buffer.h"
#include "base/hash.h"

static const struct hash_key reference_key = {0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

static void gives_the_reference_values(void **state)
{
    static const struct {
        size_t len;
        uint64_t hash;
    } cases[] = {
        {0,  0x726fdb47dd0e0e31U},
        {1,  0x74f839c593dc67fdU},
        {2,  0x0d6c8009d9a94f5aU},
        {3,  0x85676696d7fb7e2dU},
        {4,  0xcf2794e0277187b7U},
        {5,  0x18765564cd99a68dU},
        {6,  0xcbc9466e58fee3ceU},
        {7,  0xab0200f58b01d137U},
        {8,  0x93f5f5799a932462U},
        {9,  0x9e0082df0ba9e4b0U},
        {10, 0x7a5dbbc594ddb9f3U},
        {11, 0xf4b32f46226bada7U},
        {12, 0x751e8fbc860ee5fbU},
        {13, 0x14ea5627c0843d90U},
        {14, 0xf723ca908e7af2eeU},
        {15, 0xa129ca6149be45e5U},
        {16, 0x3f2acc7f57c29bdbU},
        {31, 0x32d892fad841c342U},
        {63, 0x958a324ceb064572U},
    };
    char input[64];

    (void)state;
    for (size_t i = 0; i < sizeof(input); i++)
        input[i] = (char)i;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t hash = hash_bytes(&reference_key, (struct slice){input, cases[i].len});
        assert_true(hash == cases[i].hash);
    }
}

static void the_key_counts(void **state)
{
    const struct hash_key other = {reference_key.k0, reference_key.k1 ^ 1};

    (void)state;
    assert_true(hash_bytes(&reference_key, SLICE("a")) != hash_bytes(&other, SLICE("a")));
}

static uint64_t hash_pair(const char *a, const char *b)
{
    const struct slice slices[] = {slice_of(a), slice_of(b)};

    return hash_slices(&reference_key, slices, ARRAY_LEN(slices));
}

static void where_slices_end_counts(void **state)
{
    (void)state;
    assert_true(hash_pair("ab", "c") == hash_pair("ab", "c"));
    assert_true(hash_pair("ab", "c") != hash_pair("a", "bc"));
    assert_true(hash_pair("abc", "") != hash_pair("", "abc"));
    assert_true(hash_slices(&reference_key, NULL, 0) == hash_bytes(&reference_key, SLICE_NONE));
}

static void gives_the_values_of_fewer_rounds(void **state)
{
    static const struct {
        size_t len;
        uint64_t hash;
    } cases[] = {
        {0,  0xabac0158050fc4dcU},
        {1,  0xc9f49bf37d57ca93U},
        {7,  0xd3927d989bb11140U},
        {8,  0x369095118d299a8eU},
        {9,  0x25a48eb36c063de4U},
        {15, 0xd320d86d2a519956U},
        {16, 0xcc4fdd1a7d908b66U},
        {63, 0x9d199062b7bbb3a8U},
    };
    char input[64];

    (void)state;
    for (size_t i = 0; i < sizeof(input); i++)
        input[i] = (char)i;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t hash = hash_place(&reference_key, (struct slice){input, cases[i].len});
        assert_true(hash == cases[i].hash);
    }
}

/* Of a slice its length is hashed, in four bytes, then itself, then zeros until a word is full. */
static void slices_are_hashed_as_their_bytes(void **state)
{
    char text[40], all[100];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(200 - i);
    for (size_t a = 0; a <= 18; a++) {
        for (size_t b = 0; b <= 18; b++) {
            const struct slice slices[] = {
                {text,     a},
                {text + a, b}
            };
            struct buffer bytes = buffer_over(all, sizeof(all));
            for (size_t i = 0; i < 2; i++) {
                const char len[4] = {(char)slices[i].len};
                buffer_add(&bytes, (struct slice){len, sizeof(len)});
                buffer_add(&bytes, slices[i]);
                while (bytes.len % 8 != 0)
                    buffer_add_char(&bytes, 0);
            }
            assert_true(hash_slices(&reference_key, slices, 2)
                        == hash_bytes(&reference_key, buffer_slice(&bytes)));
        }
    }
}

/* SipHash-1-3 as the reference implementation makes 128 bits of it. */
static void the_wide_hash_is_that_of_the_reference(void **state)
{
    const struct slice ab_c[] = {SLICE("ab"), SLICE("c")}, a_bc[] = {SLICE("a"), SLICE("bc")};
    const struct slice ab_c_to_i[] = {SLICE("ab"), SLICE("cdefghi")};

    (void)state;
    struct hash_wide hash = hash_slices_wide(&reference_key, NULL, 0);
    assert_true(hash.low == 0xbea58827b2bc7ee7U && hash.high == 0x013030dd6adb62fdU);
    hash = hash_slices_wide(&reference_key, ab_c_to_i, 2);
    assert_true(hash.low == 0xa32cf4779657241dU && hash.high == 0x6c4b4f24e274bb93U);
    hash = hash_slices_wide(&reference_key, ab_c, 2);
    struct hash_wide other = hash_slices_wide(&reference_key, a_bc, 2);
    assert_true(hash.low != other.low && hash.high != other.high && hash.low != hash.high);
}

CHECK_MAIN(CHECK_TEST(gives_the_reference_values), CHECK_TEST(gives_the_values_of_fewer_rounds),
           CHECK_TEST(the_key_counts), CHECK_TEST(where_slices_end_counts),
           CHECK_TEST(slices_are_hashed_as_their_bytes),
           CHECK_TEST(the_wide_hash_is_that_of_the_reference))
