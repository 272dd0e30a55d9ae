/* Reading PEM, and holding certificate and key together. */
#include "net/tls_identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

struct tls_identities {
    struct list_node list;
};

struct tls_identities *tls_identities_new(void)
{
    struct tls_identities *identities = malloc(sizeof(*identities));

    if (identities != NULL)
        list_init(&identities->list);
    return identities;
}

static void free_identity(struct tls_identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    sk_X509_pop_free(identity->chain, X509_free);
    free(identity);
}

void tls_identities_free(struct tls_identities *identities)
{
    struct list_node *node;

    if (identities == NULL)
        return;
    while ((node = list_take_first(&identities->list)) != NULL)
        free_identity(CONTAINER_OF(node, struct tls_identity, node));
    free(identities);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* A key with a passphrase would ask for it on the terminal. */
static int no_passphrase(char *out, int size, int is_writing, void *arg)
{
    (void)out;
    (void)size;
    (void)is_writing;
    (void)arg;
    return 0;
}

static bool read_certificates(struct tls_identity *identity, struct slice text)
{
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    X509 *next;

    if (bio == NULL)
        return false;
    identity->certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    while (identity->certificate != NULL
           && (next = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
        if (sk_X509_push(identity->chain, next) == 0)
            X509_free(next);
    }
    bool is_whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    BIO_free(bio);
    ERR_clear_error();
    return identity->certificate != NULL && is_whole;
}

static bool read_key(struct tls_identity *identity, struct slice text)
{
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);

    if (bio == NULL)
        return false;
    identity->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    ERR_clear_error();
    return identity->key != NULL;
}

/* NULL: nothing is wrong. */
static const char *read_identity(struct tls_identity *identity, struct slice certificates,
                                 struct slice key)
{
    const char *fault = NULL;

    identity->chain = sk_X509_new_null();
    if (identity->chain == NULL)
        fault = "out of memory";
    else if (!read_certificates(identity, certificates))
        fault = "the file of the certificate holds none in PEM, or a broken one";
    else if (!read_key(identity, key))
        fault = "the file of the key holds none in PEM that needs no passphrase";
    else if (X509_check_private_key(identity->certificate, identity->key) != 1)
        fault = "certificate and key do not belong together";
    ERR_clear_error();
    return fault;
}

bool tls_identities_add(struct tls_identities *identities, struct slice domain,
                        struct slice certificates, struct slice key, struct buffer *fault)
{
    struct tls_identity *identity = calloc(1, sizeof(*identity) + domain.len + 1);

    if (identity == NULL) {
        buffer_add_text(fault, "out of memory");
        return false;
    }
    memcpy(identity->domain, domain.ptr, domain.len);
    const char *wrong = read_identity(identity, certificates, key);
    if (wrong != NULL) {
        buffer_add_text(fault, wrong);
        free_identity(identity);
        return false;
    }
    list_add(&identities->list, &identity->node);
    return true;
}

/* --- choosing --------------------------------------------------------------------------------- */

static const struct tls_identity *identity_at(const struct list_node *node)
{
    return CONTAINER_OF(node, struct tls_identity, node);
}

static bool is_for_domain(const struct tls_identity *identity, struct slice name)
{
    return slice_equal_nocase(slice_of(identity->domain), name);
}

static bool has_name(const struct tls_identity *identity, struct slice name)
{
    return X509_check_host(identity->certificate, name.ptr, name.len, 0, NULL) == 1;
}

const struct tls_identity *tls_identities_choose(const struct tls_identities *identities,
                                                 struct slice name)
{
    static bool (*const fits[])(const struct tls_identity *, struct slice) = {is_for_domain,
                                                                              has_name};
    const struct list_node *head = &identities->list;

    for (size_t i = 0; i < ARRAY_LEN(fits) && name.len > 0; i++) {
        for (const struct list_node *node = head->next; node != head; node = node->next) {
            if (fits[i](identity_at(node), name))
                return identity_at(node);
        }
    }
    return list_is_empty(head) ? NULL : identity_at(head->next);
}

int64_t tls_identity_ends_s(const struct tls_identity *identity)
{
    struct tm end = {0};

    if (ASN1_TIME_to_tm(X509_get0_notAfter(identity->certificate), &end) != 1)
        return 0;
    return timegm(&end);
}
