/*
 * What DNS says about a name: its addresses (A and AAAA), its NAPTR or its SRV records, by
 * libunbound, in a thread of its own which answers by mail. It respects /etc/hosts and
 * /etc/resolv.conf, follows CNAMEs, caches, and never answers with what failed DNSSEC.
 */
#ifndef TCHIN_NET_DNS_H
#define TCHIN_NET_DNS_H

#include "base/err.h"
#include "base/mailbox.h"
#include "net/addr.h"

enum {
    DNS_MAX_ADDRESSES = 16,
    DNS_MAX_NAME = 255,
    DNS_MAX_RECORD_BYTES = 2048, /* of one answer; of more, those that fit in are kept */
};

enum dns_kind { DNS_ADDRESSES, DNS_SRV, DNS_NAPTR };

struct dns;

/* Inside the object that waits, which must live until the answer. */
struct dns_query {
    struct mail mail;      /* set by the asker: `deliver` */
    struct mailbox *asker; /* where the answer goes */
    char name[DNS_MAX_NAME + 1];
    enum dns_kind kind;
    uint64_t on_behalf_of; /* a keyed hash of who has caused it, see dns_ask */
    bool wants_ipv4;       /* of the addresses */
    bool wants_ipv6;
    enum err err; /* ERR_NONE, ERR_ABSENT (no such name or no record), ERR_IO (no answer) */
    size_t count; /* of the addresses, or the records */
    struct net_addr addresses[DNS_MAX_ADDRESSES]; /* ports 0; IPv6 and IPv4 as RFC 6724 orders */
    size_t records_len;
    char records[DNS_MAX_RECORD_BYTES];              /* see dns_next_record */
    void (*deliver)(struct mail *mail, void *owner); /* of dns.c: what `mail` had, meanwhile */
};

/*
 * The data of the next record, as it came from the wire: for dns_records.h to read. `rest` is all
 * the records at first, and moves on. False: no more.
 */
bool dns_next_record(struct slice *rest, struct slice *rdata);

static inline struct slice dns_records_of(const struct dns_query *query)
{
    return (struct slice){query->records, query->records_len};
}

struct dns_settings {
    const char *hosts_file;    /* "/etc/hosts", see net/hosts.h; there need not be one */
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
 * Any thread. ERR_FULL is answered too when very many are under way, and to who has more of them
 * than are left for all others: whoever makes us wait for slow names cannot use up the rest. A
 * literal address, in brackets or not, is its own answer; what cannot be a host name, with
 * underscores or without, is absent.
 */
void dns_ask(struct dns *dns, struct dns_query *query);

#endif
