/* From a URI to the places it leads to: RFC 3263, to the end, before anything is sent. */
#include <sys/random.h>

#include "base/mail_waiter.h"
#include "tools/ping.h"
#include "transport/locator.h"

/* What the transport layer speaks without further ado. */
static const struct sip_locate_client everything = {
    {SIP_UDP, SIP_TCP},
    2, true, true
};

struct finding {
    struct ping_plan *plan;
    struct dns *dns;
    struct locator *search;
    struct mail_waiter mail;
};

/* The transport that was asked for alone, wherever it was. */
static bool choose_client(const struct ping_plan *plan, struct sip_locate_client *out,
                          struct buffer *fault)
{
    struct slice name = plan->transport;
    enum sip_transport transport;

    *out = everything;
    if (name.len == 0 && !sip_uri_param(&plan->uri, SLICE("transport"), &name))
        return true;
    if (sip_transport_find(name, &transport)) {
        for (size_t i = 0; i < everything.transport_count; i++) {
            if (everything.transports[i] == transport) {
                *out = (struct sip_locate_client){{transport}, 1, true, true};
                return true;
            }
        }
    }
    buffer_printf(fault, "transport=%.*s is not spoken here: write udp or tcp", SLICE_ARGS(name));
    return false;
}

static void add_target(struct ping_plan *plan, const struct sip_candidate *place)
{
    struct ping_target *target = &plan->targets[plan->target_count];

    if (locator_place(place, &target->protocol, &target->addr))
        plan->target_count++;
}

static void nothing_more(struct locator *search)
{
    (void)search; /* who waits looks again */
}

static enum sip_locate_result collect(struct finding *f)
{
    enum sip_locate_result result = SIP_LOCATED;
    struct sip_candidate place;

    while (f->plan->target_count < PING_MAX_TARGETS) {
        result = locator_next(f->search, NULL, 0, &place);
        if (result == SIP_LOCATED)
            add_target(f->plan, &place);
        else if (result == SIP_LOCATE_WAIT)
            mail_waiter_wait(&f->mail);
        else
            break;
    }
    return result;
}

static bool search(struct finding *f, const struct sip_locate *machine, struct buffer *fault)
{
    struct slice host = sip_locate_domain(machine);

    mail_waiter_init(&f->mail, f);
    f->dns = dns_start();
    f->search = f->dns != NULL ? locator_new(f->dns, &f->mail.mailbox, f, nothing_more) : NULL;
    if (f->search == NULL) {
        buffer_add_text(fault, "the resolver does not start");
    } else {
        f->search->machine = *machine;
        bool has_failed = collect(f) == SIP_LOCATE_LATER;
        if (f->plan->target_count == 0)
            buffer_printf(fault,
                          has_failed ? "%.*s: DNS does not answer: see /etc/resolv.conf"
                                     : "%.*s has no server: DNS has neither SRV records nor "
                                       "addresses that lead to one",
                          SLICE_ARGS(host));
    }
    locator_let_go(f->search);
    dns_stop(f->dns); /* what it has not answered yet it does now */
    (void)mailbox_deliver(&f->mail.mailbox);
    mail_waiter_fini(&f->mail);
    return f->plan->target_count > 0;
}

/* Not for secrets: which of several servers of equal weight is asked. */
static uint64_t draw(void)
{
    uint64_t number = 0;

    (void)!getrandom(&number, sizeof(number), 0);
    return number;
}

/* False: it leads nowhere, whatever the network. */
static bool begin(const struct ping_plan *plan, struct sip_locate *machine, struct buffer *fault)
{
    struct sip_uri uri = plan->uri;
    struct sip_locate_client client;

    if (uri.scheme != SIP_SCHEME_SIP) {
        buffer_printf(fault, "\"%.*s:\" cannot be asked, only sip: can",
                      SLICE_ARGS(sip_uri_scheme_text(&uri)));
        return false;
    }
    if (!choose_client(plan, &client, fault))
        return false;
    if (plan->transport.len > 0)
        uri.params = SLICE_NONE;
    sip_locate_start(machine, &uri, &client, draw());
    return true;
}

bool ping_locate(struct ping_plan *plan, bool *is_wrong, struct buffer *fault)
{
    struct finding f = {.plan = plan};
    struct sip_candidate place;
    struct sip_locate machine;
    enum sip_locate_result result;

    *is_wrong = true;
    plan->target_count = 0;
    if (!begin(plan, &machine, fault))
        return false;
    result = sip_locate_next(&machine, NULL, 0, &place);
    *is_wrong = result != SIP_LOCATED && result != SIP_LOCATE_WAIT;
    if (*is_wrong)
        buffer_add_text(fault, "nothing can be sent to that address");
    if (result == SIP_LOCATED)
        add_target(plan, &place);
    return result == SIP_LOCATE_WAIT ? search(&f, &machine, fault) : !*is_wrong;
}
