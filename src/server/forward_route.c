/*
 * Where a request goes: its Request-URI and its Routes. RFC 3261 16.4, 16.6 steps 2, 6 and
 * 7, 19.1.1.
 */
#include "server/forward_inside.h"
#include "server/uri_params.h"
#include "sip/address.h"

static bool is_loose(const struct sip_uri *uri)
{
    struct slice value;

    return sip_uri_param(uri, SLICE("lr"), &value);
}

static bool read_first(struct slice values, struct slice *value, struct sip_uri *uri)
{
    struct sip_address address;

    return sip_list_next(&values, value) && sip_address_parse(*value, &address)
           && sip_uri_parse(address.uri, uri);
}

/* Of Route, after ours are gone and those of the target are put before; empty: there are none. */
static struct slice first_routes(const struct request *rq, struct slice route)
{
    return route.len > 0 ? route : rq->next_route;
}

bool forward_next_hop(const struct request *rq, struct slice uri, struct slice route,
                      struct sip_uri *out)
{
    struct slice routes = first_routes(rq, route), value;

    if (routes.len > 0)
        return read_first(routes, &value, out);
    if (!slice_equal(uri, rq->uri_text))
        return sip_uri_parse(uri, out);
    *out = rq->uri;
    return true;
}

/*
 * Whether there may be headers, or a method parameter, however it is written: said without parsing
 * what nearly always has neither.
 */
static bool may_have_more_than_a_request_uri(struct slice text)
{
    if (slice_find(text, '?') < text.len)
        return true;
    for (;;) {
        text = slice_after(text, slice_find(text, ';') + 1);
        if (text.len == 0)
            return false;
        if (strchr("mM% \t", text.ptr[0]) != NULL)
            return true;
    }
}

/* RFC 3261 19.1.1, table 1: a Request-URI has neither headers nor a method. */
static struct slice for_request_line(struct editing *e, struct slice text)
{
    struct sip_uri uri;
    const struct slice unwanted[] = {SLICE("method"), SLICE_NONE};
    const size_t start = e->texts.len;
    struct slice method;

    if (!may_have_more_than_a_request_uri(text) || !sip_uri_parse(text, &uri))
        return text;
    if (uri.headers.ptr != NULL)
        text = slice_between(text.ptr, uri.headers.ptr - 1);
    if (!sip_uri_param(&uri, SLICE("method"), &method))
        return text;
    buffer_add(&e->texts, slice_between(text.ptr, uri.params.ptr));
    uri_params_write(&uri, unwanted, &e->texts);
    return forward_text_since(e, start);
}

bool forward_replace_uri(struct editing *e)
{
    struct slice routes = first_routes(e->rq, e->forwarding->route);
    struct slice value, uri;
    struct sip_uri first;

    e->target = for_request_line(e, e->forwarding->uri);
    e->is_strict = routes.len > 0 && read_first(routes, &value, &first) && !is_loose(&first);
    uri = e->is_strict ? for_request_line(e, first.text) : e->target;
    if (!slice_equal(uri, e->rq->msg->uri))
        sip_edits_replace(&e->edits, e->rq->msg->uri, uri);
    return true;
}

bool forward_leaves_as_sips(const struct editing *e)
{
    struct slice routes = first_routes(e->rq, e->forwarding->route), value;
    struct sip_uri first;

    return sip_uri_is_sips(e->target)
           || (routes.len > 0 && read_first(routes, &value, &first)
               && first.scheme == SIP_SCHEME_SIPS);
}

/* Of the values of Route that came, those that stay: from `first` on, before `end`. */
struct kept_routes {
    size_t first;
    size_t end;
};

static struct kept_routes routes_to_keep(const struct editing *e)
{
    struct sip_values routes = sip_values_of(e->rq->msg, SIP_ROUTE);
    struct kept_routes kept = {.first = e->rq->own_routes};
    struct slice value;

    while (sip_values_next(&routes, &value))
        kept.end++;
    if (e->rq->takes_uri_from_route)
        kept.end--;
    if (e->is_strict && e->forwarding->route.len == 0)
        kept.first++; /* it becomes the Request-URI */
    return kept;
}

/* Cuts from one field, whose first value is the number `index`, what does not stay. */
static void cut_routes(struct editing *e, const struct sip_header *header, struct kept_routes kept,
                       size_t *index)
{
    struct slice rest = header->value, value;
    struct slice stays = SLICE_NONE;
    bool stays_whole = true;

    for (; sip_list_next(&rest, &value); ++*index) {
        if (*index >= kept.first && *index < kept.end)
            stays = slice_between(stays.len > 0 ? stays.ptr : value.ptr, slice_end(value));
        else
            stays_whole = false;
    }
    if (stays_whole)
        return;
    if (stays.len == 0) {
        sip_edits_remove_header(&e->edits, header);
        return;
    }
    struct slice before = slice_between(header->value.ptr, stays.ptr);
    struct slice behind = slice_between(slice_end(stays), slice_end(header->value));
    if (before.len > 0)
        sip_edits_replace(&e->edits, before, SLICE_NONE);
    if (behind.len > 0)
        sip_edits_replace(&e->edits, behind, SLICE_NONE);
}

/* The values of the target, without the first if that becomes the Request-URI. */
static void add_target_routes(struct editing *e)
{
    struct slice route = e->forwarding->route, value;
    const size_t start = e->texts.len;

    if (route.len > 0 && e->is_strict)
        (void)sip_list_next(&route, &value);
    route = slice_trim(route);
    if (route.len == 0)
        return;
    buffer_add(&e->texts, SLICE("Route: "));
    buffer_add(&e->texts, route);
    buffer_add(&e->texts, SLICE("\r\n"));
    sip_edits_insert_before(&e->edits, SIP_ROUTE, forward_text_since(e, start));
}

/* What stood in the Request-URI comes last, behind a strict router: step 6. */
static void add_last_route(struct editing *e)
{
    const size_t start = e->texts.len;

    if (!e->is_strict)
        return;
    buffer_add(&e->texts, SLICE("Route: <"));
    buffer_add(&e->texts, e->target);
    buffer_add(&e->texts, SLICE(">\r\n"));
    sip_edits_append(&e->edits, forward_text_since(e, start));
}

static void remove_routes(struct editing *e)
{
    const struct sip_header *header = sip_message_header(e->rq->msg, SIP_ROUTE);

    for (; header != NULL; header = sip_message_next(e->rq->msg, header))
        sip_edits_remove_header(&e->edits, header);
}

static void remove_some_routes(struct editing *e)
{
    const struct sip_header *header = sip_message_header(e->rq->msg, SIP_ROUTE);
    struct kept_routes kept = routes_to_keep(e);
    size_t index = 0;

    for (; header != NULL; header = sip_message_next(e->rq->msg, header))
        cut_routes(e, header, kept, &index);
}

bool forward_edit_routes(struct editing *e)
{
    add_target_routes(e);
    if (e->rq->next_route.len > 0)
        remove_some_routes(e);
    else
        remove_routes(e);
    add_last_route(e);
    return true;
}
