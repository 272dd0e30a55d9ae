/* Answering challenges: RFC 7616 3.4 and its example in 3.9.1. */
#include "sip/credentials.h"

#include "check.h"

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

static struct sip_login mufasa(void)
{
    return (struct sip_login){
        .username = SLICE("Mufasa"),
        .password = SLICE("Circle of Life"),
        .method = SLICE("GET"),
        .uri = SLICE("/dir/index.html"),
        .cnonce = SLICE("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"),
        .nc = 1,
    };
}

static bool answer(const char *challenge_text, const struct sip_login *login, struct buffer *out)
{
    struct sip_challenge challenge;

    assert_true(sip_challenge_parse(slice_of(challenge_text), &challenge));
    return sip_credentials_build(out, new_hasher(), &challenge, login);
}

#define NONCE  "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define OPAQUE "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"

static void the_example_of_rfc7616_comes_out(void **state)
{
    static const struct {
        const char *challenge;
        const char *response;
    } cases[] = {
        {"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, "
         "nonce=\"" NONCE "\", opaque=\"" OPAQUE "\"",
         "8ca523f5e9506fed4657c9700eebdbec"                                },
        {"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, "
         "nonce=\"" NONCE "\", opaque=\"" OPAQUE "\"",
         "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
    };
    const struct sip_login login = mufasa();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[1024];
        struct buffer out = buffer_over(text, sizeof(text));
        struct sip_credentials credentials;

        assert_true(answer(cases[i].challenge, &login, &out));
        assert_true(sip_credentials_parse(buffer_slice(&out), &credentials));
        CHECK_SLICE(credentials.response, cases[i].response);
        CHECK_SLICE(credentials.username, "Mufasa");
        CHECK_SLICE(credentials.realm, "http-auth@example.org");
        CHECK_SLICE(credentials.nonce, NONCE);
        CHECK_SLICE(credentials.opaque, OPAQUE);
        CHECK_SLICE(credentials.uri, "/dir/index.html");
        CHECK_SLICE(credentials.nc_text, "00000001");
        assert_true(slice_equal(credentials.cnonce, login.cnonce));
        assert_int_equal(credentials.qop, SIP_QOP_AUTH);
        assert_false(credentials.is_session);
    }
}

/* RFC 3261 22.4: a server of RFC 2069 offers no qop, and is answered without. */
static void what_was_not_offered_is_not_written(void **state)
{
    static const struct {
        const char *challenge;
        const char *written;
        bool is_written;
    } cases[] = {
        {"Digest realm=\"r\", nonce=\"n\"",                     "nc=",                   false},
        {"Digest realm=\"r\", nonce=\"n\"",                     "qop=",                  false},
        {"Digest realm=\"r\", nonce=\"n\"",                     "cnonce=",               false},
        {"Digest realm=\"r\", nonce=\"n\"",                     "opaque=",               false},
        {"Digest realm=\"r\", nonce=\"n\", opaque=\"\"",        "opaque=\"\"",           true },
        {"Digest realm=\"r\", nonce=\"n\", qop=\"auth\"",       "nc=00c0ffee, cnonce",   true },
        {"Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"",   "qop=auth-int",          true },
        {"Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess", "cnonce=",               true },
        {"Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess", "algorithm=MD5-sess",    true },
        {"Digest realm=\"a \\\"b\\\"\", nonce=\"n\"",           "realm=\"a \\\"b\\\"\"", true },
    };
    struct sip_login login = mufasa();

    (void)state;
    login.nc = 0xc0ffee;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[1024] = "";
        struct buffer out = buffer_over(text, sizeof(text) - 1);

        assert_true(answer(cases[i].challenge, &login, &out));
        CHECK_CASE((strstr(text, cases[i].written) != NULL) == cases[i].is_written,
                   cases[i].challenge);
    }
}

static void what_cannot_be_answered_is_not(void **state)
{
    char text[1024];
    struct buffer out = buffer_over(text, sizeof(text));
    struct sip_login login = mufasa();

    (void)state;
    assert_false(answer("Digest realm=\"r\", nonce=\"n\", algorithm=SHA-3", &login, &out));
    assert_false(answer("Basic realm=\"r\"", &login, &out));
    login.username = SLICE("Mufasa\", realm=\"other");
    assert_false(answer("Digest realm=\"r\", nonce=\"n\"", &login, &out));
    login.username = SLICE("Mufasa\r\nFrom: other");
    assert_false(answer("Digest realm=\"r\", nonce=\"n\"", &login, &out));
    assert_int_equal(out.len, 0);
}

CHECK_MAIN(CHECK_TEST(the_example_of_rfc7616_comes_out),
           CHECK_TEST(what_was_not_offered_is_not_written),
           CHECK_TEST(what_cannot_be_answered_is_not))
