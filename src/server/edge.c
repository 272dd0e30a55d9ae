/*
 * The user part of the Path is the flow, signed: base64url( hash:8 flow ). So no state is kept, and
 * nobody can make us send to where we were not asked from: 5.2.
 */
#include "server/edge.h"

#include "base/base64.h"
#include "server/domain.h"
#include "server/forward.h"
#include "server/nat.h"
#include "sip/address.h"

enum { HASH_BYTES = 8, MAX_BYTES = HASH_BYTES + FLOW_MAX_BYTES };

static uint64_t sign(const struct worker *w, struct slice flow)
{
    const struct slice parts[] = {SLICE("edge"), flow};

    return hash_slices(&w->server->keys.dialog, parts, ARRAY_LEN(parts));
}

/* --- REGISTER ----------------------------------------------------------------------------------
 */

static bool names_home(const struct request *rq, struct sip_uri *next_hop)
{
    struct slice home = slice_of(rq->settings->edge_of);

    return home.len > 0 && forward_next_hop(rq, rq->uri_text, SLICE_NONE, next_hop)
           && slice_equal_nocase(domain_place_of(next_hop), home);
}

static bool leads_home(const struct request *rq)
{
    struct sip_uri next_hop;

    return names_home(rq, &next_hop);
}

/* A phone that knows of flows, or one that can be reached by no other way. */
static bool needs_flow(const struct request *rq)
{
    const struct sip_basics *basics = &rq->msg->basics;
    struct slice reg_id;

    if (basics->contact_count != 1 || basics->contact.is_star)
        return false;
    const struct sip_uri *contact = sip_address_uri(&basics->contact.address);
    return sip_address_param(&basics->contact.address, SLICE("reg-id"), &reg_id)
           || (contact != NULL && nat_hides(rq, contact));
}

enum edge_path edge_path_of(const struct request *rq)
{
    if (rq->msg->method_id != SIP_REGISTER || rq->settings->edge_of[0] == '\0'
        || !nat_is_first_hop(rq->msg) || !leads_home(rq) || !needs_flow(rq))
        return EDGE_NO_PATH;
    return sip_message_lists(rq->msg, SIP_SUPPORTED, SLICE("path")) ? EDGE_PATH : EDGE_NO_SUPPORT;
}

void edge_write_path(const struct request *rq, struct slice place, struct buffer *out)
{
    const struct flow flow = {rq->from, true};
    char memory[MAX_BYTES];
    struct buffer bytes = buffer_over(memory, sizeof(memory));

    bytes.len = HASH_BYTES;
    flow_write(&flow, rq->w->server->run, &bytes);
    uint64_t hash = sign(rq->w, slice_after(buffer_slice(&bytes), HASH_BYTES));
    memcpy(memory, &hash, HASH_BYTES);
    size_t scheme_end = slice_find(place, ':') + 1;
    buffer_add(out, SLICE("Path: "));
    buffer_add(out, (struct slice){place.ptr, scheme_end});
    base64_write(buffer_slice(&bytes), out);
    buffer_add_char(out, '@');
    buffer_add(out, slice_after(place, scheme_end));
    buffer_add(out, SLICE(";ob>\r\nRequire: path\r\n"));
}

/* --- what comes back ---------------------------------------------------------------------------
 */

static bool read_flow(const struct worker *w, struct slice token, struct flow *out)
{
    char memory[MAX_BYTES];
    struct buffer bytes = buffer_over(memory, sizeof(memory));

    if (!base64_read(token, &bytes) || bytes.len <= HASH_BYTES)
        return false;
    struct slice flow = slice_after(buffer_slice(&bytes), HASH_BYTES);
    uint64_t hash = sign(w, flow);
    return slice_equal_secret((struct slice){memory, HASH_BYTES},
                              (struct slice){(const char *)&hash, HASH_BYTES})
           && flow_read(&flow, w->server->run, out) && flow.len == 0;
}

enum sip_status edge_note_path(struct request *rq, const struct sip_uri *uri)
{
    struct slice ob;

    if (rq->settings->edge_of[0] == '\0' || uri->user.len == 0
        || !sip_uri_param(uri, SLICE("ob"), &ob))
        return SIP_GO_ON;
    struct flow *flow = arena_alloc(rq->w->arena, sizeof(*flow));
    if (flow == NULL)
        return SIP_500_SERVER_INTERNAL_ERROR;
    if (!read_flow(rq->w, uri->user, flow)) {
        rq->phrase = "Forged Flow Token";
        return SIP_403_FORBIDDEN;
    }
    if (!flow_is_same(&flow->hop, &rq->from))
        rq->edge_flow = flow;
    return SIP_GO_ON;
}

bool edge_leads_home(const struct request *rq)
{
    struct sip_uri next_hop;

    return names_home(rq, &next_hop) && next_hop.port == 0;
}

bool edge_permits(const struct request *rq)
{
    return rq->edge_flow != NULL || leads_home(rq);
}
