/*
 * The branches of client transactions: RFC 3261 8.1.1.7, 17.1.3. A branch is the magic cookie, the
 * number of the table for who has several, and, in hexadecimal, the name of the transaction and a
 * keyed hash of it. So a response finds its transaction without a search, and nobody can aim at one
 * whose branch he has not seen.
 */
#include <assert.h>

#include "txn/txn.h"

static const struct slice cookie = {"z9hG4bK", 7};

static struct slice head_of(const struct txn_table *table)
{
    return (struct slice){table->branch_head, sizeof(table->branch_head)};
}

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
    assert(settings->number < 100);
    memcpy(table->branch_head, cookie.ptr, cookie.len);
    table->branch_head[cookie.len] = (char)('0' + settings->number / 10);
    table->branch_head[cookie.len + 1] = (char)('0' + settings->number % 10);
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

    buffer_add(&text, head_of(t->table));
    buffer_add_hex(&text, &claim, sizeof(claim));
    return buffer_slice(&text);
}

/* In each byte of a word. */
static inline uint64_t in_all(uint8_t byte)
{
    return byte * 0x0101010101010101U;
}

/*
 * Hexadecimal digits, eight at a time, each in a byte of a word. A letter has the bit 0x40, and is
 * worth 9 more than its lower half says. What is none shows in that it is worth too much or too
 * little, or is not the digit of what it is worth.
 */
static inline bool read_8_digits(const char *text, unsigned char out[4])
{
    uint64_t digits = little_endian_word(text);
    uint64_t is_letter = digits >> 6 & in_all(1);
    uint64_t worth = (digits & in_all(0x0f)) + 9 * is_letter;
    uint64_t is_wrong = (worth | ((worth + in_all(6)) ^ is_letter << 4)) & in_all(0x10);
    uint64_t right = worth + in_all('0') + ('a' - '0' - 10) * is_letter;

    uint64_t pairs = (worth << 4 | worth >> 8) & 0x00ff00ff00ff00ffU;
    pairs = (pairs | pairs >> 8) & 0x0000ffff0000ffffU;
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(pairs >> (i < 2 ? 8 * i : 16 + 8 * i));
    return is_wrong == 0 && (digits | is_letter << 5) == right;
}

static bool read_hex(const char *text, unsigned char *out, size_t count)
{
    bool is_hex = true;

    for (size_t i = 0; i < count; i += 4)
        is_hex &= read_8_digits(text + 2 * i, out + i);
    return is_hex;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int txn_branch_number(struct slice branch)
{
    if (branch.len < TXN_BRANCH_LEN || !slice_starts_with(branch, cookie))
        return -1;
    const char *digits = branch.ptr + cookie.len;
    if (!is_digit(digits[0]) || !is_digit(digits[1]))
        return -1;
    return (digits[0] - '0') * 10 + (digits[1] - '0');
}

/* What follows a "." is the user's own. */
static bool read_claim(const struct txn_table *table, struct slice branch, struct claim *out)
{
    struct slice head = head_of(table);
    unsigned char bytes[sizeof(*out)];

    if (branch.len < TXN_BRANCH_LEN || !slice_starts_with(branch, head)
        || (branch.len > TXN_BRANCH_LEN && branch.ptr[TXN_BRANCH_LEN] != '.')
        || !read_hex(branch.ptr + head.len, bytes, sizeof(bytes)))
        return false;
    memcpy(out, bytes, sizeof(*out));
    return true;
}

struct txn *txn_branch_find(struct txn_table *table, struct slice branch, enum sip_method method)
{
    struct claim claim;

    if (!read_claim(table, branch, &claim))
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
