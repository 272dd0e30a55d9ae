/*
 * The resolver's thread. libunbound is spoken to from it alone: it resolves in a thread of its own
 * and signals answers by a descriptor, which is polled here beside the mailbox's.
 */
#include "net/dns.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#include "net/dns_lookups.h"
#include "net/hosts.h"

enum { MAX_HOST_NAME = 253, MAX_LABEL = 63 }; /* RFC 1035 2.3.4, as text */

struct dns {
    pthread_t thread;
    struct mailbox mailbox;
    struct mail stop;
    int wake_fd;
    int unbound_fd;
    struct dns_lookups lookups;
    bool is_stopping;
};

static void *run(void *arg);
static void take_query(struct mail *mail, void *owner);
static void take_stop(struct mail *mail, void *owner);

struct dns_settings dns_default_settings(void)
{
    return (struct dns_settings){.hosts_file = "/etc/hosts",
                                 .resolver_file = "/etc/resolv.conf",
                                 .limit_ms = 5000,
                                 .max_queries = 256};
}

/* --- start and stop --------------------------------------------------------------------------- */

struct dns *dns_start(void)
{
    struct dns_settings settings = dns_default_settings();

    return dns_start_with(&settings);
}

/* Without a file, resolv.conf(5) says, the name server on this machine is asked. */
static bool set_servers(struct ub_ctx *unbound, const struct dns_settings *settings)
{
    if (settings->server != NULL)
        return ub_ctx_set_fwd(unbound, settings->server) == 0;
    return ub_ctx_resolvconf(unbound, settings->resolver_file) == 0
           || ub_ctx_set_fwd(unbound, "127.0.0.1") == 0;
}

/*
 * A socket for each question under way, of which a lookup has two. Left to itself libunbound has
 * sixteen in all, and what comes after sixteen slow names waits for them.
 */
static bool set_sockets(struct ub_ctx *unbound, size_t max_queries)
{
    char text[24];

    snprintf(text, sizeof(text), "%zu", 2 * max_queries);
    return ub_ctx_set_option(unbound, "outgoing-range:", text) == 0
           && ub_ctx_set_option(unbound, "num-queries-per-thread:", text) == 0;
}

static bool set_up(struct ub_ctx *unbound, const struct dns_settings *settings)
{
    (void)ub_ctx_debugout(unbound, NULL); /* else it writes to standard error */
    hosts_add(unbound, settings->hosts_file);
    return ub_ctx_async(unbound, 1) == 0 && set_sockets(unbound, settings->max_queries)
           && ub_ctx_set_option(unbound, "do-not-query-localhost:", "no") == 0
           && set_servers(unbound, settings)
           && (settings->trust_anchors == NULL
               || ub_ctx_add_ta_file(unbound, settings->trust_anchors) == 0);
}

/* Signals are the main thread's. The threads of libunbound inherit that. */
static bool start_thread(struct dns *dns)
{
    sigset_t all, before;

    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&dns->thread, NULL, run, dns);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure == 0;
}

static void wake(void *waker)
{
    const struct dns *dns = waker;

    (void)eventfd_write(dns->wake_fd, 1);
}

static void free_dns(struct dns *dns)
{
    dns_lookups_fini(&dns->lookups);
    if (dns->wake_fd >= 0)
        close(dns->wake_fd);
    free(dns);
}

struct dns *dns_start_with(const struct dns_settings *settings)
{
    struct dns *dns = calloc(1, sizeof(*dns));
    struct ub_ctx *unbound;

    if (dns == NULL)
        return NULL;
    unbound = ub_ctx_create();
    mailbox_init(&dns->mailbox, dns, wake, dns);
    dns->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!dns_lookups_init(&dns->lookups, unbound, settings->max_queries, settings->limit_ms)
        || unbound == NULL || dns->wake_fd < 0 || !set_up(unbound, settings))
        goto fail;
    dns->unbound_fd = ub_fd(unbound);
    if (start_thread(dns))
        return dns;

fail:
    free_dns(dns);
    return NULL;
}

void dns_stop(struct dns *dns)
{
    if (dns == NULL)
        return;
    dns->stop.deliver = take_stop;
    mailbox_send(&dns->mailbox, &dns->stop);
    (void)pthread_join(dns->thread, NULL);
    free_dns(dns);
}

/* --- asking ----------------------------------------------------------------------------------- */

static void answer(struct dns_query *query, enum err err)
{
    query->err = err;
    mailbox_send(query->asker, &query->mail);
}

/* What stands in a SIP URI: in brackets, if it is IPv6. */
static struct slice without_brackets(struct slice name)
{
    if (name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
        return (struct slice){name.ptr + 1, name.len - 2};
    return name;
}

static void answer_literal(struct dns_query *query, const struct net_addr *addr)
{
    query->addresses[0] = *addr;
    query->count =
        query->kind == DNS_ADDRESSES && (addr->family == 4 ? query->wants_ipv4 : query->wants_ipv6);
    answer(query, query->count > 0 ? ERR_NONE : ERR_ABSENT);
}

static bool may_be_in_label(char c)
{
    char lower = ascii_lower(c);

    return ascii_is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '-' || c == '_';
}

/* Letters, digits, hyphens and underscores in labels; libunbound would take escapes too. */
static bool is_host_name(struct slice name)
{
    size_t label_len = 0;

    if (name.len > 0 && name.ptr[name.len - 1] == '.')
        name.len--;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '.' ? label_len == 0 : !may_be_in_label(name.ptr[i]))
            return false;
        label_len = name.ptr[i] == '.' ? 0 : label_len + 1;
        if (label_len > MAX_LABEL)
            return false;
    }
    return label_len > 0 && name.len <= MAX_HOST_NAME;
}

void dns_ask(struct dns *dns, struct dns_query *query)
{
    struct slice name = {query->name, strnlen(query->name, sizeof(query->name))};
    struct net_addr literal;

    query->count = 0;
    query->records_len = 0;
    if (net_addr_parse(without_brackets(name), 0, &literal)) {
        answer_literal(query, &literal);
        return;
    }
    if (name.len == sizeof(query->name) || !is_host_name(name)) {
        answer(query, ERR_ABSENT);
        return;
    }
    query->deliver = query->mail.deliver;
    query->mail.deliver = take_query;
    mailbox_send(&dns->mailbox, &query->mail);
}

/* --- the thread ------------------------------------------------------------------------------- */

static void sleep_until_something_comes(struct dns *dns)
{
    struct pollfd fds[] = {
        {.fd = dns->wake_fd,    .events = POLLIN},
        {.fd = dns->unbound_fd, .events = POLLIN}
    };
    int patience_ms = dns_lookups_patience_ms(&dns->lookups);
    eventfd_t count;

    if (!mailbox_may_sleep(&dns->mailbox))
        return;
    (void)poll(fds, ARRAY_LEN(fds), patience_ms);
    (void)eventfd_read(dns->wake_fd, &count);
}

static void *run(void *arg)
{
    struct dns *dns = arg;

    while (!dns->is_stopping) {
        sleep_until_something_comes(dns);
        (void)mailbox_deliver(&dns->mailbox);
        dns_lookups_turn(&dns->lookups);
    }
    dns_lookups_end(&dns->lookups);
    return NULL;
}

static void take_query(struct mail *mail, void *owner)
{
    struct dns_query *query = CONTAINER_OF(mail, struct dns_query, mail);
    struct dns *dns = owner;

    query->mail.deliver = query->deliver;
    dns_lookups_start(&dns->lookups, query);
}

static void take_stop(struct mail *mail, void *owner)
{
    struct dns *dns = owner;

    (void)mail;
    dns->is_stopping = true;
}
