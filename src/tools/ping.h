/*
 * A ping: an OPTIONS request (RFC 3261 11) to a URI, sent by a client transaction of our own, and
 * what came back. One after the other, as often as asked.
 */
#ifndef TCHIN_TOOLS_PING_H
#define TCHIN_TOOLS_PING_H

#include "base/buffer.h"
#include "sip/uri.h"
#include "transport/hop.h"

enum { PING_MAX_TARGETS = 16 };

enum ping_outcome { PING_ANSWERED, PING_SILENCE, PING_UNREACHABLE };

struct ping_result {
    enum ping_outcome outcome;
    const struct hop *hop; /* where it was sent */
    uint64_t rtt_us;       /* if it was answered, as is all that follows; valid during the call */
    int status;
    struct slice reason;
    struct slice server; /* its Server, or User-Agent */
};

struct ping_target {
    enum hop_protocol protocol;
    struct net_addr addr;
};

struct ping_plan {
    struct sip_uri uri;
    struct slice from;                            /* a URI; empty: one of our own address */
    struct slice transport;                       /* to be used alone; empty: as the URI says */
    struct ping_target targets[PING_MAX_TARGETS]; /* the first that can be reached is taken */
    size_t target_count;
    uint32_t count;
    uint32_t interval_ms;
    uint32_t timeout_ms;
};

/*
 * Sees where the URI leads, with the help of DNS if it has a name: RFC 3263 4. False: `fault` says
 * why it leads nowhere; `is_wrong` if it could not, whatever the network.
 */
bool ping_locate(struct ping_plan *plan, bool *is_wrong, struct buffer *fault) MUST_USE;

/* Calls `tell` for each of plan->count. False: it could not be done at all. */
typedef void ping_tell(void *arg, const struct ping_result *result);
bool ping_run(const struct ping_plan *plan, ping_tell *tell, void *arg,
              struct buffer *fault) MUST_USE;

#endif
