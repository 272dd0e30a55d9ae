/*
 * Each worker gets objects of its own, made of the same bytes: OpenSSL would have them lock each
 * other out.
 */
#include "server/certificates.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "server/certificate_files.h"
#include "server/worker.h"

enum { SOON_S = 14 * 24 * 3600 };

struct certificates {
    struct server *server;
    X509_STORE *trusted;
    unsigned char ticket_keys[TLS_TICKET_KEY_BYTES];
    struct certificate_files *files; /* one for each domain */
    size_t count;
};

/* For a worker. */
struct new_identities {
    struct mail mail;
    struct tls_identities *identities;
    X509_STORE *trusted;
};

static bool list_domains(struct certificates *certificates);
static bool make_missing(const struct certificates *certificates, struct buffer *fault);
static bool look(struct certificates *certificates, bool at_once);

/* Without TLS the hundreds that a system trusts need not be kept. */
static X509_STORE *read_trusted(const struct certificates *certificates, struct buffer *fault)
{
    const struct settings *settings = server_settings(certificates->server);
    const char *chosen = settings->trusted_certificates;

    if (!settings_listens_by(settings, HOP_TLS) && !settings_want_acme(settings)
        && !certificates_exist(certificates))
        return X509_STORE_new();
    return tls_trust_read(chosen[0] != '\0' ? chosen : NULL, fault);
}

struct certificates *certificates_start(struct server *server, struct buffer *fault)
{
    struct certificates *certificates = calloc(1, sizeof(*certificates));

    if (certificates == NULL) {
        buffer_add_text(fault, "out of memory");
        return NULL;
    }
    certificates->server = server;
    server_random(certificates->ticket_keys, sizeof(certificates->ticket_keys));
    if (!list_domains(certificates)) {
        buffer_add_text(fault, "out of memory");
        goto fail;
    }
    if (!make_missing(certificates, fault))
        goto fail;
    (void)look(certificates, true);
    certificates->trusted = read_trusted(certificates, fault);
    if (certificates->trusted == NULL)
        goto fail;
    return certificates;

fail:
    certificates_stop(certificates);
    return NULL;
}

static void forget_files(struct certificate_files *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        certificate_files_fini(&files[i]);
    free(files);
}

void certificates_stop(struct certificates *certificates)
{
    if (certificates == NULL)
        return;
    forget_files(certificates->files, certificates->count);
    X509_STORE_free(certificates->trusted);
    OPENSSL_cleanse(certificates->ticket_keys, sizeof(certificates->ticket_keys));
    free(certificates);
}

bool certificates_exist(const struct certificates *certificates)
{
    for (size_t i = 0; i < certificates->count; i++) {
        if (certificates->files[i].certificate.len > 0)
            return true;
    }
    return false;
}

/* --- the domains ------------------------------------------------------------------------------ */

/* What has been read of a domain that stays where it was, stays. */
static void take_over(struct certificates *certificates, struct certificate_files *fresh)
{
    for (size_t i = 0; i < certificates->count; i++) {
        struct certificate_files *old = &certificates->files[i];
        if (strcmp(old->domain, fresh->domain) == 0
            && strcmp(old->certificate_name, fresh->certificate_name) == 0
            && strcmp(old->key_name, fresh->key_name) == 0) {
            *fresh = *old;
            old->certificate = (struct bytes){0};
            old->key = (struct bytes){0};
        }
    }
}

static bool list_domains(struct certificates *certificates)
{
    const struct settings *settings = server_settings(certificates->server);
    struct certificate_files *files = calloc(settings->domain_count, sizeof(*files));

    if (files == NULL)
        return false;
    for (size_t i = 0; i < settings->domain_count; i++) {
        certificate_files_init(&files[i], settings, &settings->domains[i]);
        take_over(certificates, &files[i]);
    }
    forget_files(certificates->files, certificates->count);
    certificates->files = files;
    certificates->count = settings->domain_count;
    return true;
}

static bool make_missing(const struct certificates *certificates, struct buffer *fault)
{
    if (!server_settings(certificates->server)->self_signed)
        return true;
    for (size_t i = 0; i < certificates->count; i++) {
        const struct certificate_files *files = &certificates->files[i];
        if (!certificate_files_are_missing(files))
            continue;
        if (!certificate_files_make(files, fault))
            return false;
        fprintf(stderr,
                "tchind: WARNING: --self-signed: made %s; phones must be told to trust it, or not "
                "to check certificates. For a lab only.\n",
                files->certificate_name);
    }
    return true;
}

/* --- for the workers -------------------------------------------------------------------------- */

static struct tls_identities *new_identities(const struct certificates *certificates)
{
    char text[128];
    struct buffer fault = buffer_over(text, sizeof(text));
    struct tls_identities *identities = tls_identities_new();

    for (size_t i = 0; identities != NULL && i < certificates->count; i++) {
        const struct certificate_files *files = &certificates->files[i];
        if (files->certificate.len > 0
            && !tls_identities_add(identities, slice_of(files->domain),
                                   bytes_slice(&files->certificate), bytes_slice(&files->key),
                                   &fault)) {
            tls_identities_free(identities);
            return NULL;
        }
    }
    return identities;
}

struct tls_context *certificates_context(const struct certificates *certificates)
{
    const struct tls_settings settings = {
        .identities = new_identities(certificates),
        .trusted = certificates->trusted,
        .clients = server_settings(certificates->server)->client_certificates,
        .ticket_keys = certificates->ticket_keys,
    };

    return settings.identities != NULL ? tls_context_new(&settings) : NULL;
}

static void deliver(struct mail *mail, void *owner)
{
    struct new_identities *fresh = CONTAINER_OF(mail, struct new_identities, mail);
    struct worker *w = owner;

    if (w->tls != NULL)
        tls_context_renew(w->tls, fresh->identities, fresh->trusted);
    else
        tls_identities_free(fresh->identities);
    X509_STORE_free(fresh->trusted);
    free(fresh);
}

static bool send_to(const struct certificates *certificates, struct worker *w)
{
    struct new_identities *fresh = malloc(sizeof(*fresh));
    struct tls_identities *identities = new_identities(certificates);

    if (fresh == NULL || identities == NULL) {
        free(fresh);
        tls_identities_free(identities);
        return false;
    }
    X509_STORE_up_ref(certificates->trusted);
    *fresh = (struct new_identities){
        .mail.deliver = deliver, .identities = identities, .trusted = certificates->trusted};
    mailbox_send(net_loop_mailbox(w->loop), &fresh->mail);
    return true;
}

static void send_to_all(const struct certificates *certificates)
{
    const struct server *server = certificates->server;
    bool all = true;

    for (size_t i = 0; i < server->worker_count; i++)
        all = send_to(certificates, server->workers[i]) && all;
    if (!all)
        LOG_NOW(&certificates->server->log, LOG_ERROR, "certificates not renewed",
                {"reason", SLICE("out of memory")});
}

/* --- what changes ----------------------------------------------------------------------------- */

/* Where ACME renews it, nobody else need do so. */
static void tell_new(struct server *server, const struct certificate_files *files)
{
    char text[32] = "";
    struct tm end;
    time_t ends_s = (time_t)files->ends_s;
    bool ends_soon = files->ends_s < (int64_t)(server_wall_ms() / 1000) + SOON_S
                     && !settings_want_acme(server_settings(server));

    if (gmtime_r(&ends_s, &end) != NULL)
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &end);
    LOG_NOW(&server->log, ends_soon ? LOG_WARNING : LOG_INFO,
            ends_soon ? "certificate ends soon: renew it" : "certificate read",
            {"domain", slice_of(files->domain)}, {"until", slice_of(text)});
}

static void tell(struct server *server, const struct certificate_files *files,
                 enum certificate_news news, struct slice fault)
{
    struct log *log = &server->log;
    struct slice domain = slice_of(files->domain), name = slice_of(files->certificate_name);

    switch (news) {
    case CERTIFICATE_AS_BEFORE: break;
    case CERTIFICATE_IS_NEW: tell_new(server, files); break;
    case CERTIFICATE_IS_BROKEN:
        LOG_NOW(log, LOG_ERROR, "certificate not read: the one before stays in force",
                {"domain", domain}, {"file", name}, {"reason", fault});
        break;
    case CERTIFICATE_IS_MISSING:
        LOG_NOW(log, LOG_WARNING, "certificate is gone: the one before stays in force",
                {"domain", domain}, {"file", name});
        break;
    }
}

/* Whether any is new. */
static bool look(struct certificates *certificates, bool at_once)
{
    char text[400];
    bool any = false;

    for (size_t i = 0; i < certificates->count; i++) {
        struct buffer fault = buffer_over(text, sizeof(text));
        enum certificate_news news =
            certificate_files_look(&certificates->files[i], at_once, &fault);
        tell(certificates->server, &certificates->files[i], news, buffer_slice(&fault));
        any |= news == CERTIFICATE_IS_NEW;
    }
    return any;
}

void certificates_look(struct certificates *certificates)
{
    if (look(certificates, false))
        send_to_all(certificates);
}

static void reread_trusted(struct certificates *certificates)
{
    char text[400];
    struct buffer fault = buffer_over(text, sizeof(text));
    X509_STORE *fresh = read_trusted(certificates, &fault);

    if (fresh == NULL) {
        LOG_NOW(&certificates->server->log, LOG_ERROR, "trusted_certificates not read",
                {"reason", buffer_slice(&fault)});
        return;
    }
    X509_STORE_free(certificates->trusted);
    certificates->trusted = fresh;
}

void certificates_reread(struct certificates *certificates)
{
    char text[400];
    struct buffer fault = buffer_over(text, sizeof(text));

    reread_trusted(certificates);
    if (!list_domains(certificates))
        buffer_add_text(&fault, "out of memory");
    if (fault.len > 0 || !make_missing(certificates, &fault))
        LOG_NOW(&certificates->server->log, LOG_ERROR, "certificates not renewed",
                {"reason", buffer_slice(&fault)});
    (void)look(certificates, true);
    send_to_all(certificates);
}
