/* The target set: predetermined by the request, or found by the location service. RFC 3261 16.5. */
#include "server/target.h"

#include "server/domain.h"
#include "server/flow.h"
#include "store/location.h"
#include "store/user.h"

static enum sip_status target_is_the_uri(struct request *rq, struct target_list *out)
{
    struct target *target = arena_alloc(rq->w->arena, sizeof(*target));

    if (target == NULL)
        return SIP_500_SERVER_INTERNAL_ERROR;
    *target = (struct target){.uri = rq->uri_text, .q_thousandths = 1000};
    *out = (struct target_list){target, 1};
    return SIP_GO_ON;
}

/* A user may have registered a mailto: as well, for whom that is of use. */
static bool can_be_called(const struct binding *binding)
{
    return binding->contact.len > 4
           && slice_equal_nocase((struct slice){binding->contact.ptr, 4}, SLICE("sip:"));
}

/* Each target once (16.5): two bindings of one contact cannot be, the registrar sees to that. */
static enum sip_status targets_of_bindings(struct request *rq, const struct binding_list *bindings,
                                           struct target_list *out)
{
    size_t count = 0;
    struct target *targets = arena_alloc(rq->w->arena, bindings->count * sizeof(*targets));

    if (targets == NULL)
        return SIP_500_SERVER_INTERNAL_ERROR;
    for (size_t i = 0; i < bindings->count; i++) {
        const struct binding *binding = &bindings->items[i];
        if (!can_be_called(binding))
            continue;
        struct target *target = &targets[count++];
        *target = (struct target){.uri = binding->contact,
                                  .route = binding->path,
                                  .q_thousandths = binding->q_thousandths};
        flow_read(binding->flow, rq->w->server->run, &target->flow);
    }
    *out = (struct target_list){targets, count};
    return count > 0 ? SIP_GO_ON : SIP_480_TEMPORARILY_UNAVAILABLE;
}

/* A stranger learns no more than that nobody is there: the same answer after the same work. */
static enum sip_status nobody_there(const struct request *rq, bool is_known)
{
    bool may_learn = rq->is_authenticated || !rq->settings->requires_auth;

    return may_learn && !is_known ? SIP_404_NOT_FOUND : SIP_480_TEMPORARILY_UNAVAILABLE;
}

static enum sip_status find_by_location(struct request *rq, struct target_list *out)
{
    struct worker *w = rq->w;
    struct binding_list bindings;
    struct slice aor;
    char text[USER_MAX_NAME];
    struct buffer user = buffer_over(text, sizeof(text));

    if (!domain_aor(w, rq->domain, &rq->uri, &aor))
        return SIP_500_SERVER_INTERNAL_ERROR;
    bool is_known = user_resolve(w->server->store, aor, &user);
    if (!location_find(w->server->store, is_known ? buffer_slice(&user) : aor, w->wall_ms, w->arena,
                       &bindings))
        return SIP_500_SERVER_INTERNAL_ERROR;
    if (bindings.count == 0)
        return nobody_there(rq, is_known);
    return targets_of_bindings(rq, &bindings, out);
}

enum sip_status target_find(struct request *rq, struct target_list *out)
{
    if (rq->domain == NULL || rq->next_route.len > 0)
        return target_is_the_uri(rq, out);
    return find_by_location(rq, out);
}
