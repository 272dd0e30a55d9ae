/*
 * The registrar. A REGISTER for a domain of ours (step 1) goes through the other steps of
 * RFC 3261 10.3 in their order; the first that does not say SIP_GO_ON decides the answer. Require
 * (step 2) was judged before it came here.
 */
#include "server/registrar.h"

#include <stdlib.h>
#include <time.h>

#include "server/auth.h"
#include "server/contacts.h"
#include "server/domain.h"
#include "server/reply.h"
#include "sip/address.h"
#include "sip/values.h"
#include "store/user.h"

struct registration {
    struct request *rq;
    size_t next_step;
    struct slice user_aor;                /* who has authenticated */
    struct slice aor;                     /* whose bindings these are */
    const struct domain_settings *domain; /* of the AoR */
    struct contacts contacts;             /* what is to change */
};

/* What waits for the store. */
struct waiting_registration {
    struct answer answer;
    struct parked parked;
    size_t aor_len;
    char aor[];
};

typedef enum sip_status registrar_step(struct registration *reg);

static registrar_step refuse_merged, find_address_of_record, require_credentials;
static registrar_step require_ownership, refuse_body, read_contacts, commit_changes, list_bindings;

static registrar_step *const steps[] = {
    refuse_merged,          /* RFC 3261 8.2.2.2: 482 */
    find_address_of_record, /* step 5: 404; first, since it names the realm of the next */
    require_credentials,    /* step 3: 401 */
    require_ownership,      /* step 4: 403 */
    refuse_body,            /* RFC 3261 8.2.3: 415 */
    read_contacts,          /* steps 6 and 7: 400 for a misplaced "*", 423 if too brief */
    commit_changes,         /* step 7: parks; 500, and nothing changed, if it fails */
    list_bindings,          /* step 8: 200 */
};

static void registration_committed(struct mail *mail, void *owner);
static enum sip_status show_bindings(struct request *rq, struct slice aor);

void registrar_start(struct request *rq)
{
    struct registration *reg = arena_alloc(rq->w->arena, sizeof(*reg));
    enum sip_status status = SIP_GO_ON;

    if (reg == NULL) {
        request_reply(rq, SIP_500_SERVER_INTERNAL_ERROR);
        return;
    }
    reg->rq = rq;
    reg->next_step = 0;
    while (status == SIP_GO_ON)
        status = steps[reg->next_step++](reg);
    if (status != SIP_PARKED)
        request_reply(rq, status);
}

static enum sip_status refuse_merged(struct registration *reg)
{
    bool is_merged = txn_table_is_merged(reg->rq->w->txns, reg->rq->msg);

    return is_merged ? SIP_482_LOOP_DETECTED : SIP_GO_ON;
}

static enum sip_status require_credentials(struct registration *reg)
{
    if (!reg->rq->settings->requires_auth)
        return SIP_GO_ON;
    return auth_check(reg->rq, reg->domain, AUTH_REGISTRAR, &reg->user_aor);
}

/* An address names the registrar itself, which serves all the domains. */
static bool asks_for_domain(struct request *rq, const struct domain_settings *domain)
{
    struct net_addr addr;

    return net_addr_parse(rq->uri.host, 0, &addr) || rq->domain == domain;
}

/* RFC 3261 10.3 step 5. RFC 4475 3.3.4: an AoR of another scheme is malformed. */
static enum sip_status find_address_of_record(struct registration *reg)
{
    struct request *rq = reg->rq;
    struct sip_address to;
    struct sip_uri uri;

    if (!sip_address_parse(sip_message_value(rq->msg, SIP_TO), &to) || !sip_uri_parse(to.uri, &uri)
        || (uri.scheme != SIP_SCHEME_SIP && uri.scheme != SIP_SCHEME_SIPS)) {
        rq->phrase = "To Is No SIP URI";
        return SIP_400_BAD_REQUEST;
    }
    reg->domain = domain_of_uri(rq->w, &uri);
    if (reg->domain == NULL || uri.user.ptr == NULL || !asks_for_domain(rq, reg->domain))
        return SIP_404_NOT_FOUND;
    return domain_aor(rq->w, reg->domain, &uri, &reg->aor) ? SIP_GO_ON
                                                           : SIP_500_SERVER_INTERNAL_ERROR;
}

/* An alias has no bindings of its own: those of its user are meant, as when it is called. */
static bool follow_alias(struct registration *reg)
{
    char text[USER_MAX_NAME];
    struct buffer owner = buffer_over(text, sizeof(text));

    return !user_resolve(reg->rq->w->server->store, reg->aor, &owner)
           || arena_copy(reg->rq->w->arena, buffer_slice(&owner), &reg->aor);
}

static enum sip_status require_ownership(struct registration *reg)
{
    bool requires_auth = reg->rq->settings->requires_auth;

    if (requires_auth && slice_equal(reg->aor, reg->user_aor))
        return SIP_GO_ON;
    if (!follow_alias(reg))
        return SIP_500_SERVER_INTERNAL_ERROR;
    if (!requires_auth || slice_equal(reg->aor, reg->user_aor))
        return SIP_GO_ON;
    reg->rq->phrase = "Not Your Address of Record";
    return SIP_403_FORBIDDEN;
}

/* handling = "optional", of a Content-Disposition: RFC 3261 20.11 */
static bool is_body_optional(const struct sip_message *msg)
{
    struct sip_word_params disposition;
    struct sip_param handling;

    return sip_token_params_parse(sip_message_value(msg, SIP_CONTENT_DISPOSITION), &disposition)
           && sip_param_find(disposition.params, SLICE("handling"), &handling)
           && slice_equal_nocase(handling.value, SLICE("optional"));
}

static enum sip_status refuse_body(struct registration *reg)
{
    if (reg->rq->msg->body.len == 0 || is_body_optional(reg->rq->msg))
        return SIP_GO_ON;
    reply_add_header(reg->rq, "Accept", SLICE_NONE); /* we understand none */
    return SIP_415_UNSUPPORTED_MEDIA_TYPE;
}

static enum sip_status read_contacts(struct registration *reg)
{
    return contacts_read(reg->rq, &reg->contacts);
}

/* --- step 7: the commit ------------------------------------------------------------------------
 */

static struct waiting_registration *wait_for_store(struct registration *reg)
{
    struct request *rq = reg->rq;
    struct waiting_registration *waiting = malloc(sizeof(*waiting) + reg->aor.len);

    if (waiting == NULL)
        return NULL;
    if (!request_park(rq, &waiting->parked)) {
        free(waiting);
        return NULL;
    }
    waiting->aor_len = reg->aor.len;
    memcpy(waiting->aor, reg->aor.ptr, reg->aor.len);
    waiting->answer.asker = net_loop_mailbox(rq->w->loop);
    waiting->answer.mail.deliver = registration_committed;
    rq->w->waiting++;
    return waiting;
}

/* A user may have a limit of his own. */
static size_t max_bindings_of(const struct registration *reg)
{
    struct user user;
    bool has_own = user_find(reg->rq->w->server->store, reg->aor, &user) && user.max_bindings > 0;

    return has_own ? user.max_bindings : reg->domain->max_bindings;
}

static enum sip_status commit_changes(struct registration *reg)
{
    struct request *rq = reg->rq;
    struct location_changes *changes = &reg->contacts.changes;

    if (!contacts_are_wanted(&reg->contacts))
        return SIP_GO_ON; /* a query */
    changes->aor = reg->aor;
    changes->max_bindings = max_bindings_of(reg);
    rq->txn = txn_server_start(rq->w->txns, rq->msg, &rq->reply_hop,
                               hop_is_reliable(&rq->reply_hop), NULL);
    if (rq->txn == NULL)
        return SIP_503_SERVICE_UNAVAILABLE;
    txn_note_merges(rq->txn, rq->msg);
    struct waiting_registration *waiting = wait_for_store(reg);
    if (waiting == NULL)
        return SIP_503_SERVICE_UNAVAILABLE;
    location_gather(rq->w->server->store, changes, rq->w->wall_ms, &waiting->answer,
                    &rq->w->updates);
    return SIP_PARKED;
}

static enum sip_status status_of_commit(struct request *rq, enum err err)
{
    switch (err) {
    case ERR_NONE: return SIP_GO_ON;
    case ERR_STALE: rq->phrase = "CSeq Is Not Newer"; return SIP_500_SERVER_INTERNAL_ERROR;
    case ERR_FULL: rq->phrase = "Too Many Bindings"; return SIP_503_SERVICE_UNAVAILABLE;
    default: return SIP_500_SERVER_INTERNAL_ERROR;
    }
}

static void answer_registration(struct worker *w, const struct waiting_registration *waiting)
{
    struct sip_message msg;
    struct request rq;

    request_revive(&waiting->parked, &rq, &msg);
    struct slice aor = {waiting->aor, waiting->aor_len};
    enum sip_status status = status_of_commit(&rq, waiting->answer.err);
    if (status == SIP_GO_ON) {
        LOG(&w->log, LOG_INFO, "registered", {"aor", aor}, {"call-id", msg.basics.call_id});
        status = show_bindings(&rq, aor);
    }
    if (rq.txn != NULL)
        request_reply(&rq, status);
}

/* In the worker's thread, when the store has committed or not. */
static void registration_committed(struct mail *mail, void *owner)
{
    struct answer *answer = CONTAINER_OF(mail, struct answer, mail);
    struct waiting_registration *waiting =
        CONTAINER_OF(answer, struct waiting_registration, answer);
    struct worker *w = owner;

    if (!w->is_over)
        answer_registration(w, waiting);
    w->waiting--;
    parked_fini(&waiting->parked);
    free(waiting);
    arena_reset(w->arena);
}

/* --- step 8: the answer ------------------------------------------------------------------------
 */

/* Contact: <...>;q=...;expires=... and what else was said of it */
static void write_contact_line(const struct binding *binding, uint64_t now_ms, struct buffer *out)
{
    buffer_add_text(out, "Contact: <");
    buffer_add(out, binding->contact);
    buffer_add_char(out, '>');
    if (binding->has_q)
        buffer_printf(out, ";q=%u.%03u", binding->q_thousandths / 1000,
                      binding->q_thousandths % 1000);
    buffer_printf(out, ";expires=%llu",
                  (unsigned long long)((binding->expires_at_ms - now_ms + 999) / 1000));
    buffer_add(out, binding->params);
    buffer_add_text(out, "\r\n");
}

/* All of them or none: a list with holes would be believed. */
static bool add_contact_lines(struct request *rq, const struct binding_list *bindings)
{
    size_t max_bytes = 1;

    for (size_t i = 0; i < bindings->count; i++)
        max_bytes += bindings->items[i].contact.len + bindings->items[i].params.len + 64;
    char *memory = arena_alloc(rq->w->arena, max_bytes);
    if (memory == NULL)
        return false;
    struct buffer lines = buffer_over(memory, max_bytes);
    for (size_t i = 0; i < bindings->count; i++)
        write_contact_line(&bindings->items[i], rq->w->wall_ms, &lines);
    rq->extra_headers = buffer_slice(&lines);
    return !lines.overflowed;
}

/* RFC 3327 5.3: who set a Path and supports it is shown what was kept. */
static void add_path(struct request *rq)
{
    struct slice path;

    if (sip_message_lists(rq->msg, SIP_SUPPORTED, SLICE("path"))
        && contacts_read_path(rq, &path) == SIP_GO_ON && path.len > 0)
        reply_add_header(rq, "Path", path);
}

static void add_date(struct request *rq)
{
    time_t now = (time_t)(rq->w->wall_ms / 1000);
    struct tm tm;
    char text[40];

    gmtime_r(&now, &tm);
    size_t len = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    reply_add_header(rq, "Date", (struct slice){text, len});
}

static enum sip_status show_bindings(struct request *rq, struct slice aor)
{
    struct worker *w = rq->w;
    struct binding_list bindings;

    if (!location_find(w->server->store, aor, w->wall_ms, w->arena, &bindings)
        || !add_contact_lines(rq, &bindings))
        return SIP_500_SERVER_INTERNAL_ERROR;
    add_path(rq);
    add_date(rq);
    return SIP_200_OK;
}

static enum sip_status list_bindings(struct registration *reg)
{
    return show_bindings(reg->rq, reg->aor);
}
