/*
 * Which transaction a message belongs to: RFC 3261 17.1.3 for responses, 17.2.3 for requests, 9.2
 * for a CANCEL, 8.2.2.2 for a request that came by two paths.
 *
 * A server transaction is found by a key: the things to be compared, each with its length before
 * it, in the form in which equal ones have equal bytes. The key is hashed, and compared whole.
 */
#include "sip/address.h"
#include "txn/txn.h"

/* A transaction kept by its key lives in a map under the keyed hash of it. */
static uint64_t hash_of(const struct txn_table *table, struct slice key)
{
    return hash_bytes(&table->settings.key, key);
}

/* --- writing keys ----------------------------------------------------------------------------- */

static void add_number(struct buffer *key, uint32_t number)
{
    buffer_add(key, (struct slice){(const char *)&number, sizeof(number)});
}

static void add_part(struct buffer *key, struct slice part)
{
    add_number(key, (uint32_t)part.len);
    buffer_add(key, part);
}

static void add_lower(struct buffer *key, struct slice part)
{
    add_number(key, (uint32_t)part.len);
    for (size_t i = 0; i < part.len && !key->overflowed; i++)
        buffer_add_char(key, ascii_lower(part.ptr[i]));
}

/* Host and port as RFC 3261 18.1.1 and 20.42 mean them: a port left out is the default one. */
static void add_sent_by(struct buffer *key, const struct sip_via *via)
{
    uint16_t default_port = slice_equal_nocase(via->transport, SLICE("TLS")) ? 5061 : 5060;

    add_lower(key, via->host);
    add_number(key, via->port != 0 ? via->port : default_port);
}

/* A bare cookie identifies nothing: RFC 4475 3.2.1 lets us fall back to RFC 2543. */
bool txn_has_unique_branch(const struct sip_message *request)
{
    struct slice branch = request->basics.via.branch;

    return branch.len > strlen("z9hG4bK") && sip_branch_is_rfc3261(branch);
}

/*
 * Branch, sent-by and method. The branch counts with its case, though it is a token: a client
 * repeats it as it is, and some count in letters of both cases.
 */
static void write_branch_key(const struct sip_message *request, struct slice method,
                             struct buffer *key)
{
    const struct sip_via *via = &request->basics.via;

    add_part(key, via->branch);
    add_sent_by(key, via);
    add_part(key, method);
}

/* Of RFC 2543 elements. An ACK has another To tag than its INVITE had, so that is given. */
static void write_rfc2543_key(const struct sip_message *request, struct slice method,
                              struct slice to_tag, struct buffer *key)
{
    const struct sip_basics *basics = &request->basics;

    add_part(key, request->uri);
    add_part(key, to_tag);
    add_part(key, basics->from_tag);
    add_part(key, basics->call_id);
    add_number(key, basics->cseq);
    add_part(key, method);
    add_lower(key, basics->via.transport);
    add_sent_by(key, &basics->via);
    add_part(key, basics->via.params);
}

static void write_key(const struct sip_message *request, struct slice method, struct slice to_tag,
                      struct buffer *key)
{
    bool is_unique = txn_has_unique_branch(request);

    buffer_add_char(key, is_unique ? 'B' : 'R');
    if (is_unique)
        write_branch_key(request, method, key);
    else
        write_rfc2543_key(request, method, to_tag, key);
}

/* From tag, Call-ID and the whole CSeq; of requests without a To tag alone. */
static void write_merge_key(const struct sip_message *request, struct buffer *key)
{
    const struct sip_basics *basics = &request->basics;

    if (basics->to_tag.len > 0)
        return;
    add_part(key, basics->from_tag);
    add_part(key, basics->call_id);
    add_number(key, basics->cseq);
    add_part(key, basics->cseq_method);
}

bool txn_keys_write(const struct sip_message *request, struct buffer *out, size_t *key_len)
{
    write_key(request, request->method, request->basics.to_tag, out);
    *key_len = out->len;
    write_merge_key(request, out);
    return !out->overflowed;
}

/* --- the keys of a transaction ---------------------------------------------------------------- */

static struct slice key_of(const struct txn *t)
{
    return (struct slice){t->tail + txn_route_size(t->table), t->key_len};
}

static struct slice merge_key_of(const struct txn *t)
{
    return (struct slice){t->tail + txn_route_size(t->table) + t->key_len, t->merge_len};
}

static struct txn *find_by_key(const struct txn_table *table, struct slice key)
{
    struct map_node *node = map_first(&table->by_key, hash_of(table, key));

    for (; node != NULL; node = map_next(node)) {
        struct txn *t = CONTAINER_OF(node, struct txn, by_key);
        if (slice_equal(key_of(t), key))
            return t;
    }
    return NULL;
}

static struct txn *find_by_merge(const struct txn_table *table, struct slice key)
{
    struct map_node *node = map_first(&table->by_merge, hash_of(table, key));

    for (; node != NULL; node = map_next(node)) {
        struct txn *t = CONTAINER_OF(node, struct txn, by_merge);
        if (slice_equal(merge_key_of(t), key))
            return t;
    }
    return NULL;
}

/*
 * Of requests to be merged only the first stands in its map: the others need not be found, and
 * however many there are, they make no chain.
 */
void txn_keys_add(struct txn *t)
{
    struct txn_table *table = t->table;
    struct slice merge_key = merge_key_of(t);

    table->kept_bytes += (size_t)t->key_len + t->merge_len;
    t->is_in_keys = map_add(&table->by_key, &t->by_key, hash_of(table, key_of(t)));
    if (merge_key.len > 0 && find_by_merge(table, merge_key) == NULL)
        t->is_in_merges = map_add(&table->by_merge, &t->by_merge, hash_of(table, merge_key));
}

void txn_keys_remove(struct txn *t)
{
    if (t->is_in_keys)
        map_remove(&t->table->by_key, &t->by_key);
    if (t->is_in_merges)
        map_remove(&t->table->by_merge, &t->by_merge);
}

/* --- finding ---------------------------------------------------------------------------------- */

static struct txn *find_request(const struct txn_table *table, const struct sip_message *request,
                                struct slice method, struct slice to_tag)
{
    char memory[TXN_KEY_MAX];
    struct buffer key = buffer_over(memory, sizeof(memory));

    write_key(request, method, to_tag, &key);
    return key.overflowed ? NULL : find_by_key(table, buffer_slice(&key));
}

static uint64_t tag_hash(const struct txn_table *table, struct slice tag)
{
    return tag.len > 0 ? hash_of(table, tag) : 0;
}

/*
 * An ACK is for the INVITE with its branch; from an RFC 2543 element, for the one that had its To
 * tag already, or that we answered with it.
 */
static struct txn *find_acknowledged(const struct txn_table *table, const struct sip_message *ack)
{
    struct slice invite = sip_method_name(SIP_INVITE);
    struct slice to_tag = ack->basics.to_tag;
    struct txn *t = NULL;

    if (to_tag.len > 0 || txn_has_unique_branch(ack))
        t = find_request(table, ack, invite, to_tag);
    if (t != NULL || txn_has_unique_branch(ack))
        return t;
    t = find_request(table, ack, invite, SLICE_NONE);
    return t != NULL && t->answer_tag == tag_hash(table, to_tag) ? t : NULL;
}

void txn_note_answer_tag(struct txn *t, struct slice response)
{
    struct sip_message msg;
    struct sip_fault fault;
    struct sip_address to;

    if (sip_message_parse(response, &msg, &fault)
        && sip_address_parse(sip_message_value(&msg, SIP_TO), &to))
        t->answer_tag = tag_hash(t->table, to.tag);
}

struct txn *txn_table_match(struct txn_table *table, const struct sip_message *msg)
{
    const struct sip_basics *basics = &msg->basics;

    if (!msg->is_request)
        return txn_branch_find(table, basics->via.branch, sip_method_of(basics->cseq_method));
    if (msg->method_id == SIP_ACK)
        return find_acknowledged(table, msg);
    return find_request(table, msg, msg->method, basics->to_tag);
}

struct txn *txn_table_find_cancelled(struct txn_table *table, const struct sip_message *cancel)
{
    return find_request(table, cancel, sip_method_name(SIP_INVITE), cancel->basics.to_tag);
}

bool txn_table_is_merged(struct txn_table *table, const struct sip_message *request)
{
    char memory[TXN_KEY_MAX];
    struct buffer keys = buffer_over(memory, sizeof(memory));
    size_t key_len;

    if (request->basics.to_tag.len > 0 || !txn_keys_write(request, &keys, &key_len))
        return false;
    struct slice both = buffer_slice(&keys);
    const struct txn *first = find_by_merge(table, slice_after(both, key_len));
    return first != NULL && !slice_equal(key_of(first), (struct slice){both.ptr, key_len});
}
