/*
 * The registrar. A REGISTER for a domain of ours (step 1) goes through the other steps of
 * RFC 3261 10.3 in their order; the first that does not say SIP_GO_ON decides the answer. Require
 * (step 2) was judged before it came here.
 */
#include "server/registrar.h"

#include "server/auth.h"
#include "server/bindings.h"
#include "server/contacts.h"
#include "server/domain.h"
#include "server/gruu.h"
#include "server/late_reply.h"
#include "server/registrar_lines.h"
#include "server/reply.h"
#include "sip/address.h"
#include "sip/values.h"
#include "store/user.h"

struct registration {
    struct request *rq;
    size_t next_step;
    const struct sip_uri *uri; /* of the AoR */
    struct auth_user user;     /* who has authenticated */
    struct slice aor;          /* whose bindings these are */
    uint64_t aor_hash;
    size_t max_bindings;                  /* of the user; 0: what the domain allows */
    const struct domain_settings *domain; /* of the AoR */
    struct contacts contacts;             /* what is to change */
    struct binding refreshed;
    struct binding_list bindings; /* that there are; for the answer */
};

/*
 * What waits for the store: one piece of memory, which `bytes` are part of. Instead of the request
 * it keeps the beginning of the answer.
 */
struct waiting_registration {
    struct location_update update;
    struct late_reply reply;
    struct slice lines;   /* to be added to the answer: see registrar_lines */
    bool wants_gruus;     /* RFC 5627 5.2 */
    struct slice call_id; /* for the log */
    size_t size;
    char bytes[];
};

typedef enum sip_status registrar_step(struct registration *reg);

static registrar_step find_domain, challenge_strangers, refuse_merged, find_address_of_record;
static registrar_step require_credentials, require_ownership, refuse_body, read_contacts;
static registrar_step refuse_himself, commit_changes, list_bindings;

static registrar_step *const steps[] = {
    find_domain,            /* step 5: 404; first, since it names the realm of the next */
    challenge_strangers,    /* step 3: 401 for who has no credentials, and no more work */
    refuse_merged,          /* RFC 3261 8.2.2.2: 482; later, where it is matched late */
    find_address_of_record, /* step 5, again */
    require_credentials,    /* step 3: 401 */
    require_ownership,      /* step 4: 403 */
    refuse_body,            /* RFC 3261 8.2.3: 415 */
    read_contacts,          /* steps 6 and 7: 400 for a misplaced "*", 423 if too brief, 439 */
    refuse_himself,         /* RFC 5627 5.1: 403 */
    commit_changes,         /* step 7: mostly parks; 500, and nothing changed, if it fails */
    list_bindings,          /* step 8: 200; answers itself */
};

static void registration_committed(struct mail *mail, void *owner);

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
    reg->bindings = (struct binding_list){0};
    while (status == SIP_GO_ON)
        status = steps[reg->next_step++](reg);
    if (status != SIP_PARKED)
        request_reply(rq, status);
}

/* An address names the registrar itself, which serves all the domains. */
static bool asks_for_domain(struct request *rq, const struct domain_settings *domain)
{
    struct net_addr addr;

    return rq->domain == domain || net_addr_parse(rq->uri.host, 0, &addr);
}

/* RFC 3261 10.3 step 5. RFC 4475 3.3.4: an AoR of another scheme is malformed. */
static enum sip_status find_domain(struct registration *reg)
{
    struct request *rq = reg->rq;

    reg->uri = sip_address_uri(&rq->msg->basics.to);
    if (reg->uri == NULL
        || (reg->uri->scheme != SIP_SCHEME_SIP && reg->uri->scheme != SIP_SCHEME_SIPS)) {
        rq->phrase = "To Is No SIP URI";
        return SIP_400_BAD_REQUEST;
    }
    reg->domain = domain_of_uri(rq->w, reg->uri);
    bool is_ours =
        reg->domain != NULL && reg->uri->user.ptr != NULL && asks_for_domain(rq, reg->domain);
    return is_ours ? SIP_GO_ON : SIP_404_NOT_FOUND;
}

static enum sip_status challenge_strangers(struct registration *reg)
{
    if (!auth_lacks_credentials(reg->rq))
        return SIP_GO_ON;
    return auth_challenge(reg->rq, reg->domain, AUTH_REGISTRAR);
}

static enum sip_status refuse_merged(struct registration *reg)
{
    struct request *rq = reg->rq;
    bool is_merged = !rq->is_unmatched && txn_table_is_merged(rq->w->txns, rq->msg, &rq->hashes);

    return is_merged ? SIP_482_LOOP_DETECTED : SIP_GO_ON;
}

static enum sip_status find_address_of_record(struct registration *reg)
{
    return domain_aor(reg->rq->w, reg->domain, reg->uri, &reg->aor) ? SIP_GO_ON
                                                                    : SIP_500_SERVER_INTERNAL_ERROR;
}

static enum sip_status require_credentials(struct registration *reg)
{
    if (!reg->rq->settings->requires_auth)
        return SIP_GO_ON;
    return auth_check(reg->rq, reg->domain, AUTH_REGISTRAR, reg->aor, &reg->user);
}

/* An alias has no bindings of its own: those of its user are meant, as when it is called. */
static bool find_owner(struct registration *reg)
{
    struct worker *w = reg->rq->w;
    struct user_name name;

    user_look_up(w->server->store, reg->aor, &name);
    if (name.owner_len > 0) {
        if (!arena_copy(w->arena, (struct slice){name.owner, name.owner_len}, &reg->aor))
            return false;
        user_look_up(w->server->store, reg->aor, &name);
    }
    reg->aor_hash = name.hash;
    reg->max_bindings = name.max_bindings;
    return true;
}

static bool is_of_user(const struct registration *reg)
{
    return reg->rq->settings->requires_auth && slice_equal(reg->aor, reg->user.aor);
}

static enum sip_status require_ownership(struct registration *reg)
{
    if (is_of_user(reg)) {
        reg->aor_hash = reg->user.aor_hash;
        reg->max_bindings = reg->user.max_bindings;
        return SIP_GO_ON;
    }
    if (!find_owner(reg))
        return SIP_500_SERVER_INTERNAL_ERROR;
    if (!reg->rq->settings->requires_auth || is_of_user(reg))
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

bool registrar_knows(struct slice option)
{
    return slice_equal_nocase(option, SLICE("path"))
           || slice_equal_nocase(option, SLICE("outbound"))
           || slice_equal_nocase(option, SLICE("gruu"));
}

/* A contact that is to have a GRUU is no other name of its user, and no GRUU of his. */
static bool may_have_gruu(struct registration *reg, const struct binding *binding)
{
    struct worker *w = reg->rq->w;
    struct sip_uri uri;
    struct slice aor;

    if (!sip_uri_parse(binding->contact, &uri)
        || (uri.scheme != SIP_SCHEME_SIP && uri.scheme != SIP_SCHEME_SIPS))
        return false;
    const struct domain_settings *domain = domain_of_uri(w, &uri);
    if (domain == NULL || uri.user.ptr == NULL)
        return true;
    return !gruu_is_meant(&uri) && domain_aor(w, domain, &uri, &aor) && !slice_equal(aor, reg->aor);
}

static enum sip_status refuse_himself(struct registration *reg)
{
    const struct location_changes *changes = &reg->contacts.changes;

    for (size_t i = 0; i < changes->count; i++) {
        const struct binding *binding = &changes->items[i];
        if (binding->instance.len == 0 || binding->expires_at_ms == 0
            || may_have_gruu(reg, binding))
            continue;
        reg->rq->phrase = "Contact Is No Phone";
        return SIP_403_FORBIDDEN;
    }
    return SIP_GO_ON;
}

/* --- step 7: the commit ------------------------------------------------------------------------
 */

static struct slice keep(char **end, struct slice text)
{
    char *copy = *end;

    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    *end += text.len;
    return (struct slice){copy, text.len};
}

static bool wants_gruus(const struct registration *reg)
{
    return sip_message_header(reg->rq->msg, SIP_SUPPORTED) != NULL
           && sip_message_lists(reg->rq->msg, SIP_SUPPORTED, SLICE("gruu"));
}

static struct waiting_registration *new_waiting(struct registration *reg, size_t update_bytes)
{
    struct worker *w = reg->rq->w;
    struct slice start = late_reply_start(reg->rq);
    struct slice lines = registrar_lines(reg->rq, &reg->contacts);
    struct slice call_id = reg->rq->msg->basics.call_id;
    size_t size =
        sizeof(struct waiting_registration) + update_bytes + start.len + lines.len + call_id.len;

    if (start.len == 0 || !request_may_park(reg->rq, size))
        return NULL;
    struct waiting_registration *waiting = cells_take(&w->cells, size);
    if (waiting == NULL)
        return NULL;
    char *end = waiting->bytes + update_bytes;
    waiting->size = size;
    waiting->reply =
        (struct late_reply){.w = w, .txn = txn_id_of(reg->rq->txn), .start = keep(&end, start)};
    waiting->lines = keep(&end, lines);
    waiting->wants_gruus = wants_gruus(reg);
    waiting->call_id = keep(&end, call_id);
    w->parked_bytes += size;
    w->waiting++;
    w->registrations++;
    return waiting;
}

static void free_waiting(struct worker *w, struct waiting_registration *waiting)
{
    w->parked_bytes -= waiting->size;
    w->waiting--;
    w->registrations--;
    location_update_fini(&waiting->update);
    cells_give_back(&w->cells, waiting, waiting->size);
}

static enum sip_status refuse_number(struct request *rq)
{
    rq->phrase = "Too Many Bindings";
    return SIP_503_SERVICE_UNAVAILABLE;
}

static enum sip_status park(struct registration *reg)
{
    struct request *rq = reg->rq;
    const struct location_changes *changes = &reg->contacts.changes;
    size_t bytes = location_update_bytes(changes);

    if (bytes == 0)
        return refuse_number(rq);
    struct waiting_registration *waiting = new_waiting(reg, bytes);
    if (waiting == NULL)
        return SIP_503_SERVICE_UNAVAILABLE;
    location_update_init(&waiting->update, changes, rq->w->wall_ms, waiting->bytes, bytes);
    waiting->update.answer = (struct answer){.mail.deliver = registration_committed,
                                             .asker = net_loop_mailbox(rq->w->loop)};
    location_gather(rq->w->server->store, &waiting->update, &rq->w->updates);
    return SIP_PARKED;
}

static bool start_transaction(struct request *rq)
{
    rq->txn = txn_server_start(rq->w->txns, rq->msg, &rq->hashes, &rq->reply_hop,
                               hop_is_reliable(&rq->reply_hop), NULL);
    return rq->txn != NULL;
}

/* True: `status` is what comes of it. False: it is more than a refresh, or is to be durable. */
static bool is_refreshed(struct registration *reg, enum sip_status *status)
{
    struct worker *w = reg->rq->w;

    *status = SIP_GO_ON;
    switch (
        location_refresh(w->server->store, &reg->contacts.changes, w->wall_ms, &reg->refreshed)) {
    case LOCATION_NOT_REFRESHED: return false;
    case LOCATION_MERGED: *status = SIP_482_LOOP_DETECTED; break;
    case LOCATION_REFRESHED:
        LOG(&w->log, LOG_DEBUG, "registered", {"aor", reg->aor},
            {"call-id", reg->rq->msg->basics.call_id});
        break;
    case LOCATION_REPEATED: break;
    }
    reg->bindings = (struct binding_list){&reg->refreshed, 1};
    return true;
}

/*
 * Of a refresh that is done at once, its binding remembers for long enough that it was (refresh.c):
 * repeats need no transaction. But those with credentials do, for these count for once.
 */
static bool may_go_without_transaction(const struct request *rq)
{
    return !rq->settings->requires_auth && location_may_refresh(rq->w->server->store);
}

/* Of what waits, or is not to begin any more, a transaction alone knows. */
bool registrar_matches_late(const struct request *rq)
{
    return rq->msg->method_id == SIP_REGISTER && may_go_without_transaction(rq)
           && rq->w->registrations == 0
           && !atomic_load_explicit(&rq->w->server->stopping, memory_order_relaxed);
}

static enum sip_status commit_with_transaction(struct registration *reg)
{
    enum sip_status status;

    if (!start_transaction(reg->rq))
        return SIP_503_SERVICE_UNAVAILABLE;
    return is_refreshed(reg, &status) ? status : park(reg);
}

/* 0 would be none. */
static uint32_t request_to_remember(struct request *rq)
{
    uint32_t bits = (uint32_t)(reply_hash(rq) >> 40);

    return bits > 0 ? bits : 1;
}

static enum sip_status match(struct registration *reg)
{
    if (!reg->rq->is_unmatched)
        return SIP_GO_ON;
    reg->rq->hashes.is_uas = true;
    return request_is_known(reg->rq) ? SIP_PARKED : refuse_merged(reg);
}

/* What is no refresh may be the repeat of what was none. */
static enum sip_status commit_without_transaction(struct registration *reg)
{
    enum sip_status status;

    reg->contacts.changes.request = request_to_remember(reg->rq);
    if (is_refreshed(reg, &status))
        return status;
    status = match(reg);
    if (status != SIP_GO_ON)
        return status;
    return start_transaction(reg->rq) ? park(reg) : SIP_503_SERVICE_UNAVAILABLE;
}

static enum sip_status commit_changes(struct registration *reg)
{
    struct location_changes *changes = &reg->contacts.changes;

    if (!contacts_are_wanted(&reg->contacts))
        return SIP_GO_ON; /* a query */
    changes->aor = reg->aor;
    changes->hash = reg->aor_hash;
    changes->max_bindings = reg->max_bindings > 0 ? reg->max_bindings : reg->domain->max_bindings;
    changes->request = 0;
    return may_go_without_transaction(reg->rq) ? commit_without_transaction(reg)
                                               : commit_with_transaction(reg);
}

static enum sip_status status_of_commit(enum err err, const char **phrase)
{
    switch (err) {
    case ERR_NONE: return SIP_200_OK;
    case ERR_STALE: *phrase = "CSeq Is Not Newer"; return SIP_500_SERVER_INTERNAL_ERROR;
    case ERR_FULL: *phrase = "Too Many Bindings"; return SIP_503_SERVICE_UNAVAILABLE;
    default: return SIP_500_SERVER_INTERNAL_ERROR;
    }
}

/* A refresh is what phones do all day. */
static void log_commit(struct worker *w, const struct waiting_registration *waiting,
                       const char *phrase)
{
    const struct location_update *update = &waiting->update;
    bool is_done = update->answer.err == ERR_NONE;

    LOG(&w->log, is_done && update->is_refresh ? LOG_DEBUG : LOG_INFO,
        is_done ? "registered" : "not registered", {"aor", location_update_aor(update)},
        {"reason", phrase != NULL ? slice_of(phrase) : SLICE_NONE}, {"call-id", waiting->call_id});
}

static void answer_registration(struct worker *w, const struct waiting_registration *waiting)
{
    const struct location_update *update = &waiting->update;
    const char *phrase = NULL;
    struct binding_list bindings;

    enum sip_status status = status_of_commit(update->answer.err, &phrase);
    log_commit(w, waiting, phrase);
    if (status == SIP_200_OK && !location_update_list(update, w->wall_ms, w->arena, &bindings))
        status = SIP_500_SERVER_INTERNAL_ERROR;
    struct buffer reply = late_reply_open(&waiting->reply, status, phrase);
    if (status == SIP_200_OK)
        bindings_write(w, &bindings,
                       waiting->wants_gruus ? location_update_aor(update) : SLICE_NONE,
                       waiting->lines, &reply);
    late_reply_send(&waiting->reply, status, &reply);
}

/* In the worker's thread, when the store has committed or not. */
static void registration_committed(struct mail *mail, void *owner)
{
    struct answer *answer = CONTAINER_OF(mail, struct answer, mail);
    struct location_update *update = CONTAINER_OF(answer, struct location_update, answer);
    struct waiting_registration *waiting =
        CONTAINER_OF(update, struct waiting_registration, update);
    struct worker *w = owner;

    if (!w->is_over)
        answer_registration(w, waiting);
    free_waiting(w, waiting);
    arena_reset(w->arena);
}

/* --- step 8: the answer, where nothing had to wait ---------------------------------------------
 */

static bool find_bindings(struct registration *reg)
{
    struct worker *w = reg->rq->w;

    return reg->bindings.count > 0
           || location_find(w->server->store, reg->aor, w->wall_ms, w->arena, &reg->bindings);
}

static enum sip_status list_bindings(struct registration *reg)
{
    struct request *rq = reg->rq;

    if (!find_bindings(reg))
        return SIP_500_SERVER_INTERNAL_ERROR;
    struct slice lines = registrar_lines(rq, &reg->contacts);
    struct buffer reply = reply_open(rq, SIP_200_OK);
    bindings_write(rq->w, &reg->bindings, wants_gruus(reg) ? reg->aor : SLICE_NONE, lines, &reply);
    reply_send(rq, SIP_200_OK, &reply);
    return SIP_PARKED;
}
