/*
 * tchind: reads the settings, opens the store, makes the workers, and then waits for signals.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/pool.h"
#include "net/ws.h"
#include "server/acme.h"
#include "server/acme_hook.h"
#include "server/args.h"
#include "server/certificates.h"
#include "server/config.h"
#include "server/control.h"
#include "server/dns_command.h"
#include "server/lockout.h"
#include "server/nonce.h"
#include "server/notify.h"
#include "server/owners.h"
#include "server/resolver.h"
#include "server/web.h"
#include "server/worker.h"
#include "sip/uri.h"
#include "store/location.h"

enum {
    EXIT_CANNOT = 2, /* configuration, database or sockets cannot be used */
    GRACE_MS = 4500, /* to answer what is under way: it exits within 5 s */
    NONCE_ENTRIES = 1 << 17,
    LOCKOUT_ENTRIES = 1 << 16,
    OTHER_DESCRIPTORS = 256,
    FEW_CONNECTIONS = 1000,
};

/* Settings that have been in force are freed at the end: who still reads them is not known. */
struct generation {
    struct generation *before;
    struct settings settings;
};

struct program {
    struct server server;
    struct args args;
    struct generation *generation;
    struct settings *settings; /* in force: those of the generation */
    pthread_t threads[SETTINGS_MAX_WORKERS];
    size_t thread_count;
    size_t last_blocks; /* of pools */
    size_t most_blocks;
    unsigned looks; /* for memory to give back, since there was some */
    struct control *control;
    struct acme *acme;
    char fault_text[512];
};

/* --- before the first worker -------------------------------------------------------------------
 */

/* RFC 5630 5.1.1.1: sip and sips are two ways to one contact. */
static bool parse_contact(struct slice text, struct sip_uri *out)
{
    if (!sip_uri_parse(text, out))
        return false;
    if (out->scheme == SIP_SCHEME_SIPS)
        out->scheme = SIP_SCHEME_SIP;
    return true;
}

/* RFC 3261 19.1.4, for the store, which knows no URIs. */
static bool same_contact(struct slice a, struct slice b)
{
    struct sip_uri first, second;

    return parse_contact(a, &first) && parse_contact(b, &second) && sip_uri_equal(&first, &second);
}

static bool remember_domain(struct program *p, struct buffer *fault)
{
    struct settings *settings = p->settings;
    char text[SETTINGS_MAX_DOMAIN_NAME + 1];
    struct buffer name = buffer_over(text, sizeof(text));
    char host[256] = "localhost";

    if (settings->domain_count == 0 && !store_remembered(p->server.store, "domain", &name)) {
        if (gethostname(host, sizeof(host) - 1) != 0)
            return false;
        buffer_add_text(&name, host);
    }
    if (settings->domain_count == 0 && settings_add_domain(settings, buffer_slice(&name)) == NULL) {
        buffer_printf(fault, "\"%.*s\" is no domain name: name one, as in tchind example.org",
                      SLICE_ARGS(buffer_slice(&name)));
        return false;
    }
    return store_remember(p->server.store, "domain", slice_of(settings->domains[0].name))
           == ERR_NONE;
}

/* RFC 8738 would have certificates for addresses, but phones look for a name. */
static bool check_acme(const struct program *p, struct buffer *fault)
{
    for (size_t i = 0; i < p->settings->domain_count; i++) {
        if (p->settings->domains[i].addr.family == 0)
            return true;
    }
    if (!settings_want_acme(p->settings))
        return true;
    buffer_add_text(fault, "--acme is for domains with a name, and there is none: write one, as in "
                           "tchind example.org --acme you@example.org");
    return false;
}

static bool make_keys(struct program *p, struct buffer *fault)
{
    struct server_keys *keys = &p->server.keys;

    server_random(&keys->ours_alone, sizeof(keys->ours_alone));
    server_random(&keys->loops, sizeof(keys->loops));
    server_random(&p->server.run, sizeof(p->server.run));
    if (store_secret(p->server.store, "dialog", &keys->dialog, sizeof(keys->dialog)) == ERR_NONE
        && store_secret(p->server.store, "gruu", &keys->gruu, sizeof(keys->gruu)) == ERR_NONE)
        return true;
    buffer_add_text(fault, "the database does not keep secrets");
    return false;
}

static bool open_store(struct program *p, struct buffer *fault)
{
    const struct store_settings settings = {
        .folder = p->settings->data_folder,
        .durability = p->settings->durability,
        .log = &p->server.log,
        .max_bindings = p->settings->max_bindings_total,
        .max_users = p->settings->max_users,
    };
    enum err err;

    p->server.store = store_open(&settings, server_wall_ms(), &err, fault);
    if (p->server.store == NULL)
        return false;
    location_set_comparison(p->server.store, same_contact);
    return true;
}

static bool make_shared(struct program *p, struct buffer *fault)
{
    p->server.nonces = nonce_table_new(&p->server.keys.ours_alone, NONCE_ENTRIES, server_wall_ms());
    p->server.lockout = lockout_new(&p->server.keys.ours_alone, LOCKOUT_ENTRIES);
    p->server.owners = owners_new(&p->server.keys.ours_alone, p->settings->workers);
    p->server.dns = resolver_start(p->settings, fault);
    if (p->server.dns == NULL)
        return false;
    p->server.connections = directory_new(&p->server.keys.ours_alone);
    p->acme = acme_start(&p->server);
    if (p->server.nonces != NULL && p->server.lockout != NULL && p->server.owners != NULL
        && p->server.connections != NULL && p->acme != NULL)
        return true;
    buffer_add_text(fault, "out of memory");
    return false;
}

static void add_secure_listeners(struct settings *settings)
{
    settings_add_beside_tcp(settings, HOP_TLS, hop_protocol_port(HOP_TLS));
    if (!web_add_default_listeners(settings))
        fprintf(stderr, "tchind: no WebSockets: ports 443 and 8443 are taken; name another by "
                        "--listen wss:ADDRESS:PORT, and all others with it\n");
}

/* Where nobody said what to listen on, TLS is part of it as soon as there is a certificate, or is
 * to be one. */
static bool start_certificates(struct program *p, struct buffer *fault)
{
    struct certificates *certificates = certificates_start(&p->server, fault);

    p->server.certificates = certificates;
    if (certificates == NULL)
        return false;
    if (p->settings->listeners_are_default
        && (certificates_exist(certificates) || settings_want_acme(p->settings)))
        add_secure_listeners(p->settings);
    if (settings_want_acme(p->settings))
        settings_add_acme_listeners(p->settings);
    return true;
}

/* The first worker says which port the system chose where none was given; the others share it. */
static bool make_workers(struct program *p, struct buffer *fault)
{
    struct server *server = &p->server;

    for (uint16_t i = 0; i < p->settings->workers; i++) {
        server->workers[i] = worker_new(server, i, fault);
        if (server->workers[i] == NULL)
            return false;
        server->worker_count++;
        for (uint16_t l = 0; i == 0 && l < p->settings->listener_count; l++)
            p->settings->listeners[l].addr =
                transport_listener_addr(server->workers[0]->transport, l);
    }
    return true;
}

/* --- running -----------------------------------------------------------------------------------
 */

static void *run_worker(void *worker)
{
    worker_run(worker);
    return NULL;
}

static bool start_threads(struct program *p, struct buffer *fault)
{
    for (size_t i = 0; i < p->server.worker_count; i++) {
        int error = pthread_create(&p->threads[i], NULL, run_worker, p->server.workers[i]);
        if (error != 0) {
            buffer_printf(fault, "cannot start a thread: %s", strerror(error));
            return false;
        }
        p->thread_count++;
    }
    return true;
}

static void say_ready(const struct program *p)
{
    fprintf(stderr, "tchind: ready");
    for (size_t i = 0; i < p->settings->listener_count; i++) {
        const struct transport_listener *listener = &p->settings->listeners[i];
        char text[80];
        struct buffer uri = buffer_over(text, sizeof(text));

        transport_listener_write(listener, &uri);
        fprintf(stderr, " %.*s", SLICE_ARGS(buffer_slice(&uri)));
    }
    fputc('\n', stderr);
}

static struct generation *new_generation(struct program *p)
{
    struct generation *generation = malloc(sizeof(*generation));

    if (generation != NULL)
        generation->before = p->generation;
    return generation;
}

static void put_in_force(struct program *p, struct generation *generation)
{
    p->generation = generation;
    p->settings = &generation->settings;
    atomic_store_explicit(&p->server.settings, p->settings, memory_order_release);
}

/* Sockets and threads stay as they are; so do the ceilings that were set with them. */
static void reload(struct program *p, int argc, char **argv)
{
    struct buffer fault = buffer_over(p->fault_text, sizeof(p->fault_text));
    struct generation *generation = new_generation(p);

    if (generation == NULL)
        buffer_add_text(&fault, "out of memory");
    if (generation == NULL || !args_reread(argc, argv, &generation->settings, &fault)) {
        free(generation);
        LOG_NOW(&p->server.log, LOG_ERROR, "configuration not reloaded",
                {"reason", buffer_slice(&fault)});
        return;
    }
    struct settings *fresh = &generation->settings;
    if (fresh->domain_count == 0) {
        memcpy(fresh->domains, p->settings->domains, sizeof(fresh->domains));
        fresh->domain_count = p->settings->domain_count;
    }
    memcpy(fresh->listeners, p->settings->listeners, sizeof(fresh->listeners));
    fresh->listener_count = p->settings->listener_count;
    fresh->workers = p->settings->workers;
    put_in_force(p, generation);
    certificates_reread(p->server.certificates);
    acme_hurry(p->acme);
    LOG_NOW(&p->server.log, LOG_INFO, "configuration reloaded", {"", SLICE_NONE});
}

enum { LOOKS_A_SECOND = 4, MANY_BLOCKS = 64 /* 2 MB */ };

/*
 * Nothing is going on; or blocks are many fewer than they were since memory was last given back; or
 * that is a second ago, for there are always some that no other has fitted into.
 */
static bool has_memory_to_give(struct program *p)
{
    size_t blocks = pool_all_blocks();
    bool is_quiet = blocks == p->last_blocks;

    p->last_blocks = blocks;
    if (blocks > p->most_blocks)
        p->most_blocks = blocks;
    if (!is_quiet && p->most_blocks - blocks < MANY_BLOCKS && ++p->looks < LOOKS_A_SECOND)
        return false;
    p->most_blocks = blocks;
    p->looks = 0;
    return true;
}

/*
 * What transactions leave behind when they end, half a minute after a peak, malloc keeps for good
 * if anything lies above it. An arena is locked while it gives back: often means a little at a
 * time, and not while as much is taken again. Certificates are seen to on the way.
 */
static int next_signal(struct program *p, const sigset_t *signals)
{
    static const struct timespec a_while = {.tv_nsec = 1000000000 / LOOKS_A_SECOND};
    int signal;

    while ((signal = sigtimedwait(signals, NULL, &a_while)) < 0) {
        if (errno != EAGAIN)
            continue;
        if (has_memory_to_give(p))
            malloc_trim(0);
        certificates_look(p->server.certificates);
        acme_turn(p->acme, server_wall_ms());
    }
    return signal;
}

static void wait_for_end(struct program *p, const sigset_t *signals, int argc, char **argv)
{
    while (next_signal(p, signals) == SIGHUP)
        reload(p, argc, argv);
}

static void stop(struct program *p)
{
    struct server *server = &p->server;

    notify_stopping();
    atomic_store(&server->stopping, true);
    for (size_t i = 0; i < p->thread_count; i++)
        worker_stop(server->workers[i], GRACE_MS);
    for (size_t i = 0; i < p->thread_count; i++)
        pthread_join(p->threads[i], NULL);
}

static void release(struct program *p)
{
    struct server *server = &p->server;

    acme_stop(p->acme);
    control_stop(p->control);
    if (server->dns != NULL)
        dns_stop(server->dns);
    if (server->store != NULL)
        store_close(server->store);
    for (size_t i = 0; i < server->worker_count; i++)
        worker_close(server->workers[i]);
    for (size_t i = 0; i < server->worker_count; i++)
        worker_free(server->workers[i]);
    certificates_stop(server->certificates);
    directory_free(server->connections);
    nonce_table_free(server->nonces);
    lockout_free(server->lockout);
    owners_free(server->owners);
    while (p->generation != NULL) {
        struct generation *before = p->generation->before;
        free(p->generation);
        p->generation = before;
    }
}

static void warn_of_lab(const struct program *p)
{
    if (!p->settings->requires_auth)
        fprintf(stderr, "tchind: WARNING: --no-auth: anyone who can reach this server may register "
                        "and call as anyone. For a lab only.\n");
}

static void say_what_tls_lacks(const struct program *p)
{
    const struct settings *settings = p->settings;

    if (certificates_exist(p->server.certificates))
        return;
    if (settings_want_acme(settings))
        fprintf(stderr, "tchind: no TLS yet: a certificate is being asked for by ACME\n");
    else
        fprintf(stderr,
                "tchind: no TLS: there is no certificate for %s. Get one by --acme EMAIL, or put "
                "yours with its chain into %s/tls/%s/cert.pem and its key into key.pem beside it; "
                "for a lab, start with --self-signed\n",
                settings->domains[0].name, settings->data_folder, settings->domains[0].name);
}

static void note_web(void *log, struct slice line)
{
    LOG_NOW(log, LOG_DEBUG, "libwebsockets", {"says", line});
}

static int serve(struct program *p, int argc, char **argv)
{
    struct buffer fault = buffer_over(p->fault_text, sizeof(p->fault_text));
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* every thread inherits it */
    signal(SIGPIPE, SIG_IGN);
    if (p->server.log.level == LOG_DEBUG) /* what strangers do wrong, mostly */
        ws_log_to(note_web, &p->server.log);
    if (!open_store(p, &fault) || !remember_domain(p, &fault) || !check_acme(p, &fault)
        || !make_keys(p, &fault) || !make_shared(p, &fault) || !start_certificates(p, &fault)
        || !make_workers(p, &fault))
        goto fail;
    p->control = control_start(&p->server, p->settings->data_folder, &fault);
    if (p->control == NULL)
        goto fail;
    if (!start_threads(p, &fault))
        goto fail;
    warn_of_lab(p);
    say_what_tls_lacks(p);
    say_ready(p);
    notify_ready();
    wait_for_end(p, &signals, argc, argv);
    stop(p);
    release(p);
    return EXIT_SUCCESS;

fail:
    fprintf(stderr, "tchind: %.*s\n", SLICE_ARGS(buffer_slice(&fault)));
    stop(p);
    release(p);
    return EXIT_CANNOT;
}

/*
 * A connection is a descriptor: as many as the system allows, less those that the rest of the
 * program needs. Strangers who connect must not take from the database or the resolver. And no more
 * than that: libwebsockets keeps room for every one that there may be. So few that phones will miss
 * them is worth a word.
 */
static void share_descriptors(struct settings *settings)
{
    rlim_t needed = OTHER_DESCRIPTORS + 2 * resolver_max_queries()
                    + settings->workers * (settings->listener_count + 8);
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    rlim_t wanted = needed + (rlim_t)settings->workers * settings->max_connections;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    rlim_t share = limit.rlim_cur > needed ? (limit.rlim_cur - needed) / settings->workers : 0;
    if (settings->max_connections <= share)
        return;
    if (share < FEW_CONNECTIONS)
        fprintf(stderr,
                "tchind: the system allows %ju descriptors: of connections each worker takes no "
                "more than %ju. Raise the limit: ulimit -Hn, or LimitNOFILE= of a service\n",
                (uintmax_t)limit.rlim_cur, (uintmax_t)share);
    settings->max_connections = (uint32_t)share;
}

static int run(struct program *p, int argc, char **argv)
{
    args_read(argc, argv, &p->args);
    if (p->args.command == ARGS_DONE)
        return EXIT_SUCCESS;
    if (p->args.command == ARGS_WRONG)
        return EXIT_CANNOT;
    if (p->args.command == ARGS_CHECK) {
        if (p->args.prints)
            config_print(&p->args.settings, stdout);
        return EXIT_SUCCESS;
    }
    if (p->args.command == ARGS_DNS)
        return dns_command(&p->args);
    struct generation *first = new_generation(p);
    if (first == NULL)
        return EXIT_CANNOT;
    first->settings = p->args.settings;
    share_descriptors(&first->settings);
    put_in_force(p, first);
    p->server.log = (struct log){
        .fd = STDERR_FILENO, .format = p->settings->log_format, .level = p->settings->log_level};
    return serve(p, argc, argv);
}

int main(int argc, char **argv)
{
    if (acme_hook_is_wanted())
        return acme_hook(argc, argv);

    struct program *p = calloc(1, sizeof(*p));
    int status = p != NULL ? run(p, argc, argv) : EXIT_CANNOT;

    free(p);
    return status;
}
