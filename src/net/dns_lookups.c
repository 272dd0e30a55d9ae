/* A and AAAA are asked side by side; what one of them found does not wait long for the other. */
#include "net/dns_lookups.h"

#include <stdlib.h>
#include <time.h>
#include <unbound.h>

#include "net/address_order.h"

enum {
    CLASS_IN = 1, /* RFC 1035 3.2 */
    TYPE_A = 1,
    TYPE_AAAA = 28, /* RFC 3596 2.1 */
    RCODE_NOERROR = 0,
    SECOND_FAMILY_MS = 300,
};

/* One family of a lookup. */
struct question {
    struct dns_lookup *lookup;
    int id; /* libunbound's */
    bool is_asked;
    bool has_failed; /* as opposed to there being none */
};

struct dns_lookup {
    struct list_node node; /* among the idle, or those under way */
    struct timer timer;
    struct dns_lookups *lookups;
    struct dns_query *query;
    struct question ipv4;
    struct question ipv6;
    size_t count;
    struct net_addr addresses[2 * DNS_MAX_ADDRESSES];
};

static void answered(void *arg, int failure, struct ub_result *result);
static void finish_if_complete(struct dns_lookup *lookup);
static void finish(struct dns_lookup *lookup);

static uint64_t monotonic_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool dns_lookups_init(struct dns_lookups *lookups, struct ub_ctx *unbound, size_t max_count,
                      uint32_t limit_ms)
{
    *lookups = (struct dns_lookups){.unbound = unbound, .limit_ms = limit_ms};
    list_init(&lookups->idle);
    list_init(&lookups->under_way);
    timer_wheel_init(&lookups->timers, monotonic_ms());
    lookups->all = calloc(max_count, sizeof(*lookups->all));
    if (lookups->all == NULL)
        return false;
    for (size_t i = 0; i < max_count; i++) {
        lookups->all[i].lookups = lookups;
        timer_init(&lookups->all[i].timer);
        list_add(&lookups->idle, &lookups->all[i].node);
    }
    return true;
}

void dns_lookups_fini(struct dns_lookups *lookups)
{
    if (lookups->unbound != NULL)
        ub_ctx_delete(lookups->unbound);
    free(lookups->all);
}

static void ask(struct dns_lookup *lookup, struct question *question, int type, bool is_wanted)
{
    *question = (struct question){.lookup = lookup};
    if (!is_wanted)
        return;
    question->has_failed = true; /* until there is an answer */
    question->is_asked = ub_resolve_async(lookup->lookups->unbound, lookup->query->name, type,
                                          CLASS_IN, question, answered, &question->id)
                         == 0;
}

static void answer(struct dns_query *query, enum err err)
{
    query->err = err;
    mailbox_send(query->asker, &query->mail);
}

void dns_lookups_start(struct dns_lookups *lookups, struct dns_query *query)
{
    struct list_node *node = list_take_first(&lookups->idle);

    if (node == NULL) {
        answer(query, ERR_FULL);
        return;
    }
    struct dns_lookup *lookup = CONTAINER_OF(node, struct dns_lookup, node);
    lookup->query = query;
    lookup->count = 0;
    list_add(&lookups->under_way, node);
    timer_set(&lookups->timers, &lookup->timer, monotonic_ms() + lookups->limit_ms);
    ask(lookup, &lookup->ipv6, TYPE_AAAA, query->wants_ipv6);
    ask(lookup, &lookup->ipv4, TYPE_A, query->wants_ipv4);
    finish_if_complete(lookup);
}

void dns_lookups_turn(struct dns_lookups *lookups)
{
    struct timer *timer;

    (void)ub_process(lookups->unbound);
    while ((timer = timer_wheel_take(&lookups->timers, monotonic_ms())) != NULL)
        finish(CONTAINER_OF(timer, struct dns_lookup, timer));
}

int dns_lookups_patience_ms(struct dns_lookups *lookups)
{
    uint64_t next_ms = timer_wheel_next_ms(&lookups->timers);
    uint64_t now_ms = monotonic_ms();

    if (next_ms == TIMER_NEVER)
        return -1;
    return next_ms <= now_ms ? 0 : (int)(next_ms - now_ms); /* limit_ms at most */
}

void dns_lookups_end(struct dns_lookups *lookups)
{
    while (!list_is_empty(&lookups->under_way))
        finish(CONTAINER_OF(lookups->under_way.next, struct dns_lookup, node));
}

/* --- answers ---------------------------------------------------------------------------------- */

static size_t copy_addresses(const struct ub_result *result, uint8_t family, struct net_addr *out)
{
    size_t ip_bytes = family == 4 ? 4 : 16;
    size_t count = 0;

    for (size_t i = 0; result->data[i] != NULL && count < DNS_MAX_ADDRESSES; i++) {
        if (result->len[i] != (int)ip_bytes)
            continue;
        out[count] = (struct net_addr){.family = family};
        memcpy(out[count].ip, result->data[i], ip_bytes);
        count++;
    }
    return count;
}

/* Called by ub_process. What is bogus has failed: RFC 4035 5.5. */
static void answered(void *arg, int failure, struct ub_result *result)
{
    struct question *question = arg;
    struct dns_lookup *lookup = question->lookup;
    bool is_usable = failure == 0 && !result->bogus;

    question->is_asked = false;
    if (is_usable)
        question->has_failed = result->rcode != RCODE_NOERROR && !result->nxdomain;
    if (is_usable && result->havedata)
        lookup->count += copy_addresses(result, question == &lookup->ipv4 ? 4 : 6,
                                        lookup->addresses + lookup->count);
    ub_resolve_free(result);
    finish_if_complete(lookup);
}

static void finish_if_complete(struct dns_lookup *lookup)
{
    uint64_t soon_ms = monotonic_ms() + SECOND_FAMILY_MS;

    if (!lookup->ipv4.is_asked && !lookup->ipv6.is_asked)
        finish(lookup);
    else if (lookup->count > 0 && soon_ms < lookup->timer.due_ms)
        timer_set(&lookup->lookups->timers, &lookup->timer, soon_ms);
}

static void stop_asking(struct question *question)
{
    if (question->is_asked)
        (void)ub_cancel(question->lookup->lookups->unbound, question->id);
    question->is_asked = false;
}

/* What is there now is the answer. */
static void finish(struct dns_lookup *lookup)
{
    struct dns_query *query = lookup->query;
    enum err err = lookup->ipv4.has_failed || lookup->ipv6.has_failed ? ERR_IO : ERR_ABSENT;

    stop_asking(&lookup->ipv4);
    stop_asking(&lookup->ipv6);
    timer_clear(&lookup->timer);
    list_remove(&lookup->node);
    list_add(&lookup->lookups->idle, &lookup->node);
    address_order(lookup->addresses, lookup->count);
    query->count = lookup->count < DNS_MAX_ADDRESSES ? lookup->count : DNS_MAX_ADDRESSES;
    memcpy(query->addresses, lookup->addresses, query->count * sizeof(*query->addresses));
    answer(query, query->count > 0 ? ERR_NONE : err);
}
