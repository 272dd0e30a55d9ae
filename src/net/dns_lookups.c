/*
 * A and AAAA are asked side by side; what one of them found does not wait long for the other. NAPTR
 * and SRV records go into the answer as they are.
 */
#include "net/dns_lookups.h"

#include <stdlib.h>
#include <time.h>
#include <unbound.h>

#include "net/address_order.h"

enum {
    CLASS_IN = 1, /* RFC 1035 3.2 */
    TYPE_A = 1,
    TYPE_AAAA = 28,  /* RFC 3596 2.1 */
    TYPE_SRV = 33,   /* RFC 2782 */
    TYPE_NAPTR = 35, /* RFC 3403 5 */
    RCODE_NOERROR = 0,
    SECOND_FAMILY_MS = 300,
};

/* One type of record. */
struct question {
    struct dns_lookup *lookup;
    int type;
    int id; /* libunbound's */
    bool is_asked;
    bool has_failed; /* as opposed to there being none */
};

struct dns_lookup {
    struct list_node node; /* among the idle, or those under way */
    struct timer timer;
    struct dns_lookups *lookups;
    struct dns_query *query;
    struct question first;
    struct question second; /* for addresses: of the other family */
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
    lookups->idle_count = max_count;
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
    *question = (struct question){.lookup = lookup, .type = type};
    if (!is_wanted)
        return;
    question->has_failed = true; /* until there is an answer */
    question->is_asked = ub_resolve_async(lookup->lookups->unbound, lookup->query->name, type,
                                          CLASS_IN, question, answered, &question->id)
                         == 0;
}

static void ask_all(struct dns_lookup *lookup)
{
    const struct dns_query *query = lookup->query;
    bool is_for_addresses = query->kind == DNS_ADDRESSES;

    if (is_for_addresses)
        ask(lookup, &lookup->first, TYPE_AAAA, query->wants_ipv6);
    else
        ask(lookup, &lookup->first, query->kind == DNS_SRV ? TYPE_SRV : TYPE_NAPTR, true);
    ask(lookup, &lookup->second, TYPE_A, is_for_addresses && query->wants_ipv4);
}

static void answer(struct dns_query *query, enum err err)
{
    query->err = err;
    mailbox_send(query->asker, &query->mail);
}

static uint16_t *share_of(struct dns_lookups *lookups, const struct dns_query *query)
{
    return &lookups->shares[query->on_behalf_of % DNS_SHARES];
}

/* Of who has more than are left nothing is taken: so there is always something left for others. */
static struct dns_lookup *take_idle(struct dns_lookups *lookups, const struct dns_query *query)
{
    uint16_t *share = share_of(lookups, query);

    if (lookups->idle_count == 0 || *share > lookups->idle_count)
        return NULL;
    ++*share;
    lookups->idle_count--;
    return CONTAINER_OF(list_take_first(&lookups->idle), struct dns_lookup, node);
}

static void give_back(struct dns_lookup *lookup)
{
    struct dns_lookups *lookups = lookup->lookups;

    --*share_of(lookups, lookup->query);
    lookups->idle_count++;
    list_remove(&lookup->node);
    list_add(&lookups->idle, &lookup->node);
}

void dns_lookups_start(struct dns_lookups *lookups, struct dns_query *query)
{
    struct dns_lookup *lookup = take_idle(lookups, query);

    if (lookup == NULL) {
        answer(query, ERR_FULL);
        return;
    }
    lookup->query = query;
    lookup->count = 0;
    list_add(&lookups->under_way, &lookup->node);
    timer_set(&lookups->timers, &lookup->timer, monotonic_ms() + lookups->limit_ms);
    ask_all(lookup);
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

static size_t copy_addresses(const struct ub_result *result, struct net_addr *out)
{
    size_t count = 0;

    for (size_t i = 0; result->data[i] != NULL && count < DNS_MAX_ADDRESSES; i++) {
        int len = result->len[i];
        if (len > 0
            && net_addr_from_bytes((struct slice){result->data[i], (size_t)len}, &out[count]))
            count++;
    }
    return count;
}

static void copy_records(const struct ub_result *result, struct dns_query *query)
{
    for (size_t i = 0; result->data[i] != NULL; i++) {
        int len = result->len[i];
        if (len < 0 || len > UINT16_MAX
            || (size_t)len + 2 > DNS_MAX_RECORD_BYTES - query->records_len)
            continue;
        char *out = query->records + query->records_len;
        out[0] = (char)(len >> 8);
        out[1] = (char)len;
        memcpy(out + 2, result->data[i], (size_t)len);
        query->records_len += (size_t)len + 2;
        query->count++;
    }
}

bool dns_next_record(struct slice *rest, struct slice *rdata)
{
    if (rest->len < 2)
        return false;
    size_t len = (size_t)(uint8_t)rest->ptr[0] << 8 | (uint8_t)rest->ptr[1];
    if (len > rest->len - 2)
        return false;
    *rdata = (struct slice){rest->ptr + 2, len};
    *rest = slice_after(*rest, len + 2);
    return true;
}

static void take(struct dns_lookup *lookup, int type, const struct ub_result *result)
{
    if (type == TYPE_A || type == TYPE_AAAA)
        lookup->count += copy_addresses(result, lookup->addresses + lookup->count);
    else
        copy_records(result, lookup->query);
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
        take(lookup, question->type, result);
    ub_resolve_free(result);
    finish_if_complete(lookup);
}

static void finish_if_complete(struct dns_lookup *lookup)
{
    uint64_t soon_ms = monotonic_ms() + SECOND_FAMILY_MS;

    if (!lookup->first.is_asked && !lookup->second.is_asked)
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

static void hand_over_addresses(struct dns_lookup *lookup)
{
    struct dns_query *query = lookup->query;

    address_order(lookup->addresses, lookup->count);
    query->count = lookup->count < DNS_MAX_ADDRESSES ? lookup->count : DNS_MAX_ADDRESSES;
    memcpy(query->addresses, lookup->addresses, query->count * sizeof(*query->addresses));
}

/* What is there now is the answer. */
static void finish(struct dns_lookup *lookup)
{
    struct dns_query *query = lookup->query;
    enum err err = lookup->first.has_failed || lookup->second.has_failed ? ERR_IO : ERR_ABSENT;

    stop_asking(&lookup->first);
    stop_asking(&lookup->second);
    timer_clear(&lookup->timer);
    give_back(lookup);
    if (query->kind == DNS_ADDRESSES)
        hand_over_addresses(lookup);
    answer(query, query->count > 0 ? ERR_NONE : err);
}
