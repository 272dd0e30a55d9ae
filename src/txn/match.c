/*
 * Which transaction a message belongs to: RFC 3261 17.1.3 for responses, 17.2.3 for requests, 9.2
 * for a CANCEL, 8.2.2.2 for a request that came by two paths.
 *
 * A server transaction is found by a key: a keyed hash of the things to be compared, in the form in
 * which equal ones have equal bytes, wide enough to be compared in their stead.
 */
#include "sip/address.h"
#include "txn/txn.h"

/* --- what is compared ------------------------------------------------------------------------- */

enum {
    MAX_PARTS = 12,
    MAX_LOWERED = 320, /* of a sent-by and a transport: what needs more is not served */
};

/* The parts of a key, and the memory of those that are not slices of the request. */
struct parts {
    struct slice items[MAX_PARTS];
    size_t count;
    uint32_t numbers[2];
    size_t number_count;
    char memory[MAX_LOWERED];
    struct buffer lowered; /* over `memory` */
};

static void begin(struct parts *parts)
{
    parts->count = 0;
    parts->number_count = 0;
    parts->lowered = buffer_over(parts->memory, sizeof(parts->memory));
}

static void add_part(struct parts *parts, struct slice part)
{
    parts->items[parts->count++] = part;
}

static void add_number(struct parts *parts, uint32_t number)
{
    uint32_t *kept = &parts->numbers[parts->number_count++];

    *kept = number;
    add_part(parts, (struct slice){(const char *)kept, sizeof(*kept)});
}

static bool has_capitals(struct slice text)
{
    bool found = false;

    for (size_t i = 0; i < text.len; i++)
        found |= (unsigned char)(text.ptr[i] - 'A') <= 'Z' - 'A';
    return found;
}

static void add_lower(struct parts *parts, struct slice part)
{
    char *room = buffer_take(&parts->lowered, part.len);

    if (room == NULL)
        return;
    if (has_capitals(part)) {
        for (size_t i = 0; i < part.len; i++)
            room[i] = ascii_lower(part.ptr[i]);
        part.ptr = room;
    }
    add_part(parts, part);
}

/*
 * Host and port of a sent-by as RFC 3261 18.1.1 and 20.42 mean them, a port left out being the
 * default one, and the method: a number too, if it is one that we know.
 */
static void add_sent_by_and_method(struct parts *parts, const struct sip_message *request,
                                   enum sip_method method)
{
    const struct sip_via *via = &request->basics.via;
    uint16_t default_port = slice_equal_nocase(via->transport, SLICE("TLS")) ? 5061 : 5060;

    add_lower(parts, via->host);
    add_number(parts, (uint32_t)method << 16 | (via->port != 0 ? via->port : default_port));
    if (method == SIP_OTHER_METHOD)
        add_part(parts, request->method);
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
static void add_branch_parts(struct parts *parts, const struct sip_message *request,
                             enum sip_method method)
{
    add_part(parts, request->basics.via.branch);
    add_sent_by_and_method(parts, request, method);
}

/*
 * Of RFC 2543 elements: more parts, so that no other has the same. An ACK has another To tag than
 * its INVITE had, so that is given.
 */
static void add_rfc2543_parts(struct parts *parts, const struct sip_message *request,
                              enum sip_method method, struct slice to_tag)
{
    const struct sip_basics *basics = &request->basics;

    add_part(parts, request->uri);
    add_part(parts, to_tag);
    add_part(parts, basics->from_tag);
    add_part(parts, basics->call_id);
    add_number(parts, basics->cseq);
    add_lower(parts, basics->via.transport);
    add_part(parts, basics->via.params);
    add_sent_by_and_method(parts, request, method);
}

static bool find_key(const struct txn_table *table, const struct sip_message *request,
                     enum sip_method method, struct slice to_tag, struct hash_wide *out)
{
    struct parts parts;

    begin(&parts);
    if (txn_has_unique_branch(request))
        add_branch_parts(&parts, request, method);
    else
        add_rfc2543_parts(&parts, request, method, to_tag);
    *out = hash_slices_wide(&table->settings.key, parts.items, parts.count);
    return !parts.lowered.overflowed;
}

bool txn_key_of(const struct txn_table *table, const struct sip_message *request,
                struct txn_hashes *hashes, struct hash_wide *out)
{
    if (hashes != NULL && hashes->has_key) {
        *out = hashes->key;
        return true;
    }
    enum sip_method method = request->method_id == SIP_ACK ? SIP_INVITE : request->method_id;
    if (!find_key(table, request, method, request->basics.to_tag, out))
        return false;
    if (hashes != NULL) {
        hashes->key = *out;
        hashes->has_key = true;
    }
    return true;
}

struct hash_wide txn_identity(const struct txn_table *table, const struct sip_message *request,
                              struct txn_hashes *hashes)
{
    const struct sip_basics *basics = &request->basics;
    const struct slice cseq = {(const char *)&basics->cseq, sizeof(basics->cseq)};
    const struct slice parts[] = {basics->call_id, basics->from_tag, cseq};

    if (hashes != NULL && hashes->has_identity)
        return hashes->identity;
    struct hash_wide hash = hash_slices_wide(&table->settings.key, parts, ARRAY_LEN(parts));
    if (hashes != NULL) {
        hashes->identity = hash;
        hashes->has_identity = true;
    }
    return hash;
}

/* --- keeping it ------------------------------------------------------------------------------- */

/*
 * Where it stands. That of a UAS stands with those that repeat it by another path, which it refuses
 * (8.2.2.2); what is forwarded stands alone, for there may be any number of those.
 */
bool txn_place_of(const struct txn_table *table, const struct sip_message *request,
                  struct txn_hashes *hashes, struct hash_wide *out)
{
    if (!txn_key_of(table, request, hashes, out))
        return false;
    if (hashes != NULL && hashes->is_uas && request->basics.to_tag.len == 0)
        out->low = txn_identity(table, request, hashes).low;
    return true;
}

void txn_key_add(struct txn_server *server, struct hash_wide key)
{
    server->key_high = key.high;
    server->txn.is_in_keys = map_add(&server->txn.table->by_key, &server->by_key, key.low);
}

void txn_key_remove(struct txn_server *server)
{
    if (server->txn.is_in_keys)
        map_remove(&server->txn.table->by_key, &server->by_key);
}

static struct txn *find_by_key(const struct txn_table *table, struct hash_wide key)
{
    struct map_node *node = map_first(&table->by_key, key.low);

    for (; node != NULL; node = map_next(node)) {
        struct txn_server *server = CONTAINER_OF(node, struct txn_server, by_key);
        if (server->key_high == key.high)
            return &server->txn;
    }
    return NULL;
}

/* --- finding ---------------------------------------------------------------------------------- */

static struct txn *find_request(const struct txn_table *table, const struct sip_message *request,
                                enum sip_method method, struct slice to_tag)
{
    struct hash_wide key;

    return find_key(table, request, method, to_tag, &key) ? find_by_key(table, key) : NULL;
}

/* Of a UAS: its ACK and its CANCEL have the identity of an INVITE. */
static struct txn *find_invite_of_uas(const struct txn_table *table,
                                      const struct sip_message *request, struct hash_wide key)
{
    key.low = txn_identity(table, request, NULL).low;
    return find_by_key(table, key);
}

static uint64_t tag_hash(const struct txn_table *table, struct slice tag)
{
    return tag.len > 0 ? hash_place(&table->settings.key, tag) : 0;
}

/*
 * An ACK is for the INVITE with its branch; from an RFC 2543 element, for the one that had its To
 * tag already, or that we answered with it.
 */
static struct txn *find_acknowledged(const struct txn_table *table, const struct sip_message *ack,
                                     struct txn_hashes *hashes)
{
    struct slice to_tag = ack->basics.to_tag;
    struct hash_wide key;
    struct txn *t = NULL;

    if ((to_tag.len > 0 || txn_has_unique_branch(ack)) && txn_key_of(table, ack, hashes, &key)) {
        t = find_by_key(table, key);
        if (t == NULL && hashes != NULL && hashes->is_uas)
            t = find_invite_of_uas(table, ack, key);
    }
    if (t != NULL || txn_has_unique_branch(ack))
        return t;
    t = find_request(table, ack, SIP_INVITE, SLICE_NONE);
    return t != NULL && txn_server_of(t)->answer_tag == tag_hash(table, to_tag) ? t : NULL;
}

void txn_note_answer_tag(struct txn *t, struct slice response)
{
    struct sip_message msg;
    struct sip_fault fault;
    struct sip_address to;

    if (sip_message_parse(response, &msg, &fault)
        && sip_address_parse(sip_message_value(&msg, SIP_TO), &to))
        txn_server_of(t)->answer_tag = tag_hash(t->table, to.tag);
}

struct txn *txn_table_match(struct txn_table *table, const struct sip_message *msg,
                            struct txn_hashes *hashes)
{
    const struct sip_basics *basics = &msg->basics;
    struct hash_wide key;

    if (!msg->is_request)
        return txn_branch_find(table, basics->via.branch, basics->cseq_method_id);
    if (msg->method_id == SIP_ACK)
        return find_acknowledged(table, msg, hashes);
    if (table->by_key.count == 0 || !txn_place_of(table, msg, hashes, &key))
        return NULL; /* where nothing is found nothing is hashed to look for it */
    return find_by_key(table, key);
}

struct txn *txn_table_find_cancelled(struct txn_table *table, const struct sip_message *cancel)
{
    struct hash_wide key;

    if (!find_key(table, cancel, SIP_INVITE, cancel->basics.to_tag, &key))
        return NULL;
    struct txn *t = find_by_key(table, key);
    return t != NULL ? t : find_invite_of_uas(table, cancel, key);
}

/* --- merged requests: RFC 3261 8.2.2.2 -------------------------------------------------------- */

void txn_table_warm(const struct txn_table *table, const struct sip_message *request,
                    struct txn_hashes *hashes)
{
    struct hash_wide place;

    if (table->by_key.count > 0 && txn_place_of(table, request, hashes, &place))
        map_warm_bucket(&table->by_key, place.low);
}

/* From tag, Call-ID and the whole CSeq: the methods that we do not know count as one. */
bool txn_table_is_merged(struct txn_table *table, const struct sip_message *request,
                         struct txn_hashes *hashes)
{
    struct hash_wide key;
    bool is_elsewhere = false;

    if (table->by_key.count == 0 || request->basics.to_tag.len > 0
        || !txn_key_of(table, request, hashes, &key))
        return false;
    struct map_node *node = map_first(&table->by_key, txn_identity(table, request, hashes).low);
    for (; node != NULL; node = map_next(node)) {
        const struct txn_server *server = CONTAINER_OF(node, struct txn_server, by_key);
        if (server->txn.method != request->method_id)
            continue;
        if (server->key_high == key.high)
            return false;
        is_elsewhere = true;
    }
    return is_elsewhere;
}
