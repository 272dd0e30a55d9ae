/* The folders of ACME: which certificate is whose and until when, and how it is put in place. */
#include "server/acme_files.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

enum { HOUR = 3600, PATH_BYTES = 1024 };

static void make_folder(const char *data, const char *name)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%s/%s", data, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static FILE *new_file(const char *data, const char *name)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%s/%s", data, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    return file;
}

static void write_text(const char *data, const char *name, const char *text)
{
    FILE *file = new_file(data, name);

    fputs(text, file);
    fclose(file);
}

static void set_name(X509_NAME *name, const char *text)
{
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0);
}

static void add_dns_name(X509 *certificate, const char *name)
{
    char text[300];

    snprintf(text, sizeof(text), "DNS:%s", name);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/* For `name`, by `issuer`; it began an hour ago and ends in two. */
static void write_certificate(const char *data, const char *file_name, const char *name,
                              const char *issuer)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();

    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -HOUR);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 2 * HOUR);
    set_name(X509_get_subject_name(certificate), name);
    set_name(X509_get_issuer_name(certificate), issuer);
    add_dns_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    FILE *file = new_file(data, file_name);
    PEM_write_X509(file, certificate);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void only_what_others_signed_for_that_name_counts(void **state)
{
    const char *data = check_folder();

    (void)state;
    assert_int_equal(acme_files_in_use(data, "a.example").until_s, 0);
    make_folder(data, "tls");
    make_folder(data, "tls/a.example");
    write_text(data, "tls/a.example/cert.pem", "-----BEGIN CERTIFICATE-----\nno\n");
    assert_int_equal(acme_files_in_use(data, "a.example").until_s, 0);
    write_certificate(data, "tls/a.example/cert.pem", "b.example", "Some CA");
    assert_int_equal(acme_files_in_use(data, "a.example").until_s, 0);
    write_certificate(data, "tls/a.example/cert.pem", "a.example", "a.example");
    assert_int_equal(acme_files_in_use(data, "a.example").until_s, 0);
    write_certificate(data, "tls/a.example/cert.pem", "a.example", "Some CA");
    struct acme_validity validity = acme_files_in_use(data, "a.example");
    assert_int_equal(validity.until_s - validity.from_s, 3 * HOUR);
    assert_in_range(validity.from_s, (uint64_t)time(NULL) - HOUR - 60, (uint64_t)time(NULL) - HOUR);
}

static mode_t mode_of(const char *data, const char *name)
{
    char path[PATH_BYTES];
    struct stat found = {0};

    snprintf(path, sizeof(path), "%s/%s", data, name);
    assert_int_equal(stat(path, &found), 0);
    return found.st_mode & 0777;
}

static void what_was_got_is_put_in_place_for_nobody_else_to_read(void **state)
{
    const char *data = check_folder();
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));

    (void)state;
    make_folder(data, ACME_ACCOUNT);
    make_folder(data, ACME_ACCOUNT "/a.example");
    make_folder(data, ACME_ACCOUNT "/private");
    make_folder(data, ACME_ACCOUNT "/private/a.example");
    write_certificate(data, ACME_ACCOUNT "/a.example/cert.pem", "a.example", "Some CA");
    assert_true(acme_files_got(data, "a.example").until_s > 0);
    assert_false(acme_files_install(data, "a.example", &fault));
    assert_non_null(memmem(text, fault.len, "private/a.example/key.pem: No such file", 38));
    assert_int_equal(acme_files_in_use(data, "a.example").until_s, 0);

    write_text(data, ACME_ACCOUNT "/private/a.example/key.pem", "the key\n");
    for (int again = 0; again < 2; again++)
        assert_true(acme_files_install(data, "a.example", &fault));
    assert_true(acme_files_in_use(data, "a.example").until_s > 0);
    assert_int_equal(mode_of(data, "tls"), 0700);
    assert_int_equal(mode_of(data, "tls/a.example/cert.pem"), 0600);
    assert_int_equal(mode_of(data, "tls/a.example/key.pem"), 0600);
}

static void what_an_attempt_has_left_is_gone_before_the_next(void **state)
{
    const char *data = check_folder();
    char text[512], path[PATH_BYTES];
    struct buffer fault = buffer_over(text, sizeof(text));

    (void)state;
    assert_true(acme_files_begin(data, &fault));
    write_text(data, ACME_CHALLENGES "/token", "x");
    assert_true(acme_files_begin(data, &fault));
    snprintf(path, sizeof(path), "%s/" ACME_CHALLENGES "/token", data);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(mode_of(data, ACME_CHALLENGES), 0700);
    assert_false(acme_files_begin("/nowhere/at/all", &fault));
    assert_non_null(memmem(text, fault.len, "cannot make /nowhere/at/all/acme", 32));
}

CHECK_MAIN(CHECK_TEST(only_what_others_signed_for_that_name_counts),
           CHECK_TEST(what_was_got_is_put_in_place_for_nobody_else_to_read),
           CHECK_TEST(what_an_attempt_has_left_is_gone_before_the_next))
