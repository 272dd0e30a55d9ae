/* Challenges and credentials: RFC 7616 3.3 to 3.5, RFC 3261 25.1, and what phones make of it. */
#include "check.h"

#include <stdio.h>

#include "sip/auth.h"

static void reads_a_challenge(void **state)
{
    struct sip_challenge challenge;

    (void)state;
    assert_true(sip_challenge_parse(
        SLICE("Digest realm=\"atlanta.com\",\r\n domain=\"sip:ss1.carrier.com sip:b,c\", "
              "qop=\"auth,auth-int\",\r\n\tnonce=\"f84f1cec41e6cbe5aea9c8e88d359\",\r\n"
              " opaque=\"\", stale=FALSE, algorithm=SHA-256-sess"),
        &challenge));
    CHECK_SLICE(challenge.scheme, "Digest");
    CHECK_SLICE(challenge.realm, "atlanta.com");
    CHECK_SLICE(challenge.nonce, "f84f1cec41e6cbe5aea9c8e88d359");
    CHECK_SLICE(challenge.domain, "sip:ss1.carrier.com sip:b,c");
    assert_non_null(challenge.opaque.ptr);
    assert_int_equal(challenge.opaque.len, 0);
    assert_int_equal(challenge.algorithm, SIP_DIGEST_SHA256);
    assert_true(challenge.is_session);
    assert_true(challenge.offers_auth);
    assert_true(challenge.offers_auth_int);
    assert_false(challenge.is_stale);
}

static void reads_credentials(void **state)
{
    struct sip_credentials given;

    (void)state;
    assert_true(sip_credentials_parse(
        SLICE("Digest username=\"bob\", realm=\"biloxi.com\",\r\n"
              " nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"sip:bob,x@biloxi.com\",\r\n"
              " qop=auth-int, nc=0000001f, cnonce=\"0a4f113b\",\r\n"
              " response=\"6629fae49393a05397450978507c4ef1\",\r\n"
              " opaque=\"5ccc069c403ebaf9f0171e9517f40e41\", auts=unknown"),
        &given));
    CHECK_SLICE(given.username, "bob");
    CHECK_SLICE(given.realm, "biloxi.com");
    CHECK_SLICE(given.nonce, "dcd98b7102dd2f0e8b11d0f600bfb0c093");
    CHECK_SLICE(given.uri, "sip:bob,x@biloxi.com");
    CHECK_SLICE(given.response, "6629fae49393a05397450978507c4ef1");
    CHECK_SLICE(given.cnonce, "0a4f113b");
    CHECK_SLICE(given.opaque, "5ccc069c403ebaf9f0171e9517f40e41");
    CHECK_SLICE(given.nc_text, "0000001f");
    assert_int_equal(given.nc, 31);
    assert_int_equal(given.qop, SIP_QOP_AUTH_INT);
    assert_int_equal(given.algorithm, SIP_DIGEST_MD5);
    assert_false(given.is_session);
}

static void takes_values_quoted_or_not(void **state)
{
    static const struct {
        const char *value;
        bool is_sha256, is_session;
        enum sip_digest_qop qop;
        uint32_t nc;
    } cases[] = {
        {"Digest algorithm=SHA-256,qop=auth,nc=00000001,cnonce=\"x\"",                            true,  false, SIP_QOP_AUTH,
         1                                                                                                                                  },
        {"digest ALGORITHM=\"sha-256\",QOP=\"auth\",NC=\"00000001\",CNONCE=x",                    true,  false,
         SIP_QOP_AUTH,                                                                                                            1         },
        {"DIGEST\talgorithm = \"SHA-256-SESS\" , qop = Auth-Int , nc = ABCDEF01 , cnonce = \"\"",
         true,                                                                                           true,  SIP_QOP_AUTH_INT, 0xabcdef01},
        {"Digest algorithm=md5",                                                                  false, false, SIP_QOP_NONE,     0         },
        {"Digest nc=00000002",                                                                    false, false, SIP_QOP_NONE,     2         },
        {"Digest qop=other,nc=ffffffff,cnonce=x",                                                 false, false, SIP_QOP_UNKNOWN,  UINT32_MAX},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_credentials given;
        CHECK_CASE(sip_credentials_parse(slice_of(cases[i].value), &given), cases[i].value);
        CHECK_CASE(given.algorithm == (cases[i].is_sha256 ? SIP_DIGEST_SHA256 : SIP_DIGEST_MD5),
                   cases[i].value);
        CHECK_CASE(given.is_session == cases[i].is_session, cases[i].value);
        CHECK_CASE(given.qop == cases[i].qop, cases[i].value);
        CHECK_CASE(given.nc == cases[i].nc, cases[i].value);
    }
}

/* A name with EQUAL right behind it, and text behind that, is seen at a glance. */
static void a_name_is_known_in_any_case_and_place(void **state)
{
    static const char *const forms[] = {
        "%s=\"1\", and-much=\"more behind it\"",   "%s =\"1\", and-much=\"more behind it\"",
        "%s= \"1\", and-much=\"more behind it\"",  "%s\r\n = \"1\", and-much=\"more behind it\"",
        "and-much=\"before it\",%s=\"1\"",         "and-much=\"before it\" , %s = \"1\" ",
        "x%s=\"2\",%s=\"1\",%sx=\"3\",x-%s=\"4\"", ",,%s=1,,other==no",
    };
    static const char *const names[] = {"nextnonce", "NEXTNONCE", "NextNonce", "nextNoncE"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        for (size_t j = 0; j < ARRAY_LEN(names); j++) {
            struct sip_authentication_info info;
            char text[256];
            const char *name = names[j];
            snprintf(text, sizeof(text), forms[i], name, name, name, name);
            bool is_malformed = strstr(text, "==") != NULL;
            CHECK_CASE(sip_authentication_info_parse(slice_of(text), &info) == !is_malformed, text);
            CHECK_CASE(is_malformed || slice_equal(info.nextnonce, SLICE("1")), text);
        }
    }
}

static void credentials_follow_their_grammar(void **state)
{
    static const struct {
        const char *value;
        bool valid;
        const char *label;
    } cases[] = {
        {"Digest username=\"a\"",                         true,  "what is missing is empty"               },
        {"Digest username=\"\",nonce=\"\",response=\"\"", true,  "as IMS begins a registration"           },
        {"Digest ,username=\"a\",,realm=\"b\", ",         true,  "empty elements"                         },
        {"Digest username=\"a\\\"b\\\\\"",                true,  "escapes in quotes"                      },
        {"Digest username=\"\303\244\"",                  true,  "UTF-8 in quotes"                        },
        {"Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe", true,  "RFC 7616 3.4"                           },
        {"Digest x=1,x=2",                                true,  "what is not read may be repeated"       },

        {"",                                              false, "nothing"                                },
        {"\"Digest\" username=\"a\"",                     false, "a scheme is a token"                    },
        {"Digest,username=\"a\"",                         false, "and a space follows it"                 },
        {"Digest username",                               false, "a parameter has a value"                },
        {"Digest username=",                              false, "here too"                               },
        {"Digest username=\"a",                           false, "a quote that does not end"              },
        {"Digest username=\"a\"realm=\"b\"",              false, "a comma between"                        },
        {"Digest username=\"a\";realm=\"b\"",             false, "not a semicolon"                        },
        {"Digest username=\"a\" realm",                   false, "nor nothing"                            },
        {"Digest uri=sip:a@b",                            false, "RFC 3261 22.4 (2): a URI wants quotes"  },
        {"Digest username=\"a\",USERNAME=\"b\"",          false, "RFC 7235 2.1: once only"                },
        {"Digest nc=1",                                   false, "8 digits"                               },
        {"Digest nc=000000001",                           false, "not 9"                                  },
        {"Digest nc=0000000g",                            false, "hexadecimal ones"                       },
        {"Digest nc=\"0x000001\"",                        false, "without a prefix"                       },
        {"Digest qop=auth",                               false, "RFC 2617 3.2.2: qop wants nc and cnonce"},
        {"Digest qop=auth,nc=00000001",                   false, "cnonce, too"                            },
        {"Digest qop=auth,cnonce=\"x\"",                  false, "nc, too"                                },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_credentials given = {.nc = 4711};
        bool ok = sip_credentials_parse(slice_of(cases[i].value), &given);
        CHECK_CASE(ok == cases[i].valid, cases[i].label);
        CHECK_CASE(ok || (given.nc == 4711 && given.scheme.ptr == NULL), cases[i].label);
    }
}

static void escapes_stay_as_written(void **state)
{
    struct sip_credentials given;

    (void)state;
    assert_true(sip_credentials_parse(SLICE("Digest username=\"a\\\"b\""), &given));
    CHECK_SLICE(given.username, "a\\\"b");
}

/* RFC 4475 3.3.7; RFC 8760 2.4: "MUST ignore any challenge it does not understand" */
static void of_other_schemes_nothing_but_the_name_is_read(void **state)
{
    static const char *const values[] = {
        "NoOneKnowsThisScheme opaque-data=here",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "Other realm=\"a\",realm=\"b\",nonce=\"c\"",
        "Negotiate",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct sip_credentials given;
        struct sip_challenge challenge;
        CHECK_CASE(sip_credentials_parse(slice_of(values[i]), &given), values[i]);
        CHECK_CASE(given.realm.ptr == NULL && given.nonce.ptr == NULL, values[i]);
        CHECK_CASE(given.algorithm == SIP_DIGEST_UNKNOWN, values[i]);
        CHECK_CASE(sip_challenge_parse(slice_of(values[i]), &challenge), values[i]);
        CHECK_CASE(challenge.realm.ptr == NULL && challenge.nonce.ptr == NULL, values[i]);
        CHECK_CASE(challenge.algorithm == SIP_DIGEST_UNKNOWN, values[i]);
    }
}

static void challenges_follow_their_grammar(void **state)
{
    static const struct {
        const char *value;
        bool valid, offers_auth, offers_auth_int, is_stale;
        const char *label;
    } cases[] = {
        {"Digest realm=\"a\",nonce=\"b\"",                             true,  false, false, false, "RFC 2069"      },
        {"Digest realm=\"a\",nonce=\"b\",qop=auth",                    true,  true,  false, false, "qop as a token"},
        {"Digest realm=\"a\",nonce=\"b\",qop=\"auth-int , x, AUTH\"",  true,  true,  true,  false,
         "an unknown qop among known ones"                                                                         },
        {"Digest realm=\"a\",nonce=\"b\",qop=\"x\"",                   true,  false, false, false, "unknown alone" },
        {"Digest realm=\"a\",nonce=\"b\",stale=TRUE",                  true,  false, false, true,  "stale"         },
        {"Digest realm=\"a\",nonce=\"b\",stale=\"true\"",              true,  false, false, true,  "in quotes"     },
        {"Digest realm=\"a\",nonce=\"b\",stale=yes",                   true,  false, false, false, "not true"      },
        {"Digest realm=\"a\",nonce=\"b\",charset=UTF-8,userhash=true", true,  false, false, false,
         "RFC 7616 parameters that we do not read"                                                                 },
        {"Digest realm=\"a\"",                                         false, false, false, false, "no nonce"      },
        {"Digest nonce=\"a\"",                                         false, false, false, false, "no realm"      },
        {"Digest",                                                     false, false, false, false, "neither"       },
        {"Digest realm=\"a\",nonce=\"b\",nonce=\"c\"",                 false, false, false, false, "two nonces"    },
        {"Digest realm=\"a\",nonce=\"b\",Basic realm=\"c\"",           false, false, false, false,
         "two challenges in one field"                                                                             },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_challenge challenge = {0};
        bool ok = sip_challenge_parse(slice_of(cases[i].value), &challenge);
        CHECK_CASE(ok == cases[i].valid, cases[i].label);
        CHECK_CASE(challenge.offers_auth == cases[i].offers_auth, cases[i].label);
        CHECK_CASE(challenge.offers_auth_int == cases[i].offers_auth_int, cases[i].label);
        CHECK_CASE(challenge.is_stale == cases[i].is_stale, cases[i].label);
    }
}

static void an_unknown_algorithm_is_not_md5(void **state)
{
    struct sip_challenge challenge;

    (void)state;
    assert_true(sip_challenge_parse(SLICE("Digest realm=\"a\",nonce=\"b\",algorithm=AKAv1-MD5"),
                                    &challenge));
    assert_int_equal(challenge.algorithm, SIP_DIGEST_UNKNOWN);
    assert_true(
        sip_challenge_parse(SLICE("Digest realm=\"a\",nonce=\"b\",algorithm=\"\""), &challenge));
    assert_int_equal(challenge.algorithm, SIP_DIGEST_UNKNOWN);
}

static void reads_authentication_info(void **state)
{
    struct sip_authentication_info info = {0};

    (void)state;
    assert_true(sip_authentication_info_parse(
        SLICE("nextnonce=\"47364c23432d2e131a5fb210812c\", qop=auth, "
              "rspauth=\"6629fae49393a05397450978507c4ef1\", cnonce=\"0a4f113b\", nc=00000001, "
              "mode=\"IMS\""),
        &info));
    CHECK_SLICE(info.nextnonce, "47364c23432d2e131a5fb210812c");
    CHECK_SLICE(info.rspauth, "6629fae49393a05397450978507c4ef1");
    CHECK_SLICE(info.cnonce, "0a4f113b");
    CHECK_SLICE(info.nc_text, "00000001");
    assert_int_equal(info.qop, SIP_QOP_AUTH);
    assert_false(sip_authentication_info_parse(SLICE(""), &info));
    assert_false(sip_authentication_info_parse(SLICE("Digest rspauth=\"a\""), &info));
    assert_false(sip_authentication_info_parse(SLICE("rspauth=\"a\",nc=1"), &info));
}

CHECK_MAIN(CHECK_TEST(reads_a_challenge), CHECK_TEST(reads_credentials),
           CHECK_TEST(takes_values_quoted_or_not),
           CHECK_TEST(a_name_is_known_in_any_case_and_place),
           CHECK_TEST(credentials_follow_their_grammar), CHECK_TEST(escapes_stay_as_written),
           CHECK_TEST(of_other_schemes_nothing_but_the_name_is_read),
           CHECK_TEST(challenges_follow_their_grammar), CHECK_TEST(an_unknown_algorithm_is_not_md5),
           CHECK_TEST(reads_authentication_info))
