/*
 * Building and sending answers of our own: RFC 3261 8.2.6 for what is in them, 18.2.2 and RFC 3581
 * for where they go.
 */
#include "server/reply.h"

#include "server/trace.h"
#include "sip/build.h"

enum { STOP_SPREAD_S = 30 };
enum { MAX_HOST_BYTES = 64, MAX_STAMP_BYTES = MAX_HOST_BYTES + 32 };

/*
 * RFC 3261 18.2.2, RFC 3581 4. A stream: the connection, or if it is gone one to the sent-by port.
 * A datagram: to the port it came from if rport asks for it, else to the sent-by port. In both
 * cases to the address it came from. A maddr is not obeyed: it would let anybody aim us at others.
 */
static void set_hop_of_replies(const struct hop *from, const struct sip_via *via, struct hop *out)
{
    uint16_t sent_by_port = via->port != 0 ? via->port : hop_protocol_port(from->protocol);

    *out = *from;
    if (via->host.len == 0)
        return; /* it cannot be read: a 400 goes back where its reason came from */
    if (from->protocol != HOP_UDP)
        out->reopen_port = sent_by_port;
    else if (!via->wants_rport)
        out->remote.port = sent_by_port;
}

/* A topmost Via that cannot be read stays as it is. */
void reply_prepare(struct request *rq)
{
    const struct sip_via *via = &rq->msg->basics.via;
    struct slice value = rq->msg->basics.via_text;

    set_hop_of_replies(&rq->from, via, &rq->reply_hop);
    size_t max_bytes = value.len + MAX_STAMP_BYTES;
    char *text = value.len > 0 ? arena_alloc(rq->w->arena, MAX_HOST_BYTES + max_bytes) : NULL;
    if (text == NULL)
        return;
    struct buffer host = buffer_over(text, MAX_HOST_BYTES);
    struct buffer stamped = buffer_over(text + MAX_HOST_BYTES, max_bytes);
    net_addr_write_host(&rq->from.remote, &host);
    rq->source = buffer_slice(&host);
    sip_via_stamp(via, value, rq->source, rq->from.remote.port, &stamped);
    if (!stamped.overflowed)
        rq->top_via = buffer_slice(&stamped);
}

/* An INVITE has them in common with its ACK and its CANCEL, whatever branch these come with. */
static uint64_t hash_of_identity(struct request *rq)
{
    const struct hash_wide identity = txn_identity(rq->w->txns, rq->msg, &rq->hashes);

    return hash_bytes(&rq->w->server->keys.ours_alone,
                      (struct slice){(const char *)&identity, sizeof(identity)});
}

/* What is hashed alone begins with the cookie, which no list of slices does. */
static uint64_t hash_for_tag(struct request *rq)
{
    struct slice branch = rq->msg->basics.via.branch;
    enum sip_method method = rq->msg->method_id;

    if (method == SIP_INVITE || method == SIP_ACK || method == SIP_CANCEL
        || !sip_branch_is_rfc3261(branch))
        return hash_of_identity(rq);
    return hash_bytes(&rq->w->server->keys.ours_alone, branch);
}

uint64_t reply_hash(struct request *rq)
{
    if (rq->reply_hash == 0)
        rq->reply_hash = hash_for_tag(rq);
    return rq->reply_hash;
}

struct slice reply_to_tag(struct request *rq, char out[16])
{
    struct buffer tag = buffer_over(out, 16);
    uint64_t hash = reply_hash(rq);

    buffer_add_hex(&tag, &hash, sizeof(hash));
    return (struct slice){out, 16};
}

/* An ACK has the Call-ID, the From tag and the CSeq number of what it acknowledges. */
bool reply_tag_is_ours(struct request *ack)
{
    struct slice to_tag = ack->msg->basics.to_tag;
    char tag[16];

    return to_tag.len == sizeof(tag) && slice_equal(to_tag, reply_to_tag(ack, tag));
}

void reply_add_header(struct request *rq, const char *name, struct slice value)
{
    size_t max_bytes = rq->extra_headers.len + strlen(name) + value.len + 4;
    char *text = arena_alloc(rq->w->arena, max_bytes);

    if (text == NULL)
        return;
    struct buffer lines = buffer_over(text, max_bytes);
    buffer_add(&lines, rq->extra_headers);
    sip_build_header(&lines, slice_of(name), value);
    rq->extra_headers = buffer_slice(&lines);
}

static enum log_level level_of(enum sip_status status)
{
    bool is_routine = status < 400 || status == SIP_401_UNAUTHORIZED
                      || status == SIP_407_PROXY_AUTHENTICATION_REQUIRED;

    return is_routine ? LOG_DEBUG : LOG_INFO;
}

static void log_answer(struct request *rq, enum sip_status status, struct slice phrase)
{
    char code_text[8], source_text[80];
    struct buffer code = buffer_over(code_text, sizeof(code_text));
    struct buffer source = buffer_over(source_text, sizeof(source_text));

    if (!worker_may_log(rq->w, level_of(status), LOG_REFUSALS, &rq->from.remote))
        return;
    buffer_add_u64(&code, (uint64_t)status);
    net_addr_write(&rq->from.remote, &source);
    LOG(&rq->w->log, level_of(status), "answered", {"method", rq->msg->method},
        {"uri", rq->msg->uri}, {"status", buffer_slice(&code)}, {"reason", phrase},
        {"source", buffer_slice(&source)}, {"call-id", rq->msg->basics.call_id});
}

/*
 * While we stop, phones lose their connections and all want to register at once: each is told
 * another time, so that they do not come back together.
 */
static uint64_t retry_after_s(const struct request *rq)
{
    const struct server *server = rq->w->server;

    if (!atomic_load_explicit(&server->stopping, memory_order_relaxed))
        return REPLY_RETRY_AFTER_S;
    return REPLY_RETRY_AFTER_S
           + hash_place(&server->keys.ours_alone, rq->msg->basics.call_id) % STOP_SPREAD_S;
}

/* RFC 3261 20.33: without it a client may think that we are gone for good. */
static void tell_when_to_retry(struct request *rq, enum sip_status status)
{
    if (status != SIP_503_SERVICE_UNAVAILABLE)
        return;
    char text[8];
    struct buffer seconds = buffer_over(text, sizeof(text));
    buffer_add_u64(&seconds, retry_after_s(rq));
    reply_add_header(rq, "Retry-After", buffer_slice(&seconds));
}

static struct slice phrase_of(const struct request *rq, enum sip_status status)
{
    return rq->phrase != NULL ? slice_of(rq->phrase) : sip_reason_phrase((int)status);
}

void reply_write_start(struct request *rq, enum sip_status status, struct buffer *out)
{
    char tag[16];
    bool wants_tag = status > 100 && rq->msg->basics.to_tag.len == 0;
    struct sip_reply reply = {.status = (uint16_t)status,
                              .reason = phrase_of(rq, status),
                              .top_via = rq->top_via,
                              .to_tag = wants_tag ? reply_to_tag(rq, tag) : SLICE_NONE};

    sip_build_reply(out, rq->msg, &reply);
}

static void send_bytes(struct request *rq, enum sip_status status, struct slice bytes)
{
    if (log_wants(&rq->w->log, level_of(status)))
        log_answer(rq, status, phrase_of(rq, status));
    if (rq->txn != NULL)
        txn_respond(rq->txn, (int)status, bytes);
    else
        worker_send(rq->w, &rq->reply_hop, bytes);
}

/*
 * What was to be said does not fit into a message. Without it, what is copied from the request does
 * fit: written out in full, a header field is less than twice as long as in its compact form.
 */
static void reply_without_details(struct request *rq, enum sip_status status)
{
    size_t max_bytes = 2 * rq->msg->bytes.len + 1024;
    char *memory = arena_alloc(rq->w->arena, max_bytes);

    if (memory == NULL)
        return;
    struct buffer out = buffer_over(memory, max_bytes);
    if (status < 300)
        status = SIP_500_SERVER_INTERNAL_ERROR;
    reply_write_start(rq, status, &out);
    sip_build_end(&out);
    if (!out.overflowed)
        send_bytes(rq, status, buffer_slice(&out));
}

struct buffer reply_open(struct request *rq, enum sip_status status)
{
    struct buffer out = worker_scratch(rq->w);

    tell_when_to_retry(rq, status);
    reply_write_start(rq, status, &out);
    buffer_add(&out, rq->extra_headers);
    return out;
}

void reply_send(struct request *rq, enum sip_status status, struct buffer *reply)
{
    sip_build_end(reply);
    if (reply->overflowed)
        reply_without_details(rq, status);
    else
        send_bytes(rq, status, buffer_slice(reply));
}

void request_reply(struct request *rq, enum sip_status status)
{
    struct buffer reply = reply_open(rq, status);

    reply_send(rq, status, &reply);
}

void reply_to_malformed(struct worker *w, const struct hop *from, const struct sip_message *msg,
                        const struct sip_fault *fault)
{
    if (msg->method_id == SIP_ACK)
        return;

    struct request rq = {
        .w = w, .settings = w->settings, .msg = msg, .from = *from, .phrase = fault->phrase};
    reply_prepare(&rq);
    request_reply(&rq, fault->status);
}
