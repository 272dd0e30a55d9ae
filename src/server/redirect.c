/*
 * Redirections that the proxy follows itself, if the settings ask for it: RFC 3261 16.7 step 4.
 */
#include "server/context.h"
#include "server/route.h"
#include "sip/address.h"
#include "transport/locator.h"

enum { MAX_ADDED_TARGETS = 16, MOVED_TEMPORARILY = 302 };

static bool is_known_target(const struct context *ctx, const struct sip_uri *uri)
{
    struct sip_uri known;

    for (const struct branch *b = ctx->branches; b != NULL; b = b->next) {
        if (sip_uri_parse(b->target.uri, &known) && sip_uri_equal(&known, uri))
            return true;
    }
    return false;
}

static size_t count_added(const struct context *ctx)
{
    size_t count = 0;

    for (const struct branch *b = ctx->branches; b != NULL; b = b->next)
        count += b->is_added ? 1 : 0;
    return count;
}

/*
 * 16.5: not ours, so its targets are not ours to add. Nor from sips to sip, or back (RFC 5630 5.3).
 * And a 305 names no target but a proxy, a 380
 * speaks in its body (RFC 3261 21.3).
 */
static bool may_recurse(struct context *ctx, const struct sip_message *response)
{
    struct sip_message msg;
    struct request rq;

    if (!ctx->w->settings->recurses || response->status > MOVED_TEMPORARILY || !ctx->may_fork
        || ctx->has_final)
        return false;
    request_revive(&ctx->request, &rq, &msg);
    return route_again(&rq) && rq.domain != NULL && rq.uri.scheme == SIP_SCHEME_SIP;
}

/* Where it was sent, whence the redirection came. */
static struct net_addr place_of(const struct branch *b)
{
    enum hop_protocol protocol;
    struct net_addr addr;

    if (b->is_by_flow || !locator_place(&b->place, &protocol, &addr))
        return b->target.flow.remote;
    return addr;
}

/* Each target once: 16.5. */
static bool recurse_on(struct branch *b, struct slice value, size_t *added)
{
    struct context *ctx = b->ctx;
    struct net_addr place = place_of(b);
    struct sip_contact contact;
    struct sip_uri uri;

    if (!sip_contact_parse(value, &contact) || contact.is_star
        || !sip_uri_parse(contact.address.uri, &uri) || uri.scheme != SIP_SCHEME_SIP)
        return false;
    if (is_known_target(ctx, &uri))
        return true;
    if (count_added(ctx) >= MAX_ADDED_TARGETS || !context_add_target(ctx, uri.text, &place))
        return false;
    ++*added;
    return true;
}

static void replace_contacts(struct sip_edits *edits, const struct sip_message *msg,
                             struct slice lines)
{
    const struct sip_header *header = sip_message_header(msg, SIP_CONTACT);

    for (; header != NULL; header = sip_message_next(msg, header))
        sip_edits_remove_header(edits, header);
    sip_edits_append(edits, lines);
}

bool redirect_follow(struct branch *b, const struct sip_message *msg, struct sip_edits *edits)
{
    struct context *ctx = b->ctx;
    struct sip_values contacts = sip_values_of(msg, SIP_CONTACT);
    size_t added = 0;
    struct slice value;
    size_t max_bytes = 2 * msg->bytes.len;

    if (!may_recurse(ctx, msg))
        return false;
    char *memory = arena_alloc(ctx->w->arena, max_bytes);
    if (memory == NULL)
        return false;
    struct buffer left = buffer_over(memory, max_bytes);
    while (sip_values_next(&contacts, &value)) {
        if (recurse_on(b, value, &added))
            continue;
        buffer_add_text(&left, left.len == 0 ? "Contact: " : ", ");
        buffer_add(&left, value);
    }
    if (added == 0)
        return false;
    if (left.len == 0)
        return true;
    buffer_add(&left, SLICE("\r\n"));
    replace_contacts(edits, msg, buffer_slice(&left));
    return false;
}
