/* All questions at once, each in a query of its own; the mailbox is this thread's as it waits. */
#include "server/published.h"

#include "base/mail_waiter.h"
#include "net/dns_records.h"
#include "sip/transport.h"

enum { QUESTIONS = SIP_TRANSPORT_COUNT + 2 };

struct waiting {
    struct mail_waiter mail;
    size_t unanswered;
    struct dns_query queries[QUESTIONS];
    size_t count;
};

/* --- asking ----------------------------------------------------------------------------------- */

static void note_answer(struct mail *mail, void *owner)
{
    struct waiting *waiting = owner;

    (void)mail;
    waiting->unanswered--;
}

static void ask(struct waiting *waiting, struct dns *dns, enum dns_kind kind, struct slice prefix,
                struct slice name)
{
    struct dns_query *query = &waiting->queries[waiting->count++];
    struct buffer text = buffer_over(query->name, DNS_MAX_NAME);

    buffer_add(&text, prefix);
    buffer_add(&text, name);
    query->name[text.len] = '\0';
    query->kind = kind;
    query->wants_ipv4 = query->wants_ipv6 = true;
    query->asker = &waiting->mail.mailbox;
    query->mail.deliver = note_answer;
    waiting->unanswered++;
    dns_ask(dns, query);
}

/* --- lines ------------------------------------------------------------------------------------ */

/* A stranger's text goes to a terminal: what is not plain is not shown. */
static void write_string(struct slice text, struct buffer *out)
{
    buffer_add_text(out, " \"");
    for (size_t i = 0; i < text.len; i++) {
        bool is_plain =
            text.ptr[i] >= ' ' && text.ptr[i] < 127 && strchr("\"\\", text.ptr[i]) == NULL;
        buffer_add_char(out, is_plain ? text.ptr[i] : '?');
    }
    buffer_add_char(out, '"');
}

static void write_name(const struct dns_name *name, struct buffer *out)
{
    buffer_printf(out, " %s%s\n", name->text, strcmp(name->text, ".") == 0 ? "" : ".");
}

static void write_naptr(const char *owner, struct slice rdata, struct buffer *out)
{
    struct dns_naptr naptr;

    if (!dns_naptr_read(rdata, &naptr))
        return;
    buffer_printf(out, "%s. 0 IN NAPTR %u %u", owner, naptr.order, naptr.preference);
    write_string(naptr.flags, out);
    write_string(naptr.services, out);
    write_string(naptr.regexp, out);
    write_name(&naptr.replacement, out);
}

static void write_srv(const char *owner, struct slice rdata, struct buffer *out)
{
    struct dns_srv srv;

    if (!dns_srv_read(rdata, &srv))
        return;
    buffer_printf(out, "%s. 0 IN SRV %u %u %u", owner, srv.priority, srv.weight, srv.port);
    write_name(&srv.target, out);
}

static void write_addresses(const struct dns_query *query, struct buffer *out)
{
    for (size_t i = 0; i < query->count; i++) {
        const struct net_addr *addr = &query->addresses[i];
        buffer_printf(out, "%s. 0 IN %s ", query->name, addr->family == 4 ? "A" : "AAAA");
        net_addr_write_host(addr, out);
        buffer_add_char(out, '\n');
    }
}

static void write_answer(const struct dns_query *query, struct buffer *out)
{
    struct slice rest = dns_records_of(query), rdata;

    if (query->kind == DNS_ADDRESSES)
        write_addresses(query, out);
    while (dns_next_record(&rest, &rdata)) {
        if (query->kind == DNS_NAPTR)
            write_naptr(query->name, rdata, out);
        else
            write_srv(query->name, rdata, out);
    }
}

bool published_ask(struct dns *dns, struct slice domain, struct slice host, struct buffer *out)
{
    struct waiting waiting = {.count = 0};
    bool is_whole = true;

    mail_waiter_init(&waiting.mail, &waiting);
    ask(&waiting, dns, DNS_NAPTR, SLICE_NONE, domain);
    for (int i = 0; i < SIP_TRANSPORT_COUNT; i++)
        ask(&waiting, dns, DNS_SRV, sip_transports[i].srv_prefix, domain);
    ask(&waiting, dns, DNS_ADDRESSES, SLICE_NONE, host);
    while (waiting.unanswered > 0)
        mail_waiter_wait(&waiting.mail);
    for (size_t i = 0; i < waiting.count; i++) {
        write_answer(&waiting.queries[i], out);
        is_whole = is_whole
                   && (waiting.queries[i].err == ERR_NONE || waiting.queries[i].err == ERR_ABSENT);
    }
    mail_waiter_fini(&waiting.mail);
    return is_whole;
}
