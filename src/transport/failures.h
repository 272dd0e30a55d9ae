/* What could not be sent, until the turn ends and its host may be told. */
#ifndef TCHIN_TRANSPORT_FAILURES_H
#define TCHIN_TRANSPORT_FAILURES_H

#include "base/list.h"
#include "transport/transport.h"

enum {
    FAILURES_MAX = 1024,
    FAILURE_HEAD_BYTES = 4096, /* a request line and our Via */
};

struct failures {
    struct list_node waiting;
    size_t count;
};

void failures_init(struct failures *failures);
void failures_fini(struct failures *failures);

/* Keeps the beginning of `message`. False: too many, or no memory. */
bool failures_add(struct failures *failures, const struct hop *to, struct slice message) MUST_USE;

/* Tells those that are there now, and returns how many; what is added meanwhile stays. */
size_t failures_tell(struct failures *failures, const struct transport_host *host, void *host_arg);

#endif
