/*
 * The lookups under way in libunbound: each asks for one or both families and is answered once, in
 * time. Belongs to the one thread that speaks to libunbound.
 */
#ifndef TCHIN_NET_DNS_LOOKUPS_H
#define TCHIN_NET_DNS_LOOKUPS_H

#include "base/list.h"
#include "base/timer_wheel.h"
#include "net/dns.h"

enum { DNS_SHARES = 1024 };

struct ub_ctx;
struct dns_lookup;

struct dns_lookups {
    struct ub_ctx *unbound;
    uint32_t limit_ms;
    struct dns_lookup *all;
    struct list_node idle;
    struct list_node under_way;
    size_t idle_count;
    uint16_t shares[DNS_SHARES]; /* of those under way, by on_behalf_of */
    struct timer_wheel timers;
};

/* Takes `unbound`, whatever comes of it; it may be NULL. False: no memory. */
bool dns_lookups_init(struct dns_lookups *lookups, struct ub_ctx *unbound, size_t max_count,
                      uint32_t limit_ms) MUST_USE;

/* None may be under way. */
void dns_lookups_fini(struct dns_lookups *lookups);

/* ERR_FULL is answered at once. */
void dns_lookups_start(struct dns_lookups *lookups, struct dns_query *query);

/* libunbound has something, or a time limit may be reached. */
void dns_lookups_turn(struct dns_lookups *lookups);

/* Milliseconds until dns_lookups_turn wants to be called; -1: only when libunbound has something.
 */
int dns_lookups_patience_ms(struct dns_lookups *lookups);

/* Answers all with what there is. */
void dns_lookups_end(struct dns_lookups *lookups);

#endif
