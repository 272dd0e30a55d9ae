/*
 * The target set: predetermined by the request, or found by the location service (RFC 3261 16.5),
 * or the far side of a dialog.
 */
#include "server/target.h"

#include "server/dialog.h"
#include "server/domain.h"
#include "server/forward.h"
#include "server/gruu.h"
#include "server/next_hop.h"
#include "server/reach.h"
#include "server/reply.h"
#include "sip/address.h"
#include "store/location.h"
#include "store/user.h"

/* By whom that is named is left to be said. */
static enum sip_status target_is_the_uri(struct request *rq, struct target_list *out)
{
    struct target *target = arena_alloc(rq->w->arena, sizeof(*target));

    if (target == NULL)
        return SIP_500_SERVER_INTERNAL_ERROR;
    *target = (struct target){
        .uri = rq->uri_text, .is_secure = rq->uri.scheme == SIP_SCHEME_SIPS, .q_thousandths = 1000};
    *out = (struct target_list){target, 1};
    return SIP_GO_ON;
}

/* A user may have registered a mailto: as well, for whom that is of use. */
static bool is_sip(struct slice contact)
{
    return contact.len > 4 && slice_equal_nocase((struct slice){contact.ptr, 4}, SLICE("sip:"));
}

/*
 * RFC 5630 5.3: sips goes to a sips contact only; a sip request gets there as sip, but by TLS.
 * False: it cannot be called, or not by this request.
 */
static bool uri_of_contact(struct request *rq, struct slice contact, struct slice *out)
{
    bool is_sips = sip_uri_is_sips(contact);

    *out = contact;
    if (rq->uri.scheme == SIP_SCHEME_SIPS || !is_sips)
        return rq->uri.scheme == SIP_SCHEME_SIPS ? is_sips : is_sip(contact);
    char *text = arena_alloc(rq->w->arena, contact.len);
    if (text == NULL)
        return false;
    struct buffer uri = buffer_over(text, contact.len);
    buffer_add(&uri, SLICE("sip"));
    buffer_add(&uri, slice_after(contact, 4));
    *out = buffer_slice(&uri);
    return true;
}

/* Of a binding. False: the only way to it is gone, or it is nothing that can be called. */
static bool target_of_binding(struct request *rq, const struct binding *binding, struct target *out)
{
    struct slice bytes = binding->flow;
    struct flow flow = {0};
    struct slice uri;

    if (!uri_of_contact(rq, binding->contact, &uri))
        return false;
    bool has_flow = flow_read(&bytes, rq->w->server->run, &flow) && binding->path.len == 0
                    && (flow.is_bound || hop_is_reliable(&flow.hop));
    bool is_alive = has_flow && flow_is_alive(rq->w->server, &flow.hop);
    *out = (struct target){.uri = uri,
                           .route = binding->path,
                           .named_by = flow.hop.remote,
                           .flow = flow.hop,
                           .has_flow = is_alive,
                           .is_bound = has_flow && flow.is_bound,
                           .is_ours = true,
                           .is_secure = sip_uri_is_sips(binding->contact),
                           .q_thousandths = binding->q_thousandths};
    return is_alive || !out->is_bound;
}

static bool is_of_instance(const struct binding *binding, struct slice instance)
{
    return instance.len > 0 && slice_equal_nocase(binding->instance, instance);
}

static bool is_first_of_instance(const struct binding_list *bindings, size_t index)
{
    struct slice instance = bindings->items[index].instance;

    for (size_t i = 0; i < index; i++) {
        if (is_of_instance(&bindings->items[i], instance))
            return false;
    }
    return true;
}

/* The way to an instance, and the others that there are should it fail: RFC 5626 7, 5627 6.1. */
static void add_instance(struct request *rq, const struct binding_list *bindings, size_t first,
                         struct target *targets, size_t *count)
{
    struct slice instance = bindings->items[first].instance;
    size_t before = *count;

    for (size_t i = first; i < bindings->count; i++) {
        const struct binding *binding = &bindings->items[i];
        struct target *target = &targets[*count];
        if ((i != first && !is_of_instance(binding, instance))
            || !target_of_binding(rq, binding, target))
            continue;
        target->is_alternative = *count > before;
        ++*count;
        if (instance.len == 0)
            break;
    }
}

static bool may_learn_who_is_there(const struct request *rq)
{
    return rq->is_authenticated || !rq->settings->requires_auth;
}

/* RFC 5630 5.3: to somebody who is there, but not by TLS all the way. */
static enum sip_status nobody_for_sips(struct request *rq)
{
    char text[SETTINGS_MAX_DOMAIN_NAME + 32];
    struct buffer warning = buffer_over(text, sizeof(text));

    buffer_printf(&warning, "380 %s \"SIPS Not Allowed\"", rq->settings->domains[0].name);
    if (may_learn_who_is_there(rq))
        reply_add_header(rq, "Warning", buffer_slice(&warning));
    return SIP_480_TEMPORARILY_UNAVAILABLE;
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
        if (is_first_of_instance(bindings, i))
            add_instance(rq, bindings, i, targets, &count);
    }
    *out = (struct target_list){targets, count};
    if (count > 0)
        return SIP_GO_ON;
    return rq->uri.scheme == SIP_SCHEME_SIPS ? nobody_for_sips(rq)
                                             : SIP_480_TEMPORARILY_UNAVAILABLE;
}

/* A stranger learns no more than that nobody is there: the same answer after the same work. */
static enum sip_status nobody_there(const struct request *rq, bool is_known)
{
    return may_learn_who_is_there(rq) && !is_known ? SIP_404_NOT_FOUND
                                                   : SIP_480_TEMPORARILY_UNAVAILABLE;
}

static bool find_of_aor(struct request *rq, struct slice aor, struct binding_list *out)
{
    return location_find(rq->w->server->store, aor, rq->w->wall_ms, rq->w->arena, out);
}

/* What has no bindings itself may be an alias: those are the user's. */
static bool find_bindings(struct request *rq, const struct domain_settings *domain,
                          const struct sip_uri *uri, struct binding_list *out, bool *is_known)
{
    char text[USER_MAX_NAME];
    struct buffer user = buffer_over(text, sizeof(text));
    struct slice aor;

    *is_known = true;
    if (!domain_aor(rq->w, domain, uri, &aor) || !find_of_aor(rq, aor, out))
        return false;
    if (out->count > 0)
        return true;
    *is_known = user_resolve(rq->w->server->store, aor, &user);
    return !*is_known || slice_equal(buffer_slice(&user), aor)
           || find_of_aor(rq, buffer_slice(&user), out);
}

/* RFC 5627 6.1: of the user's bindings, those of one instance. False: no memory. */
static bool find_by_gruu(struct request *rq, struct binding_list *out, bool *is_known)
{
    struct sip_uri uri = rq->uri;
    struct gruu gruu;

    if (!gruu_read(rq->w->server, &rq->uri, rq->w->arena, &gruu)) {
        *out = (struct binding_list){0};
        *is_known = false;
        return true;
    }
    uri.user = gruu.user;
    if (!find_bindings(rq, rq->domain, &uri, out, is_known))
        return false;
    if (!gruu_choose(rq->w->server, &gruu, out)) {
        out->count = 0;
        *is_known = false;
    }
    return true;
}

static enum sip_status find_by_location(struct request *rq, struct target_list *out)
{
    struct binding_list bindings;
    bool is_known;

    bool is_made = gruu_is_meant(&rq->uri)
                       ? find_by_gruu(rq, &bindings, &is_known)
                       : find_bindings(rq, rq->domain, &rq->uri, &bindings, &is_known);
    if (!is_made)
        return SIP_500_SERVER_INTERNAL_ERROR;
    if (bindings.count == 0)
        return nobody_there(rq, is_known);
    return targets_of_bindings(rq, &bindings, out);
}

/* --- what follows in a dialog, and may go to its far side only ----------------------------------
 */

/* What else listens at its host is not what was called. */
static bool is_port_of_far_side(const struct sip_uri *uri, const struct hop *far)
{
    return far->remote.port == (uri->port != 0 ? uri->port : hop_protocol_port(far->protocol));
}

/*
 * Where its first Route, or else its URI, names an address: that of the far side? `target` has its
 * hop then.
 */
static bool leads_to_far_side(const struct request *rq, struct target *target)
{
    const struct hop *far = &rq->far->flow.hop;
    struct net_addr addr;
    struct sip_uri uri;

    if (!forward_next_hop(rq, rq->uri_text, SLICE_NONE, &uri))
        return false;
    bool is_plain = !target->is_secure && next_hop_is_plain(rq, &uri, &addr);
    if ((!is_plain && !net_addr_parse(domain_place_of(&uri), 0, &addr))
        || !net_addr_same_host(&addr, &far->remote))
        return false;
    if (is_port_of_far_side(&uri, far))
        target->named_by = far->remote;
    target->flow = *far;
    target->has_flow =
        rq->next_route.len == 0 && hop_is_reliable(far) && flow_is_alive(rq->w->server, far);
    if (is_plain && !target->has_flow) {
        target->flow.remote = addr;
        target->has_place = true;
    }
    return true;
}

/*
 * He may have come back by another flow, with a NAT that has given him another port: then his
 * newest binding of this contact knows the way.
 */
static bool find_registered(struct request *rq, struct target *out)
{
    const struct sip_uri *to = sip_address_uri(&rq->msg->basics.to);
    const struct domain_settings *domain = to != NULL ? domain_of_uri(rq->w, to) : NULL;
    struct binding_list bindings;
    bool is_known;

    if (domain == NULL || rq->next_route.len > 0
        || !find_bindings(rq, domain, to, &bindings, &is_known))
        return false;
    for (size_t i = 0; i < bindings.count; i++) {
        const struct binding *binding = &bindings.items[i];
        struct sip_uri contact;
        if (binding->path.len == 0 && sip_uri_parse(binding->contact, &contact)
            && sip_uri_equal(&contact, &rq->uri) && target_of_binding(rq, binding, out)) {
            out->uri = rq->uri_text;
            return true;
        }
    }
    return false;
}

/* By the hop that the dialog began with. False: it is gone. */
static bool take_first_hop(const struct request *rq, struct target *out)
{
    const struct flow *flow = &rq->far->flow;

    out->flow = flow->hop;
    out->has_flow = true;
    out->is_bound = true;
    if (flow_is_alive(rq->w->server, &flow->hop))
        return true;
    out->flow.connection = 0; /* whoever took one before takes another */
    return !flow->is_bound;
}

/* RFC 5627 6.1: the contact that a GRUU of ours stands for; Routes that follow are its Path. */
static enum sip_status resolve_gruu(struct request *rq, struct target *target)
{
    struct target_list found;

    if (rq->domain == NULL || !gruu_is_meant(&rq->uri))
        return SIP_GO_ON;
    enum sip_status status = find_by_location(rq, &found);
    if (status != SIP_GO_ON)
        return status;
    target->uri = found.items[0].uri;
    if (rq->next_route.len == 0)
        target->named_by = found.items[0].named_by;
    return SIP_GO_ON;
}

static enum sip_status find_by_dialog(struct request *rq, struct target_list *out)
{
    const struct dialog_side *far = rq->far;

    enum sip_status status = target_is_the_uri(rq, out);
    if (status != SIP_GO_ON)
        return status;
    struct target *target = out->items;
    target->is_ours = far->is_ours;
    bool is_there = !far->flow.is_bound && leads_to_far_side(rq, target);
    if (!is_there)
        target->named_by = reach_namer(rq);
    status = resolve_gruu(rq, target);
    if (status != SIP_GO_ON || is_there)
        return status;
    if (dialog_is_free(rq) || (far->is_ours && find_registered(rq, target))
        || take_first_hop(rq, target))
        return SIP_GO_ON;
    return SIP_480_TEMPORARILY_UNAVAILABLE;
}

/* RFC 5626 5.3.1 */
static enum sip_status find_by_edge(struct request *rq, struct target_list *out)
{
    const struct hop *hop = &rq->edge_flow->hop;

    enum sip_status status = target_is_the_uri(rq, out);
    if (status != SIP_GO_ON)
        return status;
    out->items->flow = *hop;
    out->items->has_flow = true;
    out->items->is_bound = true;
    return flow_is_alive(rq->w->server, hop) ? SIP_GO_ON : SIP_430_FLOW_FAILED;
}

static enum sip_status find_by_uri(struct request *rq, struct target_list *out)
{
    enum sip_status status = target_is_the_uri(rq, out);

    if (status == SIP_GO_ON)
        out->items->named_by = reach_namer(rq);
    return status;
}

enum sip_status target_find(struct request *rq, struct target_list *out)
{
    if (rq->edge_flow != NULL)
        return find_by_edge(rq, out);
    if (rq->domain != NULL && rq->next_route.len == 0)
        return find_by_location(rq, out);
    return rq->is_in_dialog ? find_by_dialog(rq, out) : find_by_uri(rq, out);
}
