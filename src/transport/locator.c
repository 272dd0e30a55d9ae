/* Questions go out as mail, one block of memory each; an answer is read and forgotten. */
#include "transport/locator.h"

#include <stdlib.h>

#include "net/dns_records.h"

struct question {
    struct dns_query query;
    struct sip_question asked;
    struct locator *locator;
};

static void deliver_answer(struct mail *mail, void *owner);

struct locator *locator_new(struct dns *dns, struct mailbox *mailbox, void *owner,
                            void (*go_on)(struct locator *l))
{
    struct locator *l = malloc(sizeof(*l));

    if (l == NULL)
        return NULL;
    l->dns = dns;
    l->mailbox = mailbox;
    l->owner = owner;
    l->go_on = go_on;
    l->on_behalf_of = 0;
    l->questions = 0;
    l->is_waiting = false;
    return l;
}

void locator_let_go(struct locator *l)
{
    if (l == NULL)
        return;
    l->owner = NULL;
    if (l->questions == 0)
        free(l);
}

/* --- asking ----------------------------------------------------------------------------------- */

static enum dns_kind kind_of(enum sip_question_type type)
{
    switch (type) {
    case SIP_ASK_NAPTR: return DNS_NAPTR;
    case SIP_ASK_SRV: return DNS_SRV;
    default: return DNS_ADDRESSES;
    }
}

static void ask(struct locator *l, const struct sip_question *asked)
{
    struct question *question = malloc(sizeof(*question));

    if (question == NULL) {
        sip_locate_answered(&l->machine, asked, SIP_ANSWER_FAILED);
        return;
    }
    question->asked = *asked;
    question->locator = l;
    question->query.mail.deliver = deliver_answer;
    question->query.asker = l->mailbox;
    question->query.kind = kind_of(asked->type);
    question->query.on_behalf_of = l->on_behalf_of;
    question->query.wants_ipv4 = l->machine.client.has_ipv4;
    question->query.wants_ipv6 = l->machine.client.has_ipv6;
    memcpy(question->query.name, asked->name, sizeof(asked->name));
    l->questions++;
    dns_ask(l->dns, &question->query);
}

enum sip_locate_result locator_next(struct locator *l, struct sip_dead_targets *dead,
                                    uint64_t now_ms, struct sip_candidate *out)
{
    struct sip_question question;
    enum sip_locate_result result;

    do {
        result = sip_locate_next(&l->machine, dead, now_ms, out);
        if (result != SIP_LOCATE_WAIT)
            return result;
        while (sip_locate_question(&l->machine, &question))
            ask(l, &question);
    } while (l->questions == 0); /* none could be asked, for want of memory */
    l->is_waiting = true;
    return SIP_LOCATE_WAIT;
}

/* --- answers ---------------------------------------------------------------------------------- */

struct sip_ip locator_ip(const struct net_addr *addr)
{
    struct sip_ip ip = {.family = addr->family};

    memcpy(ip.bytes, addr->ip, sizeof(ip.bytes));
    return ip;
}

static void add_naptr(struct locator *l, struct slice rdata)
{
    struct dns_naptr naptr;

    if (dns_naptr_read(rdata, &naptr))
        sip_locate_add_naptr(&l->machine,
                             &(struct sip_naptr){naptr.order, naptr.preference, naptr.flags,
                                                 naptr.services, naptr.regexp,
                                                 slice_of(naptr.replacement.text)});
}

static void add_srv(struct locator *l, uint8_t service, struct slice rdata)
{
    struct dns_srv srv;

    if (dns_srv_read(rdata, &srv))
        sip_locate_add_srv(
            &l->machine, service,
            &(struct sip_srv){srv.priority, srv.weight, srv.port, slice_of(srv.target.text)});
}

static void add_records(struct locator *l, const struct question *question)
{
    struct slice rest = dns_records_of(&question->query), rdata;

    while (dns_next_record(&rest, &rdata)) {
        if (question->asked.type == SIP_ASK_NAPTR)
            add_naptr(l, rdata);
        else
            add_srv(l, question->asked.service, rdata);
    }
}

static void add_addresses(struct locator *l, const struct dns_query *query)
{
    for (size_t i = 0; i < query->count; i++) {
        struct sip_ip ip = locator_ip(&query->addresses[i]);
        sip_locate_add_address(&l->machine, &ip);
    }
}

static enum sip_answer answer_of(const struct dns_query *query)
{
    switch (query->err) {
    case ERR_NONE: return SIP_ANSWER_FOUND;
    case ERR_ABSENT: return SIP_ANSWER_ABSENT;
    default: return SIP_ANSWER_FAILED;
    }
}

static void deliver_answer(struct mail *mail, void *owner)
{
    struct dns_query *query = CONTAINER_OF(mail, struct dns_query, mail);
    struct question *question = CONTAINER_OF(query, struct question, query);
    struct locator *l = question->locator;

    (void)owner;
    l->questions--;
    if (question->asked.type == SIP_ASK_ADDRESSES)
        add_addresses(l, query);
    else
        add_records(l, question);
    sip_locate_answered(&l->machine, &question->asked, answer_of(query));
    free(question);
    if (l->owner == NULL && l->questions == 0) {
        free(l);
    } else if (l->owner != NULL && l->is_waiting) {
        l->is_waiting = false;
        l->go_on(l);
    }
}

/* --- transports and places -------------------------------------------------------------------- */

/* WebSocket is for who comes to us. */
static const enum sip_transport by_preference[] = {SIP_UDP, SIP_TCP, SIP_TLS};

static bool listens_by(const struct transport_listener *listeners, size_t count,
                       enum sip_transport transport)
{
    enum hop_protocol protocol;

    if (!hop_protocol_find(sip_transports[transport].name, &protocol))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (listeners[i].protocol == protocol)
            return true;
    }
    return false;
}

struct sip_locate_client locator_client(const struct transport_listener *listeners, size_t count)
{
    struct sip_locate_client client = {.transport_count = 0};

    for (size_t i = 0; i < ARRAY_LEN(by_preference); i++) {
        if (listens_by(listeners, count, by_preference[i]))
            client.transports[client.transport_count++] = by_preference[i];
    }
    for (size_t i = 0; i < count; i++) {
        client.has_ipv4 = client.has_ipv4 || listeners[i].addr.family == 4;
        client.has_ipv6 = client.has_ipv6 || listeners[i].addr.family == 6;
    }
    return client;
}

bool locator_place(const struct sip_candidate *candidate, enum hop_protocol *protocol,
                   struct net_addr *addr)
{
    *addr = (struct net_addr){.family = candidate->ip.family, .port = candidate->port};
    memcpy(addr->ip, candidate->ip.bytes, sizeof(addr->ip));
    return hop_protocol_find(sip_transports[candidate->transport].name, protocol);
}
