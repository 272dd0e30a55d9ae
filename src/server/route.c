/*
 * What becomes of a new request: it is judged in the order of the design (syntax, Max-Forwards,
 * scheme, extensions, loop, credentials) and then handed to who answers it: RFC 3261 16.3 to 16.5.
 */
#include "server/route.h"

#include "server/ack.h"
#include "server/auth.h"
#include "server/dialog.h"
#include "server/domain.h"
#include "server/edge.h"
#include "server/options.h"
#include "server/parcel.h"
#include "server/proxy.h"
#include "server/registrar.h"
#include "server/reply.h"
#include "server/target.h"
#include "server/token.h"
#include "server/uri_params.h"
#include "sip/address.h"
#include "store/user.h"

enum { MAX_REFUSED = 16 }; /* extensions named in an answer */

typedef enum sip_status route_step(struct request *rq);

static route_step read_request_uri, preprocess_routes, find_domain, leave_to_owner, refuse_spent;
static route_step refuse_unknown_scheme, refuse_unknown_extensions, refuse_loops;
static route_step refuse_while_stopping, answer_what_is_for_us, require_credentials, require_right;
static route_step forward;

static route_step *const steps[] = {
    read_request_uri,          /* 400 */
    preprocess_routes,         /* RFC 3261 16.4 */
    find_domain,               /* is it for one of ours? */
    leave_to_owner,            /* unless the answer takes no transaction */
    refuse_spent,              /* 483 */
    refuse_unknown_scheme,     /* 416 */
    refuse_unknown_extensions, /* 420 */
    refuse_loops,              /* 482 */
    refuse_while_stopping,     /* 503 */
    answer_what_is_for_us,     /* REGISTER and OPTIONS of our own; 405, 481, 501 */
    require_credentials,       /* 407 */
    require_right,             /* 403: no open relay */
    forward,                   /* 404, 480, or to the targets */
};

static void route_ack(struct request *ack);
static void route_cancel(struct request *cancel);

void route_request(struct request *rq)
{
    enum sip_status status = SIP_GO_ON;

    if (rq->msg->method_id == SIP_ACK) {
        route_ack(rq);
    } else if (rq->msg->method_id == SIP_CANCEL) {
        route_cancel(rq);
    } else {
        for (size_t i = 0; i < ARRAY_LEN(steps) && status == SIP_GO_ON; i++)
            status = steps[i](rq);
        if (status != SIP_PARKED)
            request_reply(rq, status);
    }
}

bool route_again(struct request *rq)
{
    return read_request_uri(rq) == SIP_GO_ON && preprocess_routes(rq) == SIP_GO_ON
           && find_domain(rq) == SIP_GO_ON && refuse_loops(rq) == SIP_GO_ON;
}

/* RFC 3261 19.1.1: a Request-URI has no headers part, and no method parameter of any use. */
static enum sip_status read_request_uri(struct request *rq)
{
    rq->uri_text = rq->msg->uri;
    rq->uri = rq->msg->request_uri;
    if (rq->uri.text.len > 0 && rq->uri.headers.len == 0)
        return SIP_GO_ON;
    rq->phrase = "Malformed Request-URI";
    return SIP_400_BAD_REQUEST;
}

/* --- RFC 3261 16.4 ---------------------------------------------------------------------------- */

/* The URI of a value, which is parsed into `address`. NULL: it is malformed. */
static const struct sip_uri *read_route(struct slice value, struct sip_address *address)
{
    return sip_address_parse(value, address) ? sip_address_uri(address) : NULL;
}

static void note_token(struct request *rq, const struct sip_uri *uri)
{
    struct slice token;

    if (sip_uri_param(uri, SLICE("tk"), &token))
        (void)dialog_note_token(rq, token);
}

static struct slice last_route(const struct sip_message *msg, size_t *count)
{
    struct sip_values routes = sip_values_of(msg, SIP_ROUTE);
    struct slice value, last = SLICE_NONE;

    for (*count = 0; sip_values_next(&routes, &value); ++*count)
        last = value;
    return last;
}

/*
 * A strict router put our own Record-Route value into the Request-URI. `route_count`: so many
 * values of Route may be ours.
 */
static enum sip_status repair_strict_route(struct request *rq, size_t *route_count)
{
    struct slice token;
    struct sip_address address;
    const struct sip_uri *uri;

    *route_count = SIZE_MAX;
    if (!sip_uri_param(&rq->uri, SLICE("tk"), &token)
        || !sip_uri_param(&rq->uri, SLICE("lr"), &token) || !domain_leads_here(rq->w, &rq->uri))
        return SIP_GO_ON;
    struct slice last = last_route(rq->msg, route_count);
    if (*route_count == 0)
        return SIP_GO_ON;
    note_token(rq, &rq->uri);
    uri = read_route(last, &address);
    if (uri == NULL) {
        rq->phrase = "Malformed Route";
        return SIP_400_BAD_REQUEST;
    }
    rq->uri = *uri;
    rq->uri_text = address.uri;
    rq->takes_uri_from_route = true;
    --*route_count;
    return SIP_GO_ON;
}

/* The URI up to its host, and the parameters that stay. */
static bool write_without_maddr(const struct sip_uri *uri, struct buffer *out)
{
    const struct slice unwanted[] = {SLICE("maddr"), SLICE("transport"), SLICE_NONE};
    const char *host_end = slice_end(uri->host) + (uri->host_is_ipv6 ? 1 : 0);

    buffer_add(out, slice_between(uri->text.ptr, host_end));
    uri_params_write(uri, unwanted, out);
    return !out->overflowed;
}

/*
 * A maddr that names us is as good as none. By the letter that is so only for what came to the port
 * and by the transport that the URI says; what did not would be sent there, to ourselves.
 */
static enum sip_status strip_own_maddr(struct request *rq)
{
    struct slice maddr;

    if (rq->uri.scheme != SIP_SCHEME_SIP || !sip_uri_param(&rq->uri, SLICE("maddr"), &maddr)
        || !domain_leads_here(rq->w, &rq->uri))
        return SIP_GO_ON;

    char *memory = arena_alloc(rq->w->arena, rq->uri_text.len);
    struct buffer text = buffer_over(memory, memory != NULL ? rq->uri_text.len : 0);
    if (memory == NULL || !write_without_maddr(&rq->uri, &text))
        return SIP_500_SERVER_INTERNAL_ERROR;
    rq->uri_text = buffer_slice(&text);
    return sip_uri_parse(rq->uri_text, &rq->uri) ? SIP_GO_ON : SIP_500_SERVER_INTERNAL_ERROR;
}

/* As nearly always, byte for byte what our Record-Route said to the side that it comes from. */
static bool is_our_record(struct request *rq, struct slice value)
{
    struct slice start = side_of(&rq->w->sides, &rq->from)->route;

    return value.len > start.len + 1 && slice_starts_with(value, start)
           && value.ptr[value.len - 1] == '>'
           && dialog_note_token(rq, slice_between(value.ptr + start.len, slice_end(value) - 1));
}

/* Values of ours in a row are the two sides of one passage (RFC 5658), or of a spiral. */
static enum sip_status pass_own_routes(struct request *rq, size_t route_count)
{
    struct sip_values routes = sip_values_of(rq->msg, SIP_ROUTE);
    struct sip_address address;
    struct slice value;

    for (; rq->own_routes < route_count && sip_values_next(&routes, &value); rq->own_routes++) {
        if (is_our_record(rq, value))
            continue;
        const struct sip_uri *uri = read_route(value, &address);
        if (uri == NULL) {
            rq->phrase = "Malformed Route";
            return SIP_400_BAD_REQUEST;
        }
        if (!domain_leads_here(rq->w, uri)) {
            rq->next_route = value;
            break;
        }
        note_token(rq, uri);
        enum sip_status status = edge_note_path(rq, uri);
        if (status != SIP_GO_ON)
            return status;
    }
    return SIP_GO_ON;
}

static enum sip_status preprocess_routes(struct request *rq)
{
    size_t route_count;

    enum sip_status status = repair_strict_route(rq, &route_count);
    if (status == SIP_GO_ON)
        status = strip_own_maddr(rq);
    if (status == SIP_GO_ON)
        status = pass_own_routes(rq, route_count);
    dialog_judge(rq);
    return status;
}

/* --- the judgement ---------------------------------------------------------------------------- */

/* RFC 3261 16.5: a maddr that is not ours makes the Request-URI the only target. */
static enum sip_status find_domain(struct request *rq)
{
    struct slice maddr;

    if (!sip_uri_param(&rq->uri, SLICE("maddr"), &maddr))
        rq->domain = domain_of_uri(rq->w, &rq->uri);
    return SIP_GO_ON;
}

/* Its way ends here: nothing is forwarded. */
static bool is_for_us(const struct request *rq)
{
    return rq->domain != NULL && rq->next_route.len == 0
           && (rq->uri.user.ptr == NULL || rq->msg->method_id == SIP_REGISTER);
}

/* An OPTIONS that ends here, and a REGISTER that is to be challenged, or matched later. */
static bool takes_no_transaction(const struct request *rq)
{
    return is_for_us(rq)
           && (rq->msg->method_id == SIP_OPTIONS || auth_lacks_credentials(rq)
               || registrar_matches_late(rq));
}

/* What came unmatched is an OPTIONS or a REGISTER. */
static enum sip_status leave_to_owner(struct request *rq)
{
    if (!rq->is_unmatched || takes_no_transaction(rq))
        return SIP_GO_ON;
    struct worker *owner = rq->w;
    if (rq->msg->method_id == SIP_OPTIONS)
        owner = worker_of_call(rq->w, rq->msg->basics.call_id, false);
    rq->hashes.is_uas = is_for_us(rq);
    if (owner == rq->w)
        return request_is_known(rq) ? SIP_PARKED : SIP_GO_ON;
    if (parcel_send_received(rq->w, owner, &rq->from, rq->msg->bytes)
        || !hop_is_reliable(&rq->from))
        return SIP_PARKED;
    rq->phrase = "Overloaded";
    return SIP_503_SERVICE_UNAVAILABLE;
}

static enum sip_status refuse_spent(struct request *rq)
{
    bool is_spent = rq->msg->basics.has_max_forwards && rq->msg->basics.max_forwards == 0;

    return is_spent && !is_for_us(rq) ? SIP_483_TOO_MANY_HOPS : SIP_GO_ON;
}

/* RFC 5630 5.3: with sips every hop goes by TLS, that which it came by too. */
static enum sip_status refuse_unknown_scheme(struct request *rq)
{
    if (rq->uri.scheme == SIP_SCHEME_SIP)
        return SIP_GO_ON;
    if (rq->uri.scheme != SIP_SCHEME_SIPS || !settings_listens_securely(rq->settings))
        return SIP_416_UNSUPPORTED_URI_SCHEME;
    if (hop_is_secure(&rq->from))
        return SIP_GO_ON;
    rq->phrase = "SIPS Not Over TLS";
    return SIP_400_BAD_REQUEST;
}

/* The first of them; who requires more will ask again. */
static enum sip_status refuse_listed(struct request *rq, enum sip_header_id id)
{
    enum sip_status status = SIP_GO_ON;
    struct slice option;

    if (sip_message_header(rq->msg, id) == NULL)
        return SIP_GO_ON;
    struct sip_values values = sip_values_of(rq->msg, id);
    for (int i = 0; i < MAX_REFUSED && sip_values_next(&values, &option); i++) {
        if (rq->msg->method_id == SIP_REGISTER && id == SIP_REQUIRE && registrar_knows(option))
            continue;
        reply_add_header(rq, "Unsupported", option);
        status = SIP_420_BAD_EXTENSION;
    }
    return status;
}

/* Require is for who answers in the end: RFC 3261 8.2.2.3; Proxy-Require for all on the way. */
static enum sip_status refuse_unknown_extensions(struct request *rq)
{
    enum sip_status status = refuse_listed(rq, SIP_PROXY_REQUIRE);

    return status == SIP_GO_ON && is_for_us(rq) ? refuse_listed(rq, SIP_REQUIRE) : status;
}

/* What ends here has not been forwarded before, and will not be. */
static enum sip_status refuse_loops(struct request *rq)
{
    if (is_for_us(rq))
        return SIP_GO_ON;
    token_of_loop(rq, rq->loop_token);
    return token_finds_loop(rq) ? SIP_482_LOOP_DETECTED : SIP_GO_ON;
}

static enum sip_status refuse_while_stopping(struct request *rq)
{
    bool is_stopping = atomic_load_explicit(&rq->w->server->stopping, memory_order_relaxed);

    return is_stopping && !rq->is_in_dialog ? SIP_503_SERVICE_UNAVAILABLE : SIP_GO_ON;
}

static enum sip_status answer_what_is_for_us(struct request *rq)
{
    if (!is_for_us(rq))
        return SIP_GO_ON;
    if (rq->msg->method_id == SIP_REGISTER) {
        registrar_start(rq);
        return SIP_PARKED;
    }
    if (rq->msg->method_id == SIP_OPTIONS)
        return options_answer(rq);
    if (rq->msg->basics.to_tag.len > 0)
        return SIP_481_CALL_DOES_NOT_EXIST;
    if (rq->msg->method_id == SIP_OTHER_METHOD)
        return SIP_501_NOT_IMPLEMENTED;
    reply_add_header(rq, "Allow", SLICE("OPTIONS, REGISTER"));
    return SIP_405_METHOD_NOT_ALLOWED;
}

/* A user calls as himself, or as one of his aliases. */
static enum sip_status require_own_from(struct request *rq, struct slice from_aor,
                                        struct slice user_aor)
{
    char text[USER_MAX_NAME];
    struct buffer owner = buffer_over(text, sizeof(text));

    if (slice_equal(from_aor, user_aor)
        || (user_resolve(rq->w->server->store, from_aor, &owner)
            && slice_equal(buffer_slice(&owner), user_aor)))
        return SIP_GO_ON;
    rq->phrase = "From Is Somebody Else";
    return SIP_403_FORBIDDEN;
}

/*
 * A spiral: byte for byte what a transaction of ours has just sent. It was judged when it came for
 * the first time, and the credentials it had then were consumed.
 */
static bool is_sent_by_us(const struct request *rq)
{
    const struct txn *t = txn_table_find_sent(rq->w->txns, rq->msg->bytes);

    return t != NULL && slice_equal(txn_request(t), rq->msg->bytes);
}

static enum sip_status require_user(struct request *rq, const struct domain_settings *domain,
                                    const struct sip_uri *from)
{
    struct auth_user user;
    struct slice from_aor;

    if (!domain_aor(rq->w, domain, from, &from_aor))
        return SIP_500_SERVER_INTERNAL_ERROR;
    enum sip_status status = auth_check(rq, domain, AUTH_PROXY, from_aor, &user);
    return status == SIP_GO_ON ? require_own_from(rq, from_aor, user.aor) : status;
}

/*
 * Of who says that he is one of our users, but in a dialog where his side is one. From may have a
 * scheme without domains: a stranger.
 */
static enum sip_status require_credentials(struct request *rq)
{
    const struct sip_uri *from = sip_address_uri(&rq->msg->basics.from);
    const struct domain_settings *domain = NULL;

    if (from != NULL && !(rq->is_in_dialog && rq->near->is_ours))
        domain = domain_of_uri(rq->w, from);
    if (domain == NULL)
        return SIP_GO_ON;
    if (rq->settings->requires_auth && !is_sent_by_us(rq)) {
        enum sip_status status = require_user(rq, domain, from);
        if (status != SIP_GO_ON)
            return status;
    }
    rq->is_authenticated = true;
    return SIP_GO_ON;
}

/* Strangers reach our users, by no other way than through us. */
static enum sip_status require_right(struct request *rq)
{
    bool leaves_us = rq->domain == NULL || rq->next_route.len > 0;

    if (!leaves_us || rq->is_authenticated || rq->is_in_dialog || edge_permits(rq))
        return SIP_GO_ON;
    rq->phrase = "Relaying Denied";
    return SIP_403_FORBIDDEN;
}

/* RFC 3327 5.2 */
static enum sip_status refuse_for_path(struct request *rq)
{
    reply_add_header(rq, "Require", SLICE("path"));
    return SIP_421_EXTENSION_REQUIRED;
}

static enum sip_status forward(struct request *rq)
{
    struct target_list targets;

    if (rq->msg->method_id == SIP_REGISTER && edge_path_of(rq) == EDGE_NO_SUPPORT)
        return refuse_for_path(rq);
    enum sip_status status = target_find(rq, &targets);
    if (status != SIP_GO_ON)
        return status;
    proxy_start(rq, &targets);
    return SIP_PARKED;
}

/* --- ACK and CANCEL, which nobody answers with an error ----------------------------------------
 */

/*
 * An ACK that matched no transaction is for a 2xx and goes its own way (RFC 3261 13.2.2.4), or it
 * acknowledges an error that we sent without state.
 */
static void route_ack(struct request *ack)
{
    struct target_list targets;

    if (reply_tag_is_ours(ack))
        return;
    bool is_forwarded = read_request_uri(ack) == SIP_GO_ON && preprocess_routes(ack) == SIP_GO_ON
                        && find_domain(ack) == SIP_GO_ON && refuse_spent(ack) == SIP_GO_ON
                        && refuse_unknown_scheme(ack) == SIP_GO_ON && refuse_loops(ack) == SIP_GO_ON
                        && require_right(ack) == SIP_GO_ON
                        && target_find(ack, &targets) == SIP_GO_ON;
    if (is_forwarded)
        ack_forward(ack, &targets);
    else
        ack->w->counters.stray_acks++;
}

/* RFC 3261 16.10. As nothing but an ACK is forwarded without state, what matches nothing is gone.
 */
static void route_cancel(struct request *cancel)
{
    struct txn *invite = txn_table_find_cancelled(cancel->w->txns, cancel->msg);

    if (invite == NULL) {
        request_reply(cancel, SIP_481_CALL_DOES_NOT_EXIST);
        return;
    }
    cancel->txn = txn_server_start(cancel->w->txns, cancel->msg, &cancel->hashes,
                                   &cancel->reply_hop, hop_is_reliable(&cancel->reply_hop), NULL);
    request_reply(cancel, SIP_200_OK);
    proxy_cancel(invite, cancel->msg);
}
