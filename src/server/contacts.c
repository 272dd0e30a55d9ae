/*
 * Nothing is looked at twice and nothing is changed: what is wrong with one contact is wrong with
 * the request.
 */
#include "server/contacts.h"

#include "server/nat.h"
#include "server/outbound.h"
#include "server/reply.h"
#include "sip/address.h"
#include "sip/values.h"

enum {
    MAX_BINDING_BYTES = 4096, /* a list of ten is to fit into an answer */
    MAX_USER_AGENT = 128,     /* of it as much is kept, for people to read */
};

/* What all the bindings of a request have in common. */
static struct binding common_parts(struct request *rq, struct contacts *contacts);

static enum sip_status read_star(struct request *rq, struct contacts *out);
static enum sip_status read_several(struct request *rq, struct contacts *out);
static enum sip_status add_contact(struct request *rq, const struct sip_contact *contact,
                                   const struct binding *common, struct contacts *out);

enum sip_status contacts_read(struct request *rq, struct contacts *out)
{
    const struct sip_basics *basics = &rq->msg->basics;

    out->changes = (struct location_changes){
        .items = out->items, .call_id = basics->call_id, .cseq = basics->cseq};
    out->uses_outbound = false;
    enum sip_status status = contacts_read_path(rq, &out->path);
    if (status != SIP_GO_ON || basics->contact_count == 0)
        return status;
    if (basics->contact_count > 1)
        return read_several(rq, out);
    if (basics->contact.is_star)
        return read_star(rq, out);
    const struct binding common = common_parts(rq, out);
    return add_contact(rq, &basics->contact, &common, out);
}

bool contacts_are_wanted(const struct contacts *contacts)
{
    return contacts->changes.count > 0 || contacts->changes.removes_all;
}

/* --- step 6 ----------------------------------------------------------------------------------- */

static enum sip_status refuse_star(struct request *rq)
{
    rq->phrase = "Misplaced Contact *";
    return SIP_400_BAD_REQUEST;
}

static enum sip_status read_star(struct request *rq, struct contacts *out)
{
    uint32_t seconds;

    if (!sip_seconds_parse(sip_message_value(rq->msg, SIP_EXPIRES), &seconds) || seconds != 0)
        return refuse_star(rq);
    out->changes.removes_all = true;
    return SIP_GO_ON;
}

static bool has_star(const struct sip_message *msg)
{
    struct sip_values values = sip_values_of(msg, SIP_CONTACT);
    struct slice value;

    while (sip_values_next(&values, &value)) {
        if (slice_equal(slice_trim(value), SLICE("*")))
            return true;
    }
    return false;
}

/* The star is looked for before any contact is looked at. */
static enum sip_status read_several(struct request *rq, struct contacts *out)
{
    struct sip_values values = sip_values_of(rq->msg, SIP_CONTACT);
    enum sip_status status = SIP_GO_ON;
    struct sip_contact contact;
    struct slice value;

    if (has_star(rq->msg))
        return refuse_star(rq);
    if (rq->msg->basics.contact_count > CONTACTS_MAX) {
        rq->phrase = "Too Many Contacts";
        return SIP_400_BAD_REQUEST;
    }
    const struct binding common = common_parts(rq, out);
    while (status == SIP_GO_ON && sip_values_next(&values, &value))
        status = sip_contact_parse(value, &contact) ? add_contact(rq, &contact, &common, out)
                                                    : SIP_400_BAD_REQUEST;
    return status == SIP_GO_ON ? outbound_check(rq, out) : status;
}

/* --- what the bindings have in common ----------------------------------------------------------
 */

/* path-value = name-addr *( SEMI rr-param ): it will be a Route (RFC 3327 4) */
static bool is_path_value(struct slice value)
{
    struct sip_address address;
    struct sip_uri uri;

    return sip_address_parse(value, &address) && address.has_brackets
           && sip_uri_parse(address.uri, &uri) && uri.scheme != SIP_SCHEME_OTHER;
}

/* RFC 3327 5.3: the values in their order, as one list. */
enum sip_status contacts_read_path(struct request *rq, struct slice *out)
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

static struct slice user_agent_of_request(const struct request *rq)
{
    struct slice name = sip_message_value(rq->msg, SIP_USER_AGENT);

    name.len = name.len < MAX_USER_AGENT ? name.len : MAX_USER_AGENT;
    return name;
}

static struct slice write_flow(const struct request *rq, bool is_bound, char to[FLOW_MAX_BYTES])
{
    const struct flow flow = {rq->from, is_bound};
    struct buffer out = buffer_over(to, FLOW_MAX_BYTES);

    flow_write(&flow, rq->w->server->run, &out);
    return buffer_slice(&out);
}

static struct binding common_parts(struct request *rq, struct contacts *contacts)
{
    return (struct binding){.call_id = rq->msg->basics.call_id,
                            .cseq = rq->msg->basics.cseq,
                            .path = contacts->path,
                            .flow = write_flow(rq, false, contacts->flow),
                            .user_agent = user_agent_of_request(rq)};
}

/* --- step 7: a contact -------------------------------------------------------------------------
 */

/* RFC 3261 20.19: what is malformed, or no number of 32 bits, is as if it were not there. */
static uint32_t expires_of_request(const struct request *rq)
{
    struct slice value = sip_message_value(rq->msg, SIP_EXPIRES);
    uint32_t seconds;

    return sip_seconds_parse(value, &seconds) ? seconds : rq->settings->default_expires_s;
}

static enum sip_status refuse_brief(struct request *rq)
{
    char text[12];
    struct buffer seconds = buffer_over(text, sizeof(text));

    buffer_add_u64(&seconds, rq->settings->min_expires_s);
    reply_add_header(rq, "Min-Expires", buffer_slice(&seconds));
    return SIP_423_INTERVAL_TOO_BRIEF;
}

/*
 * The interval it asks for, of which we give less if it is too much. That the shortest is
 * an hour at most, as the RFC wants it, keys.c sees to.
 */
static enum sip_status read_interval(struct request *rq, const struct sip_contact *contact,
                                     uint32_t *seconds)
{
    const struct settings *settings = rq->settings;

    *seconds = contact->has_expires ? contact->expires_s : expires_of_request(rq);
    if (*seconds > 0 && *seconds < settings->min_expires_s)
        return refuse_brief(rq);
    if (*seconds > settings->max_expires_s)
        *seconds = settings->max_expires_s;
    return SIP_GO_ON;
}

/* What the list in the answer writes anew, and no phone may tell us (RFC 5627 5.1). */
static bool is_ours_to_write(const struct sip_param *param)
{
    return sip_param_is(param, SLICE("q")) || sip_param_is(param, SLICE("expires"))
           || sip_param_is(param, SLICE("pub-gruu")) || sip_param_is(param, SLICE("temp-gruu"));
}

/* What the list in the answer shows again. */
static bool copy_params(struct request *rq, struct slice params, struct slice *out)
{
    struct sip_param param;

    *out = SLICE_NONE;
    if (params.len == 0)
        return true;
    char *memory = arena_alloc(rq->w->arena, params.len + 1);
    if (memory == NULL)
        return false;
    struct buffer text = buffer_over(memory, params.len + 1);
    while (sip_param_next(&params, &param)) {
        if (is_ours_to_write(&param))
            continue;
        buffer_add_char(&text, ';');
        buffer_add(&text, param.name);
        if (param.value.ptr != NULL) {
            buffer_add_char(&text, '=');
            buffer_add(&text, param.value);
        }
    }
    *out = buffer_slice(&text);
    return true;
}

static bool paths_are_sips(const struct request *rq)
{
    struct sip_values paths = sip_values_of(rq->msg, SIP_PATH);
    struct sip_address address;
    struct slice value;

    while (sip_values_next(&paths, &value)) {
        if (!sip_address_parse(value, &address) || !sip_uri_is_sips(address.uri))
            return false;
    }
    return true;
}

static bool has_sips(const struct contacts *contacts)
{
    return contacts->changes.count > 0 && sip_uri_is_sips(contacts->items[0].contact);
}

/* RFC 5630 5.2: a secure contact stands for the whole way to it. */
static bool may_be_sips(const struct request *rq, const struct contacts *others)
{
    for (size_t i = 0; i < others->changes.count; i++) {
        if (!sip_uri_is_sips(others->items[i].contact))
            return false;
    }
    return rq->uri.scheme == SIP_SCHEME_SIPS && paths_are_sips(rq);
}

/* Of any scheme: RFC 3665 2.2 has a mailto. */
static const char *fault_of(const struct request *rq, const struct contacts *others,
                            const struct sip_contact *contact, const struct binding *binding)
{
    if (sip_address_uri(&contact->address) == NULL)
        return "Malformed Contact";
    if (sip_uri_is_sips(binding->contact) ? !may_be_sips(rq, others) : has_sips(others))
        return "SIPS Contact With SIP URIs";
    if (binding->contact.len + binding->params.len + binding->path.len > MAX_BINDING_BYTES)
        return "Contact Too Long";
    return NULL;
}

static enum sip_status add_contact(struct request *rq, const struct sip_contact *contact,
                                   const struct binding *common, struct contacts *out)
{
    struct binding *binding = &out->items[out->changes.count];
    uint32_t seconds;

    enum sip_status status = read_interval(rq, contact, &seconds);
    if (status != SIP_GO_ON)
        return status;
    *binding = *common;
    binding->contact = contact->address.uri;
    binding->has_q = contact->has_q;
    binding->q_thousandths = contact->has_q ? contact->q_thousandths : 1000;
    binding->expires_at_ms = seconds == 0 ? 0 : rq->w->wall_ms + seconds * 1000ULL;
    status = outbound_read(rq, contact, binding, out);
    if (status != SIP_GO_ON)
        return status;
    const struct sip_uri *uri = sip_address_uri(&contact->address);
    if (binding->path.len == 0 && (binding->reg_id > 0 || (uri != NULL && nat_hides(rq, uri))))
        binding->flow = write_flow(rq, true, out->bound_flow);
    if (!copy_params(rq, contact->address.params, &binding->params))
        return SIP_500_SERVER_INTERNAL_ERROR;
    rq->phrase = fault_of(rq, out, contact, binding);
    if (rq->phrase != NULL)
        return SIP_400_BAD_REQUEST;
    out->changes.count++;
    return SIP_GO_ON;
}
