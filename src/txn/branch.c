/*
 * The branches of client transactions: RFC 3261 8.1.1.7, 17.1.3. A branch is the magic cookie and,
 * in hexadecimal, the name of the transaction and a keyed hash of it. So a response finds its
 * transaction without a search, and nobody can aim at one whose branch he has not seen.
 */
#include <assert.h>

#include "txn/txn.h"

static const struct slice cookie = {"z9hG4bK", 7};

struct claim {
    txn_id id;
    uint64_t proof;
};

static struct slice bytes_of(const uint64_t *number)
{
    return (struct slice){(const char *)number, sizeof(*number)};
}

/* A key for nothing else, made from the table's. */
void txn_branches_init(struct txn_table *table)
{
    const struct txn_settings *settings = &table->settings;
    const struct slice number = {(const char *)&settings->number, sizeof(settings->number)};
    const struct slice first[] = {SLICE("branch, first half"), number};
    const struct slice second[] = {SLICE("branch, second half"), number};

    table->branch_key = (struct hash_key){hash_slices(&settings->key, first, ARRAY_LEN(first)),
                                          hash_slices(&settings->key, second, ARRAY_LEN(second))};
}

static uint64_t proof_of(const struct txn_table *table, txn_id id)
{
    return hash_bytes(&table->branch_key, bytes_of(&id));
}

struct slice txn_branch(const struct txn *t, char out[TXN_BRANCH_MAX])
{
    assert(!t->is_server);
    txn_id id = txn_slot_id(t->table, t->branch_slot);
    const struct claim claim = {id, proof_of(t->table, id)};
    struct buffer text = buffer_over(out, TXN_BRANCH_LEN);

    buffer_add(&text, cookie);
    buffer_add_hex(&text, &claim, sizeof(claim));
    return buffer_slice(&text);
}

/* The value of each digit, plus 1. */
static const uint8_t hex_digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static bool read_hex(struct slice text, unsigned char *out)
{
    for (size_t i = 0; i < text.len; i += 2) {
        unsigned high = hex_digits[(unsigned char)text.ptr[i]];
        unsigned low = hex_digits[(unsigned char)text.ptr[i + 1]];
        if (high == 0 || low == 0)
            return false;
        out[i / 2] = (unsigned char)((high - 1) << 4 | (low - 1));
    }
    return true;
}

/* What follows a "." is the user's own. */
static bool read_claim(struct slice branch, struct claim *out)
{
    unsigned char bytes[sizeof(*out)];

    if (branch.len < TXN_BRANCH_LEN || !slice_starts_with(branch, cookie)
        || (branch.len > TXN_BRANCH_LEN && branch.ptr[TXN_BRANCH_LEN] != '.')
        || !read_hex((struct slice){branch.ptr + cookie.len, 2 * sizeof(bytes)}, bytes))
        return false;
    memcpy(out, bytes, sizeof(*out));
    return true;
}

struct txn *txn_branch_find(struct txn_table *table, struct slice branch, enum sip_method method)
{
    struct claim claim;

    if (!read_claim(branch, &claim))
        return NULL;
    uint64_t proof = proof_of(table, claim.id);
    if (!slice_equal_secret(bytes_of(&proof), bytes_of(&claim.proof)))
        return NULL;
    const struct txn_slot *slot = txn_slot_find(table, claim.id);
    if (slot == NULL)
        return NULL;
    if (slot->txn != NULL && slot->txn->method == method)
        return slot->txn;
    return method == SIP_CANCEL ? slot->cancel : NULL;
}

/* --- what came back with an ICMP error, perhaps not all of it --------------------------------- */

/* The text up to `byte`; `rest` is what follows it. */
static struct slice take_until(struct slice *rest, char byte)
{
    size_t len = slice_find(*rest, byte);
    struct slice taken = {rest->ptr, len};

    *rest = slice_after(*rest, len + 1);
    return taken;
}

/* The value of the first Via field; an empty slice: there is none. */
static struct slice first_via(struct slice lines)
{
    while (lines.len > 0) {
        struct slice value = take_until(&lines, '\n');
        struct slice name = slice_trim(take_until(&value, ':'));
        if (sip_header_find(name) == SIP_VIA)
            return value;
    }
    return SLICE_NONE;
}

/* Of our own Via, which is well formed as far as it goes. */
static struct slice branch_in(struct slice via)
{
    size_t end = 0;

    while (via.len > 0 && !slice_starts_with(via, cookie))
        via = slice_after(via, 1);
    while (end < via.len && strchr(";, \t\r", via.ptr[end]) == NULL)
        end++;
    return (struct slice){via.ptr, end};
}

struct txn *txn_table_find_sent(struct txn_table *table, struct slice sent)
{
    struct slice lines = sent;
    struct slice start_line = take_until(&lines, '\n');
    enum sip_method method = sip_method_of(take_until(&start_line, ' '));

    if (slice_starts_with(sent, SLICE("SIP/"))) /* a response: its topmost Via is another's */
        return NULL;
    return txn_branch_find(table, branch_in(first_via(lines)),
                           method == SIP_ACK ? SIP_INVITE : method);
}
