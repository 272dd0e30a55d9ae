/* A key of P-256, and itself as the issuer. */
#include "net/tls_self_signed.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "net/addr.h"

enum { VALID_S = 825 * 24 * 3600, SERIAL_BYTES = 16 };

/* RFC 5280 4.1.2.2: positive, and never the same twice. */
static bool set_serial(X509 *certificate)
{
    unsigned char random[SERIAL_BYTES];
    BIGNUM *number = NULL;

    if (RAND_bytes(random, sizeof(random)) == 1) {
        random[0] &= 0x7f;
        number = BN_bin2bn(random, sizeof(random), NULL);
    }
    bool ok =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return ok;
}

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX of_itself;

    X509V3_set_ctx(&of_itself, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &of_itself, nid, value);
    bool ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

/* RFC 5922 6: the domain as a SIP URI, and as what every other client looks for. */
static bool add_names(X509 *certificate, struct slice domain)
{
    char text[2 * 256 + 32];
    struct buffer names = buffer_over(text, sizeof(text));
    struct net_addr addr;
    bool has_brackets = domain.len > 2 && domain.ptr[0] == '[';
    struct slice host = has_brackets ? (struct slice){domain.ptr + 1, domain.len - 2} : domain;
    const char *kind = net_addr_parse(host, 0, &addr) ? "IP" : "DNS";

    buffer_printf(&names, "URI:sip:%.*s,%s:%.*s", SLICE_ARGS(domain), kind, SLICE_ARGS(host));
    buffer_add_char(&names, '\0');
    return !names.overflowed && add_extension(certificate, NID_subject_alt_name, text);
}

static bool fill(X509 *certificate, EVP_PKEY *key, struct slice domain)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    const unsigned char *maker = (const unsigned char *)"tchind --self-signed";

    return set_serial(certificate) && X509_set_version(certificate, X509_VERSION_3) == 1
           && X509_gmtime_adj(X509_getm_notBefore(certificate), -24 * 3600) != NULL
           && X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_S) != NULL
           && X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_ASC, maker, -1, -1, 0)
                  == 1
           && X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1
           && add_names(certificate, domain)
           && add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE")
           && add_extension(certificate, NID_ext_key_usage, "serverAuth,clientAuth")
           && X509_sign(certificate, key, EVP_sha256()) > 0;
}

static bool write_both(X509 *certificate, EVP_PKEY *key, BIO *bio, struct buffer *certificate_out,
                       struct buffer *key_out)
{
    char *text = NULL;

    if (PEM_write_bio_X509(bio, certificate) != 1)
        return false;
    long len = BIO_get_mem_data(bio, &text);
    buffer_add(certificate_out, (struct slice){text, (size_t)len});
    (void)BIO_reset(bio);
    if (PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return false;
    len = BIO_get_mem_data(bio, &text);
    buffer_add(key_out, (struct slice){text, (size_t)len});
    return !certificate_out->overflowed && !key_out->overflowed;
}

bool tls_self_signed_make(struct slice domain, struct buffer *certificate, struct buffer *key)
{
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    X509 *made = X509_new();
    BIO *bio = BIO_new(BIO_s_secmem());

    bool ok = pair != NULL && made != NULL && bio != NULL && fill(made, pair, domain)
              && write_both(made, pair, bio, certificate, key);
    BIO_free(bio);
    X509_free(made);
    EVP_PKEY_free(pair);
    return ok;
}
