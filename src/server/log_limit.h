/*
 * How many lines of the log a stranger can cause: of each kind a few a minute from one host, or
 * from one network of IPv6; how many more there were is one line. Hosts share a bounded number of
 * places, so the lines of all strangers together are bounded, too.
 */
#ifndef TCHIN_SERVER_LOG_LIMIT_H
#define TCHIN_SERVER_LOG_LIMIT_H

#include "base/hash.h"
#include "base/log.h"
#include "net/addr.h"

enum log_kind { LOG_REFUSALS, LOG_PASSWORDS, LOG_HANDSHAKES, LOG_TARGETS, LOG_KIND_COUNT };

enum { LOG_LIMIT_LINES = 20, LOG_LIMIT_PLACES = 64, LOG_LIMIT_MS = 60 * 1000 };

/* Of one host, or of several that a keyed hash has brought together. */
struct log_allowance {
    uint64_t until_ms;
    uint32_t written;
    uint32_t left_out; /* since the last report */
    struct net_addr source;
    bool has_others; /* who were left out, beside `source` */
};

/* Belongs to one thread. Zeroed: nothing was written. */
struct log_limit {
    uint64_t reports_at_ms; /* if has_left_out */
    bool has_left_out;
    struct log_allowance places[LOG_KIND_COUNT][LOG_LIMIT_PLACES];
};

/*
 * Whether one more line of that kind, which `source` has caused, is to be written; if not it is
 * counted. `key` is the same each time.
 */
bool log_limit_permits(struct log_limit *limit, const struct hash_key *key, enum log_kind kind,
                       const struct net_addr *source, uint64_t now_ms) MUST_USE;

/* Writes what is due of what was left out. When to be called again; TIMER_NEVER: no need to. */
uint64_t log_limit_report(struct log_limit *limit, struct log_batch *log, uint64_t now_ms);

#endif
