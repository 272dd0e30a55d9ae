/*
 * The registrar. A REGISTER for a domain of ours (step 1) goes through the other steps of
 * RFC 3261 10.3 in their order; the first that does not say SIP_GO_ON decides the answer. Require
 * (step 2) was judged before it came here.
 */
#include "server/registrar.h"

#include <stdlib.h>
#include <time.h>

#include "server/auth.h"
#include "server/domain.h"
#include "server/flow.h"
#include "server/reply.h"
#include "sip/address.h"
#include "sip/values.h"
#include "store/location.h"
#include "store/user.h"

enum {
    MAX_CONTACTS = 64,
    MAX_BINDING_BYTES = 4096, /* a list of ten is to fit into an answer */
    MAX_USER_AGENT = 128,     /* of it as much is kept, for people to read */
};

struct registration {
    struct request *rq;
    size_t next_step;
    struct slice user_aor;                /* who has authenticated */
    struct slice aor;                     /* whose bindings these are */
    const struct domain_settings *domain; /* of the AoR */
    struct binding contacts[MAX_CONTACTS];
    struct location_changes changes;
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

/* --- steps 6 and 7: the contacts ---------------------------------------------------------------
 */

/* RFC 3261 20.19: malformed is as if it were not there; too large is very long. */
static uint32_t expires_of_request(const struct registration *reg)
{
    struct slice value = sip_message_value(reg->rq->msg, SIP_EXPIRES);
    uint32_t seconds;

    return sip_seconds_parse(value, &seconds) ? seconds : reg->rq->settings->default_expires_s;
}

/* Step 6 comes before any contact is looked at. */
static bool has_star(const struct sip_message *msg, size_t *count)
{
    struct sip_values values = sip_values_of(msg, SIP_CONTACT);
    struct slice value;
    bool is_seen = false;

    for (*count = 0; sip_values_next(&values, &value); ++*count)
        is_seen = is_seen || slice_equal(slice_trim(value), SLICE("*"));
    return is_seen;
}

static enum sip_status read_star(struct registration *reg, size_t contact_count)
{
    uint32_t seconds;

    if (contact_count != 1
        || !sip_seconds_parse(sip_message_value(reg->rq->msg, SIP_EXPIRES), &seconds)
        || seconds != 0) {
        reg->rq->phrase = "Misplaced Contact *";
        return SIP_400_BAD_REQUEST;
    }
    reg->changes.removes_all = true;
    return SIP_GO_ON;
}

static enum sip_status refuse_brief(struct registration *reg)
{
    char text[12];
    struct buffer seconds = buffer_over(text, sizeof(text));

    buffer_add_u64(&seconds, reg->rq->settings->min_expires_s);
    reply_add_header(reg->rq, "Min-Expires", buffer_slice(&seconds));
    return SIP_423_INTERVAL_TOO_BRIEF;
}

/* What the list in the answer shows again: all but q and expires, which it writes anew. */
static struct slice params_to_keep(struct request *rq, struct slice params)
{
    struct slice rest = params;
    struct sip_param param;
    char *memory = arena_alloc(rq->w->arena, params.len + 1);

    if (memory == NULL)
        return SLICE_NONE;
    struct buffer text = buffer_over(memory, params.len + 1);
    while (sip_param_next(&rest, &param)) {
        if (slice_equal_nocase(param.name, SLICE("q"))
            || slice_equal_nocase(param.name, SLICE("expires")))
            continue;
        buffer_add_char(&text, ';');
        buffer_add(&text, param.name);
        if (param.value.ptr != NULL) {
            buffer_add_char(&text, '=');
            buffer_add(&text, param.value);
        }
    }
    return buffer_slice(&text);
}

/* path-value = name-addr *( SEMI rr-param ): it will be a Route (RFC 3327 4) */
static bool is_path_value(struct slice value)
{
    struct sip_address address;
    struct sip_uri uri;

    return sip_address_parse(value, &address) && address.has_brackets
           && sip_uri_parse(address.uri, &uri) && uri.scheme != SIP_SCHEME_OTHER;
}

/* RFC 3327 5.3: the values in their order, as one list. */
static enum sip_status read_path(struct request *rq, struct slice *out)
{
    struct sip_values paths = sip_values_of(rq->msg, SIP_PATH);
    struct slice value;

    *out = SLICE_NONE;
    if (sip_message_header(rq->msg, SIP_PATH) == NULL)
        return SIP_GO_ON;
    char *memory = arena_alloc(rq->w->arena, MAX_BINDING_BYTES);
    if (memory == NULL)
        return SIP_500_SERVER_INTERNAL_ERROR;
    struct buffer path = buffer_over(memory, MAX_BINDING_BYTES);
    while (sip_values_next(&paths, &value)) {
        if (!is_path_value(value)) {
            rq->phrase = "Malformed Path";
            return SIP_400_BAD_REQUEST;
        }
        buffer_add_text(&path, path.len > 0 ? "," : "");
        buffer_add(&path, value);
    }
    if (path.overflowed) {
        rq->phrase = "Path Too Long";
        return SIP_400_BAD_REQUEST;
    }
    *out = buffer_slice(&path);
    return SIP_GO_ON;
}

static struct slice flow_of_request(struct request *rq)
{
    char *memory = arena_alloc(rq->w->arena, FLOW_MAX_BYTES);

    if (memory == NULL)
        return SLICE_NONE;
    struct buffer flow = buffer_over(memory, FLOW_MAX_BYTES);
    flow_write(&rq->from, rq->w->server->run, &flow);
    return buffer_slice(&flow);
}

static struct slice user_agent_of_request(const struct request *rq)
{
    struct slice name = sip_message_value(rq->msg, SIP_USER_AGENT);

    name.len = name.len < MAX_USER_AGENT ? name.len : MAX_USER_AGENT;
    return name;
}

/*
 * Step 7: the interval it asks for, of which we give less if it is too much. That the shortest is
 * an hour at most, as the RFC wants it, keys.c sees to.
 */
static enum sip_status read_interval(struct registration *reg, const struct sip_contact *contact,
                                     uint32_t *seconds)
{
    const struct settings *settings = reg->rq->settings;

    *seconds = contact->has_expires ? contact->expires_s : expires_of_request(reg);
    if (*seconds > 0 && *seconds < settings->min_expires_s)
        return refuse_brief(reg);
    if (*seconds > settings->max_expires_s)
        *seconds = settings->max_expires_s;
    return SIP_GO_ON;
}

static enum sip_status add_contact(struct registration *reg, const struct sip_contact *contact,
                                   const struct binding *common)
{
    struct request *rq = reg->rq;
    struct binding binding = *common;
    struct sip_uri uri;
    uint32_t seconds;

    enum sip_status status = read_interval(reg, contact, &seconds);
    if (status != SIP_GO_ON)
        return status;
    binding.contact = contact->address.uri;
    binding.params = params_to_keep(rq, contact->address.params);
    binding.has_q = contact->has_q;
    binding.q_thousandths = contact->has_q ? contact->q_thousandths : 1000;
    binding.expires_at_ms = seconds == 0 ? 0 : rq->w->wall_ms + seconds * 1000ULL;
    if (!sip_uri_parse(binding.contact, &uri)) /* of any scheme: RFC 3665 2.2 has mailto */
        rq->phrase = "Malformed Contact";
    else if (binding.contact.len + binding.params.len + binding.path.len > MAX_BINDING_BYTES)
        rq->phrase = "Contact Too Long";
    if (rq->phrase != NULL)
        return SIP_400_BAD_REQUEST;
    reg->contacts[reg->changes.count++] = binding;
    return SIP_GO_ON;
}

/* A user may have a limit of his own. */
static size_t max_bindings_of(const struct registration *reg)
{
    struct user user;
    bool has_own = user_find(reg->rq->w->server->store, reg->aor, &user) && user.max_bindings > 0;

    return has_own ? user.max_bindings : reg->domain->max_bindings;
}

static enum sip_status add_contacts(struct registration *reg, const struct binding *common)
{
    struct sip_values values = sip_values_of(reg->rq->msg, SIP_CONTACT);
    enum sip_status status = SIP_GO_ON;
    struct sip_contact contact;
    struct slice value;

    while (status == SIP_GO_ON && sip_values_next(&values, &value))
        status = sip_contact_parse(value, &contact) ? add_contact(reg, &contact, common)
                                                    : SIP_400_BAD_REQUEST;
    return status;
}

static enum sip_status read_contacts(struct registration *reg)
{
    struct request *rq = reg->rq;
    const struct sip_basics *basics = &rq->msg->basics;
    struct binding common = {.call_id = basics->call_id, .cseq = basics->cseq};
    size_t count;
    bool is_star = has_star(rq->msg, &count);

    reg->changes = (struct location_changes){
        .aor = reg->aor, .items = reg->contacts, .call_id = basics->call_id, .cseq = basics->cseq};
    enum sip_status status = read_path(rq, &common.path);
    if (status != SIP_GO_ON || count == 0)
        return status;
    reg->changes.max_bindings = max_bindings_of(reg);
    if (is_star)
        return read_star(reg, count);
    if (count > MAX_CONTACTS) {
        rq->phrase = "Too Many Contacts";
        return SIP_400_BAD_REQUEST;
    }
    common.flow = flow_of_request(rq);
    common.user_agent = user_agent_of_request(rq);
    return add_contacts(reg, &common);
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

static enum sip_status commit_changes(struct registration *reg)
{
    struct request *rq = reg->rq;

    if (reg->changes.count == 0 && !reg->changes.removes_all)
        return SIP_GO_ON; /* a query */
    rq->txn = txn_server_start(rq->w->txns, rq->msg, &rq->reply_hop,
                               hop_is_reliable(&rq->reply_hop), NULL);
    if (rq->txn == NULL)
        return SIP_503_SERVICE_UNAVAILABLE;
    struct waiting_registration *waiting = wait_for_store(reg);
    if (waiting == NULL)
        return SIP_503_SERVICE_UNAVAILABLE;
    location_update(rq->w->server->store, &reg->changes, rq->w->wall_ms, &waiting->answer);
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
    struct registration reg = {
        .rq = &rq, .aor = {waiting->aor, waiting->aor_len}
    };
    enum sip_status status = status_of_commit(&rq, waiting->answer.err);
    if (status == SIP_GO_ON) {
        LOG(&w->log, LOG_DEBUG, "registered", {"aor", reg.aor}, {"call-id", msg.basics.call_id});
        status = list_bindings(&reg);
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
        && read_path(rq, &path) == SIP_GO_ON && path.len > 0)
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

static enum sip_status list_bindings(struct registration *reg)
{
    struct worker *w = reg->rq->w;
    struct binding_list bindings;

    if (!location_find(w->server->store, reg->aor, w->wall_ms, w->arena, &bindings)
        || !add_contact_lines(reg->rq, &bindings))
        return SIP_500_SERVER_INTERNAL_ERROR;
    add_path(reg->rq);
    add_date(reg->rq);
    return SIP_200_OK;
}
