/*
 * Which services a domain offers, and which of them comes first: RFC 3263 4.1, RFC 3403 4.1.
 *
 * Only records that end in SRV names are of use (flag "s"), so one answer is all there is to it: a
 * record that points elsewhere for more NAPTR records is none of this application's.
 */
#include "sip/locate_inside.h"

static bool is_applicable(const struct sip_locate *l, const struct sip_naptr *naptr,
                          enum sip_transport *out)
{
    return slice_equal_nocase(naptr->flags, SLICE("s")) && naptr->regexp.len == 0
           && !slice_equal(naptr->replacement, SLICE("."))
           && sip_transport_of_service(naptr->services, out) && sip_locate_may_use(l, *out);
}

/* Between records of the same order and preference the client may choose. */
static size_t own_preference(const struct sip_locate *l, enum sip_transport transport)
{
    size_t i = 0;

    while (l->client.transports[i] != transport)
        i++;
    return i;
}

static bool comes_before(const struct sip_locate *l, const struct sip_locate_service *a,
                         const struct sip_locate_service *b)
{
    if (a->order != b->order)
        return a->order < b->order;
    if (a->preference != b->preference)
        return a->preference < b->preference;
    return own_preference(l, a->transport) < own_preference(l, b->transport);
}

static bool is_known(const struct sip_locate *l, enum sip_transport transport, struct slice srv)
{
    for (size_t i = 0; i < l->service_count; i++) {
        const struct sip_locate_service *service = &l->services[i];
        if (service->transport == transport
            && slice_equal_nocase(sip_locate_name_text(l, service->srv), srv))
            return true;
    }
    return false;
}

/* Of more than there is room for, the first in order are kept. */
static void insert(struct sip_locate *l, struct sip_locate_service service, struct slice srv)
{
    size_t at = l->service_count;

    while (at > 0 && comes_before(l, &service, &l->services[at - 1]))
        at--;
    if (at == SIP_LOCATE_MAX_SERVICES || !sip_locate_keep_name(l, srv, &service.srv))
        return;
    if (l->service_count < SIP_LOCATE_MAX_SERVICES)
        l->service_count++;
    memmove(&l->services[at + 1], &l->services[at],
            (l->service_count - 1 - at) * sizeof(l->services[0]));
    l->services[at] = service;
}

void sip_locate_add_naptr(struct sip_locate *l, const struct sip_naptr *naptr)
{
    struct sip_locate_service service = {
        .state = SIP_QUESTION_TO_ASK, .order = naptr->order, .preference = naptr->preference};

    if (l->naptr == SIP_QUESTION_ASKED && is_applicable(l, naptr, &service.transport)
        && !is_known(l, service.transport, naptr->replacement))
        insert(l, service, naptr->replacement);
}

/*
 * RFC 3403 4.1: once there is a match, a record of another order must not be considered. And
 * without any, RFC 3263 4.1 has each transport asked for; _sips._tcp for sip as well, by a client
 * that wishes to use TLS (4.2).
 */
void sip_locate_choose_services(struct sip_locate *l)
{
    while (l->service_count > 1 && l->services[l->service_count - 1].order != l->services[0].order)
        l->service_count--;
    if (l->service_count > 0) {
        l->transport = l->services[0].transport;
        return;
    }
    for (size_t i = 0; i < l->client.transport_count; i++) {
        if (sip_locate_may_use(l, l->client.transports[i]))
            sip_locate_add_service(l, l->client.transports[i]);
    }
}
