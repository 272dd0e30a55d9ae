/*
 * Digest against what the documents print: RFC 2617 3.5, RFC 7616 3.9 (SHA-512-256 as erratum 4897
 * corrects it), draft-smith-sipping-auth-examples-01 3; and for the algorithms that no document
 * shows in SIP, against another implementation.
 */
#include "check.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "sip/digest.h"

/* Who asks for what; the vectors of one document share it. */
struct exchange {
    const char *username, *realm, *password, *nonce, *cnonce, *method, *uri;
};

static const struct exchange rfc2617 = {"Mufasa",         "testrealm@host.com",
                                        "Circle Of Life", "dcd98b7102dd2f0e8b11d0f600bfb0c093",
                                        "0a4f113b",       "GET",
                                        "/dir/index.html"};

static const struct exchange rfc7616 = {"Mufasa",
                                        "http-auth@example.org",
                                        "Circle of Life",
                                        "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                                        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                                        "GET",
                                        "/dir/index.html"};

static const struct exchange rfc7616_utf8 = {"J\303\244s\303\270n Doe",
                                             "api@example.org",
                                             "Secret, or not?",
                                             "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
                                             "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
                                             "GET",
                                             "/doe.json"};

static const struct exchange bob = {
    "bob",      "biloxi.com", "zanzibar",          "dcd98b7102dd2f0e8b11d0f600bfb0c093",
    "0a4f113b", "INVITE",     "sip:bob@biloxi.com"};

/* The body of draft-smith-sipping-auth-examples-01, and one that differs in its s= line. */
#define SDP(name)                                                                                  \
    "v=0\r\no=bob 2890844526 2890844526 IN IP4 media.biloxi.com\r\ns=" name "\r\n"                 \
    "c=IN IP4 media.biloxi.com\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"    \
    "m=video 51372 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\nm=video 53000 RTP/AVP 32\r\n"           \
    "a=rtpmap:32 MPV/90000\r\n"

static void free_hasher(void *hasher)
{
    sip_hasher_free(hasher);
}

static struct sip_hasher *new_hasher(void)
{
    struct sip_hasher *hasher = sip_hasher_new();

    CHECK_MADE(hasher);
    check_later(free_hasher, hasher);
    return hasher;
}

static struct slice hex(const struct sip_digest_hex *digest)
{
    return (struct slice){digest->text, digest->len};
}

static void computes_what_the_documents_print(void **state)
{
    static const struct {
        const struct exchange *of;
        const char *algorithm;
        enum sip_digest_qop qop;
        const char *body;
        const char *response;
        const char *label;
    } cases[] = {
        {&rfc2617,      "MD5",              SIP_QOP_AUTH,     "",       "6629fae49393a05397450978507c4ef1", "RFC 2617 3.5"     },
        {&rfc7616,      "MD5",              SIP_QOP_AUTH,     "",       "8ca523f5e9506fed4657c9700eebdbec", "RFC 7616 3.9.1"   },
        {&rfc7616,      "SHA-256",          SIP_QOP_AUTH,     "",
         "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",                                "RFC 7616 3.9.1"   },
        {&rfc7616_utf8, "SHA-512-256",      SIP_QOP_AUTH,     "",
         "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",                                "RFC 7616 3.9.2"   },

        {&bob,          "MD5",              SIP_QOP_NONE,     "",       "bf57e4e0d0bffc0fbaedce64d59add5e", "draft 3.1"        },
        {&bob,          "MD5",              SIP_QOP_AUTH,     "",       "89eb0059246c02b2f6ee02c7961d5ea3", "draft 3.2 and 3.3"},
        {&bob,          "MD5-sess",         SIP_QOP_AUTH,     "",       "e4e4ea61d186d07a92c9e1f6919902e9", "draft 3.4"        },
        {&bob,          "MD5",              SIP_QOP_AUTH_INT, SDP("-"), "bdbeebb2da6adb6bca02599c2239e192", "draft 3.5"        },
        {&bob,          "MD5-sess",         SIP_QOP_AUTH_INT, SDP("-"), "91984da2d8663716e91554859c22ca70",
         "draft 3.6"                                                                                                           },

        {&bob,          "SHA-256",          SIP_QOP_AUTH,     "",
         "b3b5a6c69453abafaab9ae4dccdac90a076b6c80615d5f3498e7433b6e93bf4f",                                "computed"         },
        {&bob,          "SHA-256",          SIP_QOP_AUTH_INT, SDP(""),
         "459a314e438c146de19ff98ad8ce0fa8147428e3fff80cbef4d79ea009ae63bc",                                "computed"         },
        {&bob,          "SHA-512-256",      SIP_QOP_AUTH,     "",
         "7f1a09de0f19af0a1eac2b28d33e3f2fb89cca1ad8fb01bba5e1883b288bac14",                                "computed"         },
        {&bob,          "SHA-512-256",      SIP_QOP_AUTH_INT, SDP(""),
         "d4cdb49c5aae0bf3df292ac838df2e9fc7e36f0ad38492e4cf37fa8ff5bb46be",                                "computed"         },
        {&bob,          "SHA-256-sess",     SIP_QOP_AUTH,     "",
         "5da59c9ca40954be9d5063a15a174066c8251be2c10cf47c144c366dc7daf792",                                "computed"         },
        {&bob,          "SHA-256-sess",     SIP_QOP_AUTH_INT, SDP(""),
         "6ae15003cc90309ecf811a329447c03d756911c415ab26f7b7dba9b24c8f9160",                                "computed"         },
        {&bob,          "SHA-512-256-sess", SIP_QOP_AUTH,     "",
         "077d9677be83f41f162d1a4453dc163389919f81e5927391d972f477da767633",                                "computed"         },
        {&bob,          "SHA-512-256-sess", SIP_QOP_AUTH_INT, SDP(""),
         "069ccd512d35370a893e5ac51842093e8ca8c210fc68e53700d413f4f0a46f97",                                "computed"         },
    };
    struct sip_hasher *hasher = new_hasher();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct exchange *of = cases[i].of;
        struct sip_digest_input input = {
            .qop = cases[i].qop,
            .nonce = slice_of(of->nonce),
            .nc = SLICE("00000001"),
            .cnonce = slice_of(of->cnonce),
            .method = slice_of(of->method),
            .uri = slice_of(of->uri),
            .body = slice_of(cases[i].body),
        };
        unsigned char ha1[32];
        struct sip_digest_hex response;

        input.algorithm =
            sip_digest_algorithm_find(slice_of(cases[i].algorithm), &input.is_session);
        CHECK_CASE(sip_digest_ha1(hasher, input.algorithm, slice_of(of->username),
                                  slice_of(of->realm), slice_of(of->password), ha1),
                   cases[i].label);
        input.ha1 = ha1;
        CHECK_CASE(sip_digest_response(hasher, &input, &response), cases[i].label);
        CHECK_SLICE(hex(&response), cases[i].response);
    }
}

/* What was hashed for one request is kept for the next, if that says the same. */
static void one_hasher_for_all_says_what_one_for_each_would(void **state)
{
    static const struct {
        enum sip_digest_algorithm algorithm;
        const char *method, *uri;
    } cases[] = {
        {SIP_DIGEST_MD5,    "REGISTER",  "sip:example.org"       },
        {SIP_DIGEST_MD5,    "REGISTER",  "sip:example.org"       },
        {SIP_DIGEST_MD5,    "REGISTER",  "sip:example.net"       },
        {SIP_DIGEST_SHA256, "REGISTER",  "sip:example.net"       },
        {SIP_DIGEST_MD5,    "REGISTERs", "ip:example.net"        },
        {SIP_DIGEST_MD5,    "REGISTER",  "sip:example.net"       },
        {SIP_DIGEST_MD5,    "OPTIONS",   "sip:example.net"       },
        {SIP_DIGEST_MD5,    "",          "sip:example.net"       },
        {SIP_DIGEST_MD5,    "",          ""                      },
        {SIP_DIGEST_MD5,    "REGISTER",
         "sip:a-name-that-is-too-long-to-be-kept-for-the-next-time-because-it-has-"
         "more-than-a-hundred-characters-in-one-text@example.org"},
        {SIP_DIGEST_MD5,    "REGISTER",  "sip:example.org"       },
    };
    static const unsigned char ha1[32] = "as good as any";
    struct sip_hasher *hasher = new_hasher();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct sip_digest_input input = {
            .algorithm = cases[i].algorithm,
            .qop = SIP_QOP_AUTH,
            .ha1 = ha1,
            .nonce = SLICE("n"),
            .nc = SLICE("00000001"),
            .cnonce = SLICE("c"),
            .method = slice_of(cases[i].method),
            .uri = slice_of(cases[i].uri),
        };
        struct sip_digest_hex response, fresh;
        assert_true(sip_digest_response(hasher, &input, &response));
        assert_true(sip_digest_response(new_hasher(), &input, &fresh));
        CHECK_CASE(slice_equal(hex(&response), hex(&fresh)), cases[i].uri);
    }
}

static void ha1_is_the_hash_of_name_realm_and_password(void **state)
{
    static const unsigned char expected[] = {0x12, 0xaf, 0x60, 0x46, 0x7a, 0x33, 0xe8, 0x51,
                                             0x8d, 0xa5, 0xc6, 0x8b, 0xbf, 0xf1, 0x2b, 0x11};
    unsigned char ha1[32];
    struct sip_hasher *hasher = new_hasher();

    (void)state;
    assert_true(sip_digest_ha1(hasher, SIP_DIGEST_MD5, SLICE("bob"), SLICE("biloxi.com"),
                               SLICE("zanzibar"), ha1));
    assert_memory_equal(ha1, expected, sizeof(expected));
    assert_false(sip_digest_ha1(hasher, SIP_DIGEST_UNKNOWN, SLICE("bob"), SLICE("biloxi.com"),
                                SLICE("zanzibar"), ha1));
}

/* RFC 7616 3.5: A2 = ":" request-uri; the expected values are MD5 of the strings in the comments */
/* What is short is joined and hashed at once, by other functions for MD5: here OpenSSL's own way.
 */
static void whatever_the_length_it_is_the_same_hash(void **state)
{
    struct sip_hasher *hasher = new_hasher();
    char text[1200];

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t len = 3; len<sizeof(text); len += len> 490 && len < 530 ? 1 : 37) {
        struct slice password = {text, len - 2};
        unsigned char expected[EVP_MAX_MD_SIZE], got[32];
        char whole[1200];
        (void)snprintf(whole, sizeof(whole), "::%.*s", (int)password.len, password.ptr);
        for (int i = 0; i < SIP_DIGEST_ALGORITHM_COUNT; i++) {
            static const char *const names[] = {"MD5", "SHA2-256", "SHA2-512/256"};
            assert_true(EVP_Q_digest(NULL, names[i], NULL, whole, len, expected, NULL) == 1);
            CHECK_MADE(sip_digest_ha1(hasher, (enum sip_digest_algorithm)i, SLICE_NONE, SLICE_NONE,
                                      password, got)
                           ? hasher
                           : NULL);
            assert_memory_equal(got, expected, sip_digest_bytes((enum sip_digest_algorithm)i));
        }
    }
}

static void an_empty_method_gives_rspauth(void **state)
{
    /* MD5("ha1:nonce:00000001:cnonce:auth:" MD5(":sip:b")), with ha1 = 32 zeros */
    static const unsigned char zeros[32] = {0};
    struct sip_digest_input input = {
        .qop = SIP_QOP_AUTH,
        .ha1 = zeros,
        .nonce = SLICE("nonce"),
        .nc = SLICE("00000001"),
        .cnonce = SLICE("cnonce"),
        .uri = SLICE("sip:b"),
    };
    struct sip_digest_hex rspauth;
    struct sip_hasher *hasher = new_hasher();

    (void)state;
    assert_true(sip_digest_response(hasher, &input, &rspauth));
    CHECK_SLICE(hex(&rspauth), "e944c5f3db8313c51d393191d10f07d6");
    input.qop = SIP_QOP_AUTH_INT; /* and MD5(""), RFC 8760 2.6 (7), for the body */
    assert_true(sip_digest_response(hasher, &input, &rspauth));
    CHECK_SLICE(hex(&rspauth), "bcf39147e8a0f6c6f394d01a261a7b9e");
}

static void refuses_what_it_does_not_know(void **state)
{
    static const unsigned char zeros[32] = {0};
    struct sip_digest_input input = {.algorithm = SIP_DIGEST_UNKNOWN, .ha1 = zeros};
    struct sip_digest_hex response;
    struct sip_hasher *hasher = new_hasher();

    (void)state;
    assert_false(sip_digest_response(hasher, &input, &response));
    input.algorithm = SIP_DIGEST_SHA256;
    assert_true(sip_digest_response(hasher, &input, &response));
    input.qop = SIP_QOP_UNKNOWN;
    assert_false(sip_digest_response(hasher, &input, &response));
}

static void knows_algorithms_by_name(void **state)
{
    static const struct {
        const char *name;
        enum sip_digest_algorithm algorithm;
        bool is_session;
        size_t bytes;
    } cases[] = {
        {"MD5",              SIP_DIGEST_MD5,        false, 16},
        {"md5-SESS",         SIP_DIGEST_MD5,        true,  16},
        {"SHA-256",          SIP_DIGEST_SHA256,     false, 32},
        {"sha-512-256-sess", SIP_DIGEST_SHA512_256, true,  32},
        {"SHA-512",          SIP_DIGEST_UNKNOWN,    false, 0 },
        {"SHA-256-",         SIP_DIGEST_UNKNOWN,    false, 0 },
        {"AKAv1-MD5",        SIP_DIGEST_UNKNOWN,    false, 0 },
        {"-sess",            SIP_DIGEST_UNKNOWN,    true,  0 },
        {"",                 SIP_DIGEST_UNKNOWN,    false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool is_session;
        enum sip_digest_algorithm algorithm =
            sip_digest_algorithm_find(slice_of(cases[i].name), &is_session);
        CHECK_CASE(algorithm == cases[i].algorithm, cases[i].name);
        CHECK_CASE(is_session == cases[i].is_session, cases[i].name);
        CHECK_CASE(sip_digest_bytes(algorithm) == cases[i].bytes, cases[i].name);
    }
    CHECK_SLICE(sip_digest_algorithm_name(SIP_DIGEST_SHA512_256), "SHA-512-256");
    assert_int_equal(sip_digest_algorithm_name(SIP_DIGEST_UNKNOWN).len, 0);
}

CHECK_MAIN(CHECK_TEST(computes_what_the_documents_print),
           CHECK_TEST(one_hasher_for_all_says_what_one_for_each_would),
           CHECK_TEST(ha1_is_the_hash_of_name_realm_and_password),
           CHECK_TEST(whatever_the_length_it_is_the_same_hash),
           CHECK_TEST(an_empty_method_gives_rspauth), CHECK_TEST(refuses_what_it_does_not_know),
           CHECK_TEST(knows_algorithms_by_name))
