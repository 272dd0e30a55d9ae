/* A list of copies. */
#include "transport/failures.h"

#include <stdlib.h>

struct failure {
    struct list_node node;
    struct hop to;
    size_t len;
    char head[];
};

void failures_init(struct failures *failures)
{
    list_init(&failures->waiting);
    failures->count = 0;
}

static struct failure *take_first(struct failures *failures)
{
    struct list_node *node = list_take_first(&failures->waiting);

    if (node == NULL)
        return NULL;
    failures->count--;
    return CONTAINER_OF(node, struct failure, node);
}

void failures_fini(struct failures *failures)
{
    struct failure *failure;

    while ((failure = take_first(failures)) != NULL)
        free(failure);
}

bool failures_add(struct failures *failures, const struct hop *to, struct slice message)
{
    size_t len = message.len < FAILURE_HEAD_BYTES ? message.len : FAILURE_HEAD_BYTES;
    struct failure *failure;

    if (failures->count >= FAILURES_MAX)
        return false;
    failure = malloc(sizeof(*failure) + len);
    if (failure == NULL)
        return false;
    failure->to = *to;
    failure->len = len;
    memcpy(failure->head, message.ptr, len);
    list_add(&failures->waiting, &failure->node);
    failures->count++;
    return true;
}

size_t failures_tell(struct failures *failures, const struct transport_host *host, void *host_arg)
{
    size_t count = failures->count;

    for (size_t i = 0; i < count; i++) {
        struct failure *failure = take_first(failures);
        host->unreachable(host_arg, &failure->to, (struct slice){failure->head, failure->len});
        free(failure);
    }
    return count;
}
