/*
 * Names to addresses: A and AAAA by libunbound, in a thread of its own which answers by mail. It
 * respects /etc/hosts and /etc/resolv.conf, caches, and never answers with what failed DNSSEC.
 */
#ifndef TCHIN_NET_DNS_H
#define TCHIN_NET_DNS_H

#include "base/err.h"
#include "base/mailbox.h"
#include "net/addr.h"

enum { DNS_MAX_ADDRESSES = 16, DNS_MAX_NAME = 255 };

struct dns;

/* Inside the object that waits, which must live until the answer. */
struct dns_query {
    struct mail mail;      /* set by the asker: `deliver` */
    struct mailbox *asker; /* where the answer goes */
    char name[DNS_MAX_NAME + 1];
    bool wants_ipv4;
    bool wants_ipv6;
    enum err err; /* ERR_NONE, ERR_ABSENT (no such name or no address), ERR_IO (no answer) */
    size_t count;
    struct net_addr addresses[DNS_MAX_ADDRESSES];    /* ports 0; IPv6 and IPv4 as RFC 6724 orders */
    void (*deliver)(struct mail *mail, void *owner); /* of dns.c: what `mail` had, meanwhile */
};

struct dns_settings {
    const char *hosts_file;    /* "/etc/hosts" */
    const char *resolver_file; /* "/etc/resolv.conf" */
    const char *server;        /* ADDRESS or ADDRESS@PORT to ask instead; NULL: as the file says */
    const char *trust_anchors; /* a file of DS or DNSKEY records: validate; NULL: do not */
    uint32_t limit_ms;         /* for an answer, whatever happens on the way */
    size_t max_queries;        /* under way */
};

struct dns_settings dns_default_settings(void);

/* NULL: libunbound or the thread could not be started. */
struct dns *dns_start(void) MUST_USE;
struct dns *dns_start_with(const struct dns_settings *settings) MUST_USE;

/* Queries under way are answered with ERR_IO before it returns. */
void dns_stop(struct dns *dns);

/*
 * Any thread. ERR_FULL is answered too when very many are under way. A literal address, in brackets
 * or not, is its own answer; what cannot be a host name is absent.
 */
void dns_ask(struct dns *dns, struct dns_query *query);

#endif
