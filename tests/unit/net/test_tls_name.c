/* Which domains a certificate speaks for: RFC 5922 7.1 and 7.2. */
#include "net/tls_name.h"

#include <openssl/x509v3.h>

#include "check.h"
#include "net/tls_identity.h"
#include "net/tls_self_signed.h"

static void free_certificate(void *certificate)
{
    X509_free(certificate);
}

/* Not signed: nobody looks at that here. An empty text: none. */
static X509 *certificate_of(const char *names, const char *common_name)
{
    X509 *certificate = X509_new();

    assert_non_null(certificate);
    check_later(free_certificate, certificate);
    if (common_name[0] != '\0')
        assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                                                    MBSTRING_ASC,
                                                    (const unsigned char *)common_name, -1, -1, 0),
                         1);
    if (names[0] != '\0') {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
        assert_non_null(extension);
        assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
        X509_EXTENSION_free(extension);
    }
    return certificate;
}

static void a_certificate_speaks_for_these_domains_and_no_others(void **state)
{
    static const struct {
        const char *names, *common_name, *domain;
        bool is_in;
        const char *label;
    } cases[] = {
        {"URI:sip:example.org",                   "",            "example.org",     true,  "a SIP URI"                    },
        {"URI:SIP:Example.ORG",                   "",            "eXample.org",     true,  "in any case"                  },
        {"URI:sip:example.org;x=y",               "",            "example.org",     true,  "parameters do not count"      },
        {"URI:sip:a.example,URI:sip:example.org", "",            "example.org",     true,  "one of several"               },
        {"URI:sips:example.org",                  "",            "example.org",     false, "a SIPS URI is none"           },
        {"URI:sip:alice@example.org",             "",            "example.org",     false, "nor is that of a user"        },
        {"URI:https://example.org",               "",            "example.org",     false, "nor one of the Web"           },
        {"DNS:example.org",                       "",            "example.org",     true,  "a DNS name"                   },
        {"DNS:EXAMPLE.org",                       "",            "example.ORG",     true,  "in any case, too"             },
        {"URI:sip:a.example,DNS:example.org",     "",            "example.org",     false, "but not beside a SIP URI"     },
        {"URI:sip:x@a.example,DNS:example.org",   "",            "example.org",     true,
         "unless that is of a user"                                                                                       },
        {"DNS:*.example.org",                     "",            "sip.example.org", false, "no wildcard is obeyed"        },
        {"DNS:*.example.org",                     "",            "*.example.org",   true,  "it is a name as any other"    },
        {"DNS:.example.org",                      "",            "sip.example.org", false, "nor a leading dot"            },
        {"DNS:example.org",                       "",            "sip.example.org", false, "a suffix does not match"      },
        {"DNS:sip.example.org",                   "",            "example.org",     false, "nor does a longer name"       },
        {"",                                      "example.org", "example.org",     true,  "the CN, where there is no SAN"},
        {"DNS:a.example",                         "example.org", "example.org",     false, "not beside one"               },
        {"email:a@a.example",                     "example.org", "example.org",     false, "not even one of another kind" },
        {"IP:192.0.2.1",                          "",            "192.0.2.1",       true,  "an address"                   },
        {"IP:2001:db8::1",                        "",            "2001:DB8:0::1",   true,  "of IPv6"                      },
        {"IP:192.0.2.1",                          "",            "192.0.2.2",       false, "and no other"                 },
        {"DNS:192.0.2.1",                         "",            "192.0.2.1",       false, "an address is not a name"     },
        {"",                                      "192.0.2.1",   "192.0.2.1",       false, "nor a CN"                     },
        {"",                                      "",            "example.org",     false, "nothing is said"              },
        {"DNS:example.org",                       "",            "",                false, "nobody is asked for"          },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        X509 *certificate = certificate_of(cases[i].names, cases[i].common_name);
        CHECK_CASE(tls_name_is_in(certificate, slice_of(cases[i].domain)) == cases[i].is_in,
                   cases[i].label);
    }
}

/* --- identities ------------------------------------------------------------------------------- */

struct pair {
    char certificate_text[4096], key_text[4096];
    struct slice certificate, key;
};

static void make_pair(const char *domain, struct pair *out)
{
    struct buffer certificate = buffer_over(out->certificate_text, sizeof(out->certificate_text));
    struct buffer key = buffer_over(out->key_text, sizeof(out->key_text));

    assert_true(tls_self_signed_make(slice_of(domain), &certificate, &key));
    out->certificate = buffer_slice(&certificate);
    out->key = buffer_slice(&key);
}

static void free_identities(void *identities)
{
    tls_identities_free(identities);
}

static struct tls_identities *new_identities(void)
{
    struct tls_identities *identities = tls_identities_new();

    CHECK_MADE(identities);
    check_later(free_identities, identities);
    return identities;
}

static const char *chosen(const struct tls_identities *identities, const char *name)
{
    const struct tls_identity *identity = tls_identities_choose(identities, slice_of(name));

    return identity != NULL ? identity->domain : "";
}

static void who_asks_is_shown_the_certificate_of_that_name(void **state)
{
    static const char *const domains[] = {"example.org", "example.net", "192.0.2.1"};
    struct tls_identities *identities = new_identities();
    char text[200];
    struct buffer fault = buffer_over(text, sizeof(text));
    struct pair pair;

    (void)state;
    assert_string_equal(chosen(identities, "example.org"), "");
    for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
        make_pair(domains[i], &pair);
        CHECK_MADE(
            tls_identities_add(identities, slice_of(domains[i]), pair.certificate, pair.key, &fault)
                ? identities
                : NULL);
        assert_true(
            tls_name_is_in(tls_identities_choose(identities, slice_of(domains[i]))->certificate,
                           slice_of(domains[i])));
    }
    assert_string_equal(chosen(identities, "example.net"), "example.net");
    assert_string_equal(chosen(identities, "EXAMPLE.NET"), "example.net");
    assert_string_equal(chosen(identities, "elsewhere.example"), "example.org");
    assert_string_equal(chosen(identities, ""), "example.org");
}

static void what_does_not_belong_together_is_refused_with_its_reason(void **state)
{
    struct tls_identities *identities = new_identities();
    char text[200];
    struct buffer fault = buffer_over(text, sizeof(text));
    struct pair one, other;

    (void)state;
    make_pair("example.org", &one);
    make_pair("example.org", &other);
    const struct {
        struct slice certificate, key;
        const char *reason;
    } cases[] = {
        {one.certificate,                                other.key,  "certificate and key do not belong together"                    },
        {one.certificate,                                SLICE_NONE,
         "the file of the key holds none in PEM that needs no passphrase"                                                            },
        {one.key,                                        one.key,    "the file of the certificate holds none in PEM, or a broken one"},
        {SLICE("x"),                                     one.key,    "the file of the certificate holds none in PEM, or a broken one"},
        {{one.certificate.ptr, one.certificate.len / 2},
         one.key,
         "the file of the certificate holds none in PEM, or a broken one"                                                            },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fault.len = 0;
        assert_false(tls_identities_add(identities, SLICE("example.org"), cases[i].certificate,
                                        cases[i].key, &fault));
        if (!slice_equal(buffer_slice(&fault), SLICE("out of memory")))
            CHECK_CASE(slice_equal(buffer_slice(&fault), slice_of(cases[i].reason)),
                       cases[i].reason);
    }
    assert_string_equal(chosen(identities, "example.org"), "");
}

CHECK_MAIN(CHECK_TEST(a_certificate_speaks_for_these_domains_and_no_others),
           CHECK_TEST(who_asks_is_shown_the_certificate_of_that_name),
           CHECK_TEST(what_does_not_belong_together_is_refused_with_its_reason))
