/* What is hashed, and how it is written: sixteen hexadecimal digits. */
#include "server/token.h"

static void write_hex(uint64_t hash, char out[TOKEN_LEN])
{
    struct buffer text = buffer_over(out, TOKEN_LEN);

    buffer_add_hex(&text, &hash, sizeof(hash));
}

enum { MAX_LOOP_PARTS = 32, DEFAULT_PORT = 5060 };

static size_t add_all(const struct sip_message *msg, enum sip_header_id id, struct slice *parts,
                      size_t count)
{
    const struct sip_header *header = sip_message_header(msg, id);

    for (; header != NULL && count < MAX_LOOP_PARTS; header = sip_message_next(msg, header))
        parts[count++] = header->value;
    return count;
}

/*
 * SipHash-1-3, though strangers see it: who forged one could have his own requests refused. The key
 * serves for nothing else.
 */
void token_of_loop(const struct request *rq, char out[TOKEN_LEN])
{
    const struct sip_message *msg = rq->msg;
    const struct slice cseq = {(const char *)&msg->basics.cseq, sizeof(msg->basics.cseq)};
    struct slice parts[MAX_LOOP_PARTS];
    size_t count = 0;

    parts[count++] = msg->uri;
    parts[count++] = msg->basics.call_id;
    parts[count++] = msg->basics.from_tag;
    parts[count++] = msg->basics.to_tag;
    parts[count++] = cseq;
    count = add_all(msg, SIP_PROXY_REQUIRE, parts, count);
    count = add_all(msg, SIP_PROXY_AUTHORIZATION, parts, count);
    count = add_all(msg, SIP_ROUTE, parts, count);
    write_hex(hash_slices_wide(&rq->w->server->keys.loops, parts, count).low, out);
}

static bool contains(struct slice text, struct slice part)
{
    for (;;) {
        text = slice_after(text, slice_find(text, part.ptr[0]));
        if (text.len < part.len)
            return false;
        if (slice_starts_with(text, part))
            return true;
        text = slice_after(text, 1);
    }
}

static bool ends_with(struct slice branch, struct slice token)
{
    return branch.len > token.len
           && slice_equal(slice_after(branch, branch.len - token.len), token);
}

static bool branch_ends_with(struct slice value, struct slice token)
{
    struct sip_via via;

    return sip_via_parse(value, &via) && ends_with(via.branch, token);
}

/* As far as it is seen at once: what is on top is parsed, and all there is. */
static bool has_one_via(const struct sip_message *msg)
{
    const struct sip_header *top = sip_message_header(msg, SIP_VIA);

    return top->value.len == msg->basics.via_text.len && sip_message_next(msg, top) == NULL;
}

/*
 * The second part of a branch of ours is a token that nobody else can make, so a Via that ends
 * with it is ours whatever its sent-by. Vias that do not parse are somebody else's business, and
 * without the token in it somewhere none needs to be parsed. The topmost one is parsed already.
 */
bool token_finds_loop(const struct request *rq)
{
    struct sip_values vias = sip_values_of(rq->msg, SIP_VIA);
    const struct slice token = {rq->loop_token, TOKEN_LEN};
    struct slice value;

    if (ends_with(rq->msg->basics.via.branch, token))
        return true;
    if (has_one_via(rq->msg))
        return false;
    (void)sip_values_next(&vias, &value);
    while (sip_values_next(&vias, &value)) {
        if (contains(value, token) && branch_ends_with(value, token))
            return true;
    }
    return false;
}

bool token_finds_spiral(const struct request *rq)
{
    struct sip_values vias = sip_values_of(rq->msg, SIP_VIA);
    struct slice value;

    while (sip_values_next(&vias, &value)) {
        struct sip_via via;
        struct net_addr addr;
        if (sip_via_parse(value, &via)
            && net_addr_parse(via.host, via.port != 0 ? via.port : DEFAULT_PORT, &addr)
            && transport_is_ours(rq->w->transport, &addr))
            return true;
    }
    return false;
}
