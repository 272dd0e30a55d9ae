/*
 * One domain at a time, two runs of uacme each: an account, which is there already after the first
 * time, and the certificate.
 */
#include "server/acme.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/acme_advice.h"
#include "server/acme_files.h"
#include "server/acme_hook.h"
#include "server/acme_trouble.h"
#include "server/child.h"

enum {
    LOOK_MS = 2000,
    RUN_MS = 5 * 60 * 1000, /* for one run of the client */
    PATH_BYTES = SETTINGS_MAX_PATH + 32,
    FAILURES_IF_TOO_OFTEN = 4, /* so as to come again in hours, not in minutes */
};

enum acme_step { NOTHING, ACCOUNT, CERTIFICATE };

struct acme {
    struct server *server;
    uint64_t looked_ms; /* for something to do */
    enum acme_step step;
    uint64_t until_ms; /* for it to end */
    struct child child;
    char domain[SETTINGS_MAX_DOMAIN_NAME + 1]; /* it is about */
};

static void fail(struct acme *acme, uint64_t now_s, const struct acme_verdict *verdict);

struct acme *acme_start(struct server *server)
{
    struct acme *acme = calloc(1, sizeof(*acme));

    if (acme != NULL)
        acme->server = server;
    return acme;
}

void acme_stop(struct acme *acme)
{
    if (acme == NULL)
        return;
    child_kill(&acme->child);
    free(acme);
}

/* The same for a domain as long as there is the database. */
static uint32_t random_of(const struct acme *acme, const char *domain)
{
    const struct slice parts[] = {SLICE("acme"), slice_of(domain)};

    return (uint32_t)hash_slices(&acme->server->keys.dialog, parts, ARRAY_LEN(parts));
}

/* --- running the client ------------------------------------------------------------------------
 */

static bool prepare(const struct acme *acme, const struct settings *settings, char *account,
                    char *setting, struct buffer *fault)
{
    struct buffer account_path = buffer_over(account, PATH_BYTES);
    struct buffer line = buffer_over(setting, PATH_BYTES);

    buffer_add_text(&line, ACME_HOOK_FOLDER "=");
    if (!acme_files_path(settings->data_folder, ACME_ACCOUNT, &account_path)
        || !acme_files_path(settings->data_folder, ACME_CHALLENGES, &line)) {
        buffer_add_text(fault, "the name of the data folder is too long");
        return false;
    }
    return acme->step != ACCOUNT || acme_files_begin(settings->data_folder, fault);
}

/* We are the hook ourselves, by a path that holds even if our file has been replaced meanwhile. */
static int start_client(struct acme *acme, const struct settings *settings, const char *account,
                        const char *setting)
{
    char hook[32];
    const char *const for_account[] = {"uacme", "-a",  settings->acme_directory, "-c", account,
                                       "-y",    "new", settings->acme_email,     NULL};
    const char *const for_certificate[] = {"uacme", "-a",    settings->acme_directory,
                                           "-c",    account, "-h",
                                           hook,    "-t",    "EC",
                                           "-f",    "issue", acme->domain,
                                           NULL};

    (void)snprintf(hook, sizeof(hook), "/proc/%ld/exe", (long)getpid());
    return child_start(&acme->child, acme->step == ACCOUNT ? for_account : for_certificate,
                       setting);
}

static struct acme_verdict verdict_of_error(int error)
{
    if (error == ENOENT)
        return (struct acme_verdict){.reason = SLICE("there is no uacme on this machine"),
                                     .advice = "install it: apt install uacme"};
    return (struct acme_verdict){.reason = slice_of(strerrordesc_np(error)),
                                 .advice = "see why uacme does not start"};
}

static void run(struct acme *acme, enum acme_step step, uint64_t wall_ms)
{
    const struct settings *settings = server_settings(acme->server);
    char account[PATH_BYTES], setting[PATH_BYTES], text[512];
    struct buffer fault = buffer_over(text, sizeof(text));
    struct acme_verdict verdict = {.advice = "see to the data folder"};

    acme->step = step;
    acme->until_ms = wall_ms + RUN_MS;
    if (!prepare(acme, settings, account, setting, &fault)) {
        verdict.reason = buffer_slice(&fault);
        fail(acme, wall_ms / 1000, &verdict);
        return;
    }
    int error = start_client(acme, settings, account, setting);
    if (error != 0) {
        verdict = verdict_of_error(error);
        fail(acme, wall_ms / 1000, &verdict);
    }
}

/* --- the end of a run --------------------------------------------------------------------------
 */

static void fail(struct acme *acme, uint64_t now_s, const struct acme_verdict *verdict)
{
    struct acme_trouble trouble = acme_trouble_recall(acme->server, acme->domain);
    char text[32];
    struct buffer again = buffer_over(text, sizeof(text));

    acme->step = NOTHING;
    trouble.failures++;
    if (verdict->asked_too_often && trouble.failures < FAILURES_IF_TOO_OFTEN)
        trouble.failures = FAILURES_IF_TOO_OFTEN;
    uint64_t pause_s = acme_pause_s(trouble.failures, random_of(acme, acme->domain));
    trouble.until_s = now_s + pause_s;
    acme_trouble_remember(acme->server, acme->domain, trouble);
    buffer_printf(&again, "%llu min", (unsigned long long)(pause_s + 59) / 60);
    LOG_NOW(&acme->server->log, LOG_ERROR, "no certificate by ACME",
            {"domain", slice_of(acme->domain)}, {"reason", verdict->reason},
            {"do", slice_of(verdict->advice)}, {"again-in", buffer_slice(&again)});
}

static void install(struct acme *acme, uint64_t wall_ms)
{
    const struct settings *settings = server_settings(acme->server);
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));
    struct acme_verdict verdict = {.advice = "see to the data folder"};

    acme->step = NOTHING;
    if (!acme_files_install(settings->data_folder, acme->domain, &fault)) {
        verdict.reason = buffer_slice(&fault);
        fail(acme, wall_ms / 1000, &verdict);
        return;
    }
    acme_trouble_remember(acme->server, acme->domain, (struct acme_trouble){0});
    LOG_NOW(&acme->server->log, LOG_INFO, "certificate by ACME",
            {"domain", slice_of(acme->domain)});
}

/* An account that is there already is what uacme calls a failure. */
static bool has_account(const struct child *child, int status)
{
    static const char already[] = "Account already exists";
    struct slice said = child_said(child);

    return status == 0 || memmem(said.ptr, said.len, already, sizeof(already) - 1) != NULL;
}

static void run_has_ended(struct acme *acme, int status, uint64_t wall_ms)
{
    char text[512];
    struct buffer reason = buffer_over(text, sizeof(text));
    struct acme_verdict verdict;

    if (acme->step == ACCOUNT && has_account(&acme->child, status)) {
        run(acme, CERTIFICATE, wall_ms);
    } else if (acme->step == CERTIFICATE && status == 0) {
        install(acme, wall_ms);
    } else {
        verdict = acme_judge(child_said(&acme->child), &reason);
        fail(acme, wall_ms / 1000, &verdict);
    }
}

static void look_at_client(struct acme *acme, uint64_t wall_ms)
{
    static const struct acme_verdict is_late = {
        .reason = {"uacme did not come to an end", 28},
        .advice = "see whether acme_directory can be reached",
    };
    int status;

    if (child_has_ended(&acme->child, &status)) {
        run_has_ended(acme, status, wall_ms);
    } else if (wall_ms >= acme->until_ms) {
        child_kill(&acme->child);
        fail(acme, wall_ms / 1000, &is_late);
    }
}

/* --- what to do next ---------------------------------------------------------------------------
 */

static bool is_due(struct acme *acme, struct acme_validity validity, uint64_t now_s)
{
    return now_s >= acme_renewal_s(validity, random_of(acme, acme->domain));
}

/* What the client got just before we were ended needs only to be installed. */
static void see_to_domain(struct acme *acme, const char *data, uint64_t wall_ms)
{
    uint64_t now_s = wall_ms / 1000;

    if (!is_due(acme, acme_files_in_use(data, acme->domain), now_s)
        || now_s < acme_trouble_recall(acme->server, acme->domain).until_s)
        return;
    if (is_due(acme, acme_files_got(data, acme->domain), now_s))
        run(acme, ACCOUNT, wall_ms);
    else
        install(acme, wall_ms);
}

void acme_turn(struct acme *acme, uint64_t wall_ms)
{
    const struct settings *settings = server_settings(acme->server);

    if (acme->step != NOTHING) {
        look_at_client(acme, wall_ms);
        return;
    }
    if (!settings_want_acme(settings) || wall_ms - acme->looked_ms < LOOK_MS)
        return; /* a clock that was set back goes round: it is looked */
    acme->looked_ms = wall_ms;
    for (size_t i = 0; i < settings->domain_count && acme->step == NOTHING; i++) {
        const struct domain_settings *domain = &settings->domains[i];
        bool has_name = domain->addr.family == 0;
        bool has_other_files = domain->certificate[0] != '\0';
        if (!has_name || has_other_files)
            continue;
        memcpy(acme->domain, domain->name, sizeof(acme->domain));
        see_to_domain(acme, settings->data_folder, wall_ms);
    }
}

void acme_hurry(struct acme *acme)
{
    const struct settings *settings = server_settings(acme->server);
    static const struct acme_trouble none = {0};

    for (size_t i = 0; i < settings->domain_count && settings_want_acme(settings); i++) {
        if (acme_trouble_recall(acme->server, settings->domains[i].name).failures > 0)
            acme_trouble_remember(acme->server, settings->domains[i].name, none);
    }
    acme->looked_ms = 0;
}
