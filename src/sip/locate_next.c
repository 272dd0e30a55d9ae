/* One place after the other, its addresses as candidates: RFC 3263 4.2 and 4.3. */
#include "sip/locate_inside.h"

static bool is_open(enum sip_question_state state)
{
    return state == SIP_QUESTION_TO_ASK || state == SIP_QUESTION_ASKED;
}

/* --- places and addresses --------------------------------------------------------------------- */

void sip_locate_visit(struct sip_locate *l, struct sip_locate_place place)
{
    l->place = place;
    l->address_count = 0;
    l->addresses = SIP_QUESTION_TO_ASK;
}

static bool is_known(const struct sip_locate *l, const struct sip_ip *ip)
{
    for (size_t i = 0; i < l->candidate_count; i++) {
        const struct sip_locate_candidate *known = &l->candidates[i];
        if (known->place.transport == l->place.transport && known->place.port == l->place.port
            && sip_ip_equal(&known->ip, ip))
            return true;
    }
    return false;
}

/* RFC 7984 3.1: a family that the client does not have is passed over. */
static void add_candidate(struct sip_locate *l, const struct sip_ip *ip)
{
    if (!(ip->family == 4 ? l->client.has_ipv4 : l->client.has_ipv6) || !sip_ip_is_one_host(ip)
        || l->candidate_count == SIP_LOCATE_MAX_CANDIDATES || is_known(l, ip))
        return;
    l->candidates[l->candidate_count++] =
        (struct sip_locate_candidate){.place = l->place, .ip = *ip};
}

void sip_locate_visit_literal(struct sip_locate *l, struct sip_locate_place place,
                              const struct sip_ip *ip)
{
    l->place = place;
    add_candidate(l, ip);
}

void sip_locate_add_address(struct sip_locate *l, const struct sip_ip *ip)
{
    if (l->addresses != SIP_QUESTION_ASKED || l->address_count == SIP_LOCATE_MAX_ADDRESSES)
        return;
    l->address_count++;
    add_candidate(l, ip);
}

/* --- the walk --------------------------------------------------------------------------------- */

static struct sip_candidate yielded(const struct sip_locate *l,
                                    const struct sip_locate_candidate *candidate)
{
    return (struct sip_candidate){candidate->place.transport, candidate->ip, candidate->place.port,
                                  sip_locate_name_text(l, candidate->place.host),
                                  sip_locate_domain(l)};
}

static bool next_address(struct sip_locate *l, struct sip_dead_targets *dead, uint64_t now_ms,
                         struct sip_candidate *out)
{
    while (l->candidate_at < l->candidate_count) {
        struct sip_locate_candidate *candidate = &l->candidates[l->candidate_at++];
        *out = yielded(l, candidate);
        candidate->is_put_off = dead != NULL && sip_dead_avoid(dead, out, now_ms);
        if (!candidate->is_put_off)
            return true;
    }
    return false;
}

/*
 * Absence of SRV records leads to the addresses of the domain; records that lead nowhere do not,
 * nor does a failure to find out.
 */
static bool may_visit_domain(const struct sip_locate *l)
{
    for (size_t i = 0; i < l->service_count; i++) {
        const struct sip_locate_service *service = &l->services[i];
        if (service->state == SIP_QUESTION_FOUND
            || (service->state == SIP_QUESTION_UNUSABLE && service->transport == l->transport))
            return false;
    }
    return !l->has_failed && !l->is_last_place;
}

/* False: there is no other, or an SRV answer has to come first. */
static bool next_place(struct sip_locate *l)
{
    for (; l->service_at < l->service_count; l->service_at++) {
        const struct sip_locate_service *service = &l->services[l->service_at];
        if (is_open(service->state))
            return false;
        const struct sip_locate_target *target = sip_locate_take_target(l);
        if (target != NULL) {
            sip_locate_visit(
                l, (struct sip_locate_place){service->transport, target->port, target->name});
            return true;
        }
    }
    if (!may_visit_domain(l))
        return false;
    l->is_last_place = true;
    sip_locate_visit(l, (struct sip_locate_place){
                            l->transport, sip_transports[l->transport].default_port, l->domain});
    return true;
}

static bool must_wait(const struct sip_locate *l)
{
    return is_open(l->naptr) || is_open(l->addresses)
           || (l->service_at < l->service_count && is_open(l->services[l->service_at].state));
}

/* Better a place that was silent lately than none. */
static bool next_put_off(struct sip_locate *l, struct sip_candidate *out)
{
    for (size_t i = 0; i < l->candidate_count; i++) {
        struct sip_locate_candidate *candidate = &l->candidates[i];
        if (!candidate->is_put_off)
            continue;
        candidate->is_put_off = false;
        *out = yielded(l, candidate);
        return true;
    }
    return false;
}

enum sip_locate_result sip_locate_next(struct sip_locate *l, struct sip_dead_targets *dead,
                                       uint64_t now_ms, struct sip_candidate *out)
{
    if (l->is_impossible)
        return SIP_LOCATE_CANNOT;
    do {
        if (next_address(l, dead, now_ms, out))
            return SIP_LOCATED;
        if (must_wait(l))
            return SIP_LOCATE_WAIT;
    } while (next_place(l));
    if (must_wait(l))
        return SIP_LOCATE_WAIT;
    if (next_put_off(l, out))
        return SIP_LOCATED;
    return l->has_failed ? SIP_LOCATE_LATER : SIP_LOCATE_NO_MORE;
}

/* --- side by side ----------------------------------------------------------------------------- */

static bool is_beside(const struct sip_locate_candidate *a, const struct sip_locate_candidate *b)
{
    return a->place.transport == b->place.transport && a->place.port == b->place.port
           && a->place.host.at == b->place.host.at && !b->is_put_off;
}

static void move_ahead(struct sip_locate *l, size_t from, size_t to)
{
    struct sip_locate_candidate moving = l->candidates[from];

    memmove(&l->candidates[to + 1], &l->candidates[to], (from - to) * sizeof(moving));
    l->candidates[to] = moving;
}

bool sip_locate_beside(struct sip_locate *l)
{
    size_t at = l->candidate_at, other = at;
    const struct sip_locate_candidate *last = at > 0 ? &l->candidates[at - 1] : NULL;

    if (last == NULL || at == l->candidate_count || !is_beside(last, &l->candidates[at]))
        return false;
    while (other < l->candidate_count && is_beside(last, &l->candidates[other])
           && l->candidates[other].ip.family == last->ip.family)
        other++;
    if (other < l->candidate_count && is_beside(last, &l->candidates[other]))
        move_ahead(l, other, at);
    return true;
}
