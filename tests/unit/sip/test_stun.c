/* Binding requests are answered as RFC 8489 says, with the vectors of RFC 5769. */
#include "check.h"

#include "sip/stun.h"

enum { MAX_BYTES = 256 };

#define ID "2112a442b7e7a701bc34d686fa87dfae"

/* RFC 5769 2.1: has PRIORITY (0x0024), which is ICE's and no business of ours */
#define SAMPLE_REQUEST                                                                             \
    "00010058" ID "802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b" \
    "36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004"   \
    "e57a3bcf"
/* RFC 5769 2.4: username, nonce, realm and integrity, as of long-term credentials */
#define SAMPLE_WITH_CREDENTIALS                                                                    \
    "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b900000015" \
    "001c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f726700" \
    "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666"

static const unsigned char ipv4[] = {192, 0, 2, 1};
static const unsigned char ipv6[] = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78,
                                     0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};

/* 32853: as in the responses of RFC 5769 2.2 and 2.3 */
static const struct stun_source from_ipv4 = {ipv4, false, 32853};
static const struct stun_source from_ipv6 = {ipv6, true, 32853};

static struct slice bytes_of(const char *hex, char out[MAX_BYTES])
{
    size_t len = strlen(hex) / 2;

    for (size_t i = 0; i < len; i++)
        out[i] = (char)(ascii_hex_value(hex[2 * i]) << 4 | ascii_hex_value(hex[2 * i + 1]));
    return (struct slice){out, len};
}

/* NULL: there is to be no answer. */
static void check_answer(const char *request, const struct stun_source *source,
                         const char *expected, const char *label)
{
    char memory[MAX_BYTES], hex[2 * STUN_MAX_ANSWER + 1] = "";
    char answer_memory[STUN_MAX_ANSWER];
    struct buffer answer = buffer_over(answer_memory, sizeof(answer_memory));
    struct buffer text = buffer_over(hex, sizeof(hex) - 1);

    bool is_answered = stun_answer(bytes_of(request, memory), source, &answer);
    CHECK_CASE(is_answered == (expected != NULL), label);
    if (!is_answered)
        return;
    buffer_add_hex(&text, answer.ptr, answer.len);
    if (!slice_equal(buffer_slice(&text), slice_of(expected)))
        print_error("%s: %s\n", label, hex);
    CHECK_CASE(slice_equal(buffer_slice(&text), slice_of(expected)), label);
}

static void a_request_is_told_where_it_came_from(void **state)
{
    (void)state;
    check_answer("00010000" ID, &from_ipv4, "0101000c" ID "002000080001a147e112a643",
                 "the mapped address of RFC 5769 2.2");
    check_answer("00010000" ID, &from_ipv6,
                 "01010018" ID "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9",
                 "the mapped address of RFC 5769 2.3");
    check_answer(SAMPLE_WITH_CREDENTIALS, &from_ipv4,
                 "0101000c2112a44278ad3433c6ad72c029da412e002000080001a147e112a643",
                 "credentials that nobody asked for");
    check_answer("00010008" ID "8022000361626300", &from_ipv4,
                 "0101000c" ID "002000080001a147e112a643", "padding behind SOFTWARE");
}

static void what_has_to_be_understood_and_is_not_gets_420(void **state)
{
    (void)state;
    check_answer("00010008" ID "00240004"
                 "6e0001ff",
                 &from_ipv4,
                 "01110024" ID "0009001500000414556e6b6e6f776e20417474726962757465000000"
                 "000a000200240000",
                 "PRIORITY");
    check_answer("00010008" ID "00030000"
                 "00240000",
                 &from_ipv4,
                 "01110024" ID "0009001500000414556e6b6e6f776e20417474726962757465000000"
                 "000a000400030024",
                 "two of them");
}

/* A fingerprint is asked for by giving one: it ends the answer, too. */
static void a_fingerprint_is_checked_and_returned(void **state)
{
    char memory[MAX_BYTES], answer_memory[STUN_MAX_ANSWER];
    struct slice sample = bytes_of(SAMPLE_REQUEST, memory);
    struct buffer answer = buffer_over(answer_memory, sizeof(answer_memory));

    (void)state;
    assert_true(stun_answer(sample, &from_ipv4, &answer));
    assert_memory_equal(answer.ptr, "\x01\x11\x00\x2c", 4);
    assert_memory_equal(answer.ptr + answer.len - 8, "\x80\x28\x00\x04", 4);

    memory[sample.len - 1] ^= 1;
    answer.len = 0;
    assert_false(stun_answer(sample, &from_ipv4, &answer));
    memory[sample.len - 1] ^= 1;
    memory[30] ^= 1;
    assert_false(stun_answer(sample, &from_ipv4, &answer));
}

static void what_is_no_sound_binding_request_gets_no_answer(void **state)
{
    static const struct {
        const char *hex;
        const char *label;
    } cases[] = {
        {"",                                          "nothing"                       },
        {"00",                                        "one byte"                      },
        {"00010000"
         "2112a442b7e7a701bc34d686fa87df",   "a byte less than a header"     },
        {"00010000"
         "2112a443b7e7a701bc34d686fa87dfae", "another cookie: RFC 3489"      },
        {"00110000" ID,                               "an indication"                 },
        {"01010000" ID,                               "a response"                    },
        {"00030000" ID,                               "another method: Allocate"      },
        {"00010004" ID,                               "shorter than it says"          },
        {"00010000" ID "80220000",                    "longer than it says"           },
        {"00010004" ID "80220004",                    "an attribute longer than all"  },
        {"00010004" ID "8022ffff",                    "one that is much longer"       },
        {"00010002" ID "8022",                        "half an attribute header"      },
        {"0001000c" ID "8028000412345678"
         "80220000",                         "a fingerprint that is not last"},
        {"00010004" ID "80280000",                    "a fingerprint of nothing"      },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check_answer(cases[i].hex, &from_ipv4, NULL, cases[i].label);
}

/* Random changes of a sound request: the sanitizers look. */
static void no_bytes_do_harm(void **state)
{
    char memory[MAX_BYTES], answer_memory[STUN_MAX_ANSWER];
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct slice sample = bytes_of(SAMPLE_REQUEST, memory);
        struct buffer answer = buffer_over(answer_memory, sizeof(answer_memory));
        for (int i = 0; i < 4; i++) {
            seed = seed * 1103515245U + 12345U;
            memory[20 + (seed >> 16) % (sample.len - 20)] = (char)(seed >> 8);
        }
        if (stun_answer(sample, &from_ipv6, &answer))
            assert_false(answer.overflowed);
    }
}

CHECK_MAIN(CHECK_TEST(a_request_is_told_where_it_came_from),
           CHECK_TEST(what_has_to_be_understood_and_is_not_gets_420),
           CHECK_TEST(a_fingerprint_is_checked_and_returned),
           CHECK_TEST(what_is_no_sound_binding_request_gets_no_answer),
           CHECK_TEST(no_bytes_do_harm))
