/*
 * Every step adds its edits; what no step names leaves byte for byte as it came. RFC 3261 16.6,
 * RFC 3327 (Path becomes Route), RFC 5393 (Max-Breadth), RFC 5658 (Record-Route on both sides).
 */
#include "server/forward_inside.h"

#include "server/dialog.h"
#include "server/edge.h"
#include "server/nat.h"
#include "server/token.h"
#include "sip/address.h"
#include "sip/auth.h"
#include "sip/build.h"

enum {
    MAX_FORWARDS = 70,
    MAX_BREADTH = 60,
    TEXTS_BYTES = 4096, /* all that is put in, but for the URIs and Routes of others */
};

typedef bool forward_step(struct editing *e);

static forward_step count_forwards, insert_record_route, insert_via, stamp_via, set_max_breadth;
static forward_step consume_credentials, add_content_length, add_path;

static forward_step *const steps[] = {
    forward_replace_uri, /* step 2, and the strict routing of step 6 */
    count_forwards,      /* step 3 */
    insert_record_route, /* step 4 */
    forward_edit_routes, /* 16.4, step 6 */
    set_max_breadth,     /* RFC 5393 5.3.3 */
    insert_via,          /* step 8 */
    stamp_via,           /* RFC 3261 18.2.1, RFC 3581 4 */
    consume_credentials, /* RFC 3261 22.3 */
    add_content_length,  /* step 9 */
    add_path,            /* RFC 5626 5.1 */
};

/* Each URI is written once at most, to be the Request-URI or the last Route, without a method. */
static bool begin(struct editing *e, struct request *rq, const struct forwarding *forwarding)
{
    size_t max_bytes =
        TEXTS_BYTES + 2 * forwarding->route.len + 2 * forwarding->uri.len + 2 * rq->next_route.len;
    char *memory = arena_alloc(rq->w->arena, max_bytes);

    if (memory == NULL)
        return false;
    e->rq = rq;
    e->forwarding = forwarding;
    e->texts = buffer_over(memory, max_bytes);
    sip_edits_init(&e->edits, rq->msg);
    return true;
}

bool forward_build(struct request *rq, const struct forwarding *forwarding, struct buffer *out)
{
    struct editing e;

    if (!begin(&e, rq, forwarding))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (!steps[i](&e))
            return false;
    }
    return !e.texts.overflowed && sip_edits_apply(&e.edits, out);
}

/* The branch is unique by its first part; by its second a loop is found: RFC 5393 4.2.1. */
static bool insert_via(struct editing *e)
{
    const struct forwarding *f = e->forwarding;
    struct buffer *line = &e->texts;
    const size_t start = line->len;

    buffer_add(line, SLICE("Via: "));
    buffer_add(line, side_of(&e->rq->w->sides, &f->hop)->via);
    buffer_add(line, f->branch);
    buffer_add_char(line, '.');
    buffer_add(line, (struct slice){e->rq->loop_token, TOKEN_LEN});
    if (f->hop.protocol == HOP_TLS && f->hop.is_ours)
        buffer_add(line, SLICE(";alias")); /* RFC 5923 8.1 */
    buffer_add(line, SLICE("\r\n"));
    sip_edits_insert_before(&e->edits, SIP_VIA, forward_text_since(e, start));
    return true;
}

static bool stamp_via(struct editing *e)
{
    struct slice top = e->rq->msg->basics.via_text;

    if (e->rq->top_via.len == 0)
        return false;
    if (!slice_equal(top, e->rq->top_via))
        sip_edits_replace(&e->edits, top, e->rq->top_via);
    return true;
}

/* --- what is added -----------------------------------------------------------------------------
 */

static bool count_forwards(struct editing *e)
{
    const struct sip_message *msg = e->rq->msg;
    const size_t start = e->texts.len;

    if (msg->basics.has_max_forwards) {
        buffer_add_u64(&e->texts, msg->basics.max_forwards - 1u);
        sip_edits_replace(&e->edits, sip_message_value(msg, SIP_MAX_FORWARDS),
                          forward_text_since(e, start));
    } else {
        sip_build_number(&e->texts, SLICE("Max-Forwards"), MAX_FORWARDS);
        sip_edits_append(&e->edits, forward_text_since(e, start));
    }
    return true;
}

uint32_t forward_breadth(const struct sip_message *msg)
{
    uint32_t breadth;

    if (!slice_to_u32(sip_message_value(msg, SIP_MAX_BREADTH), UINT32_MAX, &breadth))
        return MAX_BREADTH;
    return breadth < MAX_BREADTH ? breadth : MAX_BREADTH;
}

static bool set_max_breadth(struct editing *e)
{
    const struct sip_header *header = sip_message_header(e->rq->msg, SIP_MAX_BREADTH);
    const size_t start = e->texts.len;

    if (header != NULL) {
        buffer_add_u64(&e->texts, e->forwarding->max_breadth);
        sip_edits_replace(&e->edits, header->value, forward_text_since(e, start));
    } else {
        buffer_add(&e->texts, SLICE("Max-Breadth: "));
        buffer_add_u64(&e->texts, e->forwarding->max_breadth);
        buffer_add(&e->texts, SLICE("\r\n"));
        sip_edits_insert_before(&e->edits, SIP_VIA, forward_text_since(e, start));
    }
    return true;
}

/* Those that may begin a dialog or are in one: RFC 3261 16.6 step 4. Unknown ones may, too. */
static bool may_begin_dialog(enum sip_method method)
{
    switch (method) {
    case SIP_INVITE:
    case SIP_SUBSCRIBE:
    case SIP_REFER:
    case SIP_NOTIFY:
    case SIP_UPDATE:
    case SIP_OTHER_METHOD: return true;
    default: return false;
    }
}

static bool same_side(const struct hop *a, const struct hop *b)
{
    return a->protocol == b->protocol && net_addr_equal(&a->local, &b->local);
}

/* How a Record-Route or a Path names a side of ours, as far as "lr". */
static void write_place(const struct side *side, bool is_sips, struct buffer *out)
{
    if (is_sips) {
        buffer_add(out, SLICE("<sips:"));
        net_addr_write(&side->local, out);
        buffer_add(out, SLICE(";lr"));
    } else {
        buffer_add(out, (struct slice){side->route.ptr, side->route.len - SLICE(";tk=").len});
    }
}

static void add_record_route(struct buffer *line, const struct side *side, bool is_sips,
                             struct slice token)
{
    buffer_add(line, SLICE("Record-Route: "));
    write_place(side, is_sips, line);
    buffer_add(line, SLICE(";tk="));
    buffer_add(line, token);
    buffer_add(line, SLICE(">\r\n"));
}

static bool is_of_user(const struct request *rq)
{
    return rq->is_authenticated || (rq->is_in_dialog && dialog_is_from_user(rq));
}

/* Who has sent it is behind a NAT: what comes back takes the way that this took. */
static bool is_hidden(const struct request *rq)
{
    const struct sip_basics *basics = &rq->msg->basics;
    bool has_contact = basics->contact_count == 1 && !basics->contact.is_star;
    const struct sip_uri *contact = has_contact ? sip_address_uri(&basics->contact.address) : NULL;

    return contact != NULL && nat_hides(rq, contact);
}

static struct slice new_token(const struct editing *e, struct buffer *token)
{
    const struct request *rq = e->rq;
    const struct forwarding *f = e->forwarding;
    const struct dialog_side sides[] = {
        {{rq->from, is_hidden(rq)},  is_of_user(rq)},
        {{f->recorded, f->is_bound}, f->is_ours    },
    };

    dialog_write_token(rq->w, rq->msg, sides, token);
    return buffer_slice(token);
}

/* One value, or one for each side where they differ, that of the outgoing side on top: RFC 5658. */
static bool insert_record_route(struct editing *e)
{
    const struct request *rq = e->rq;
    const struct hop *out = &e->forwarding->recorded;
    char token_text[DIALOG_TOKEN_MAX];
    struct buffer token_buffer = buffer_over(token_text, sizeof(token_text));
    const size_t start = e->texts.len;

    if (!may_begin_dialog(rq->msg->method_id))
        return true;
    bool is_sips = forward_leaves_as_sips(e);
    struct slice token = new_token(e, &token_buffer);
    add_record_route(&e->texts, side_of(&rq->w->sides, out), is_sips, token);
    if (!same_side(out, &rq->from))
        add_record_route(&e->texts, side_of(&rq->w->sides, &rq->from), is_sips, token);
    sip_edits_insert_before(&e->edits, SIP_RECORD_ROUTE, forward_text_since(e, start));
    return true;
}

/* Credentials of our realm have served: the next hop need not see them. Others are not ours. */
static bool consume_credentials(struct editing *e)
{
    const struct request *rq = e->rq;
    const struct sip_header *header = sip_message_header(rq->msg, SIP_PROXY_AUTHORIZATION);
    struct sip_credentials credentials;

    for (; header != NULL; header = sip_message_next(rq->msg, header)) {
        if (sip_credentials_parse(header->value, &credentials)
            && settings_domain(rq->settings, credentials.realm) != NULL)
            sip_edits_remove_header(&e->edits, header);
    }
    return true;
}

static bool add_content_length(struct editing *e)
{
    const size_t start = e->texts.len;

    if (!hop_is_reliable(&e->forwarding->hop)
        || sip_message_header(e->rq->msg, SIP_CONTENT_LENGTH) != NULL)
        return true;
    sip_build_number(&e->texts, SLICE("Content-Length"), e->rq->msg->body.len);
    sip_edits_append(&e->edits, forward_text_since(e, start));
    return true;
}

static bool add_path(struct editing *e)
{
    char text[SIDE_MAX_TEXT];
    struct buffer place = buffer_over(text, sizeof(text));
    const size_t start = e->texts.len;

    if (e->rq->msg->method_id != SIP_REGISTER || edge_path_of(e->rq) != EDGE_PATH)
        return true;
    write_place(side_of(&e->rq->w->sides, &e->forwarding->recorded), forward_leaves_as_sips(e),
                &place);
    edge_write_path(e->rq, buffer_slice(&place), &e->texts);
    sip_edits_insert_before(&e->edits, SIP_PATH, forward_text_since(e, start));
    return true;
}
