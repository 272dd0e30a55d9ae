/* One question to the resolver for both families; what the sockets cannot reach is passed over. */
#include "server/lookup.h"

#include <stdlib.h>

static bool listens_in(const struct settings *settings, uint8_t family)
{
    for (size_t i = 0; i < settings->listener_count; i++) {
        if (settings->listeners[i].addr.family == family)
            return true;
    }
    return false;
}

static void deliver_answer(struct mail *mail, void *owner)
{
    struct dns_query *query = CONTAINER_OF(mail, struct dns_query, mail);
    struct lookup *lookup = CONTAINER_OF(query, struct lookup, query);
    struct worker *w = owner;

    lookup->is_answered = true;
    if (lookup->owner == NULL)
        free(lookup);
    else
        lookup->done(lookup);
    arena_reset(w->arena);
}

struct lookup *lookup_start(struct worker *w, const struct next_hop *hop, void *owner,
                            void (*done)(struct lookup *lookup))
{
    const struct settings *settings = w->settings;

    if (hop->name.len > DNS_MAX_NAME)
        return NULL;
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (lookup == NULL)
        return NULL;
    lookup->w = w;
    lookup->owner = owner;
    lookup->done = done;
    lookup->protocol = hop->protocol;
    lookup->protocol_is_explicit = hop->protocol_is_explicit;
    lookup->port = hop->port;
    memcpy(lookup->query.name, hop->name.ptr, hop->name.len);
    lookup->query.wants_ipv4 = listens_in(settings, 4);
    lookup->query.wants_ipv6 = listens_in(settings, 6);
    lookup->query.asker = net_loop_mailbox(w->loop);
    lookup->query.mail.deliver = deliver_answer;
    dns_ask(w->server->dns, &lookup->query);
    return lookup;
}

bool lookup_next(struct lookup *lookup, struct net_addr *out)
{
    while (lookup->next < lookup->query.count) {
        struct net_addr addr = lookup->query.addresses[lookup->next++];
        addr.port = lookup->port;
        if (next_hop_is_allowed(&addr)) {
            *out = addr;
            return true;
        }
    }
    return false;
}

void lookup_let_go(struct lookup *lookup)
{
    if (lookup == NULL)
        return;
    lookup->owner = NULL;
    if (lookup->is_answered)
        free(lookup);
}
