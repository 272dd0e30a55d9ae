/*
 * A nonce is forty hexadecimal digits: twelve of the time it was made, twelve of a serial number,
 * and sixteen of the keyed hash over both, the client's address and the realm.
 *
 * The table has buckets of eight. Where a bucket is full its oldest nonce makes room, and from then
 * on no nonce of that bucket that is as old is believed any more unless it is still there.
 */
#include "server/nonce.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/buffer.h"

enum { BUCKET_NONCES = 8, LOCKS = 256, TIME_DIGITS = 12, SERIAL_DIGITS = 12, HASH_DIGITS = 16 };
enum {
    REPEAT_MS = 32000, /* 64*T1: a client has given up by then (RFC 3261 17.1.2.2) */
    AHEAD_MS = 1000,   /* the turn of the worker that made it may have begun after ours */
};

struct used_nonce {
    uint64_t hash; /* the nonce's own; 0: this place is free */
    uint64_t made_ms;
    uint64_t used_ms;
    uint32_t count;
    uint32_t request;
};

struct bucket {
    uint64_t forgotten_ms; /* nonces up to this time may have fallen out */
    struct used_nonce nonces[BUCKET_NONCES];
};

struct nonce_table {
    struct hash_key key;
    atomic_uint_fast64_t serial;
    pthread_mutex_t locks[LOCKS];
    size_t mask;
    struct bucket *buckets;
};

struct nonce_table *nonce_table_new(const struct hash_key *key, size_t entries, uint64_t now_ms)
{
    size_t bucket_count = LOCKS;

    while (bucket_count * BUCKET_NONCES < entries)
        bucket_count *= 2;
    struct nonce_table *table = calloc(1, sizeof(*table));
    struct bucket *buckets = calloc(bucket_count, sizeof(*buckets));
    if (table == NULL || buckets == NULL) {
        free(table);
        free(buckets);
        return NULL;
    }
    table->key = *key;
    table->mask = bucket_count - 1;
    table->buckets = buckets;
    atomic_init(&table->serial, now_ms);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&table->locks[i], NULL);
    return table;
}

void nonce_table_free(struct nonce_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&table->locks[i]);
    free(table->buckets);
    free(table);
}

static void add_digits(struct buffer *out, uint64_t value, unsigned digits)
{
    unsigned char bytes[8];

    for (unsigned i = 0; i < digits / 2; i++)
        bytes[i] = (unsigned char)(value >> (8 * (digits / 2 - 1 - i)));
    buffer_add_hex(out, bytes, digits / 2);
}

/* The value of each digit, plus 1: of ours, none is a capital. */
static const uint8_t digit_values[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

static bool read_digits(struct slice text, uint64_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t digit = digit_values[(unsigned char)text.ptr[i]];
        if (digit == 0)
            return false;
        value = value << 4 | (uint64_t)(digit - 1);
    }
    *out = value;
    return true;
}

static uint64_t sign(const struct nonce_table *table, struct slice time_and_serial,
                     const struct net_addr *source, struct slice realm)
{
    const struct slice parts[] = {
        time_and_serial, {(const char *)source->ip, sizeof(source->ip)},
         realm
    };

    return hash_slices(&table->key, parts, ARRAY_LEN(parts));
}

void nonce_make(struct nonce_table *table, const struct net_addr *source, struct slice realm,
                uint64_t now_ms, char out[NONCE_LEN])
{
    struct buffer text = buffer_over(out, NONCE_LEN);

    add_digits(&text, now_ms, TIME_DIGITS);
    add_digits(&text, atomic_fetch_add_explicit(&table->serial, 1, memory_order_relaxed),
               SERIAL_DIGITS);
    add_digits(&text, sign(table, buffer_slice(&text), source, realm), HASH_DIGITS);
}

struct nonce_parts {
    struct slice signed_part;
    uint64_t made_ms;
    uint64_t hash;
};

static bool take_apart(struct slice nonce, struct nonce_parts *out)
{
    if (nonce.len != NONCE_LEN)
        return false;
    out->signed_part = (struct slice){nonce.ptr, TIME_DIGITS + SERIAL_DIGITS};
    return read_digits((struct slice){nonce.ptr, TIME_DIGITS}, &out->made_ms)
           && read_digits(slice_after(nonce, TIME_DIGITS + SERIAL_DIGITS), &out->hash);
}

enum nonce_verdict nonce_check(const struct nonce_table *table, struct slice nonce,
                               const struct net_addr *source, struct slice realm, uint64_t now_ms,
                               uint32_t lifetime_ms)
{
    struct nonce_parts parts;

    if (!take_apart(nonce, &parts) || sign(table, parts.signed_part, source, realm) != parts.hash)
        return NONCE_FOREIGN;
    bool is_fresh = parts.made_ms <= now_ms + AHEAD_MS && now_ms <= parts.made_ms + lifetime_ms;
    return is_fresh ? NONCE_FRESH : NONCE_STALE;
}

/* Its place, or the one to take for it: a free one, or that of the oldest. */
static struct used_nonce *find_place(struct bucket *bucket, uint64_t hash)
{
    struct used_nonce *oldest = &bucket->nonces[0];

    for (size_t i = 0; i < BUCKET_NONCES; i++) {
        struct used_nonce *used = &bucket->nonces[i];
        if (used->hash == hash)
            return used;
        if (used->made_ms < oldest->made_ms)
            oldest = used; /* a free place has the time 0 */
    }
    return oldest;
}

/* Puts it where the oldest was. False: it may have been there before. */
static bool take_place(struct bucket *bucket, struct used_nonce *place,
                       const struct nonce_parts *parts)
{
    if (parts->made_ms <= bucket->forgotten_ms)
        return false;
    if (place->made_ms > bucket->forgotten_ms)
        bucket->forgotten_ms = place->made_ms;
    place->hash = parts->hash;
    place->made_ms = parts->made_ms;
    return true;
}

static bool is_repeat(const struct used_nonce *used, uint32_t count, uint32_t request,
                      uint64_t now_ms)
{
    return count == used->count && request == used->request && now_ms <= used->used_ms + REPEAT_MS;
}

static enum nonce_verdict use_in_bucket(struct bucket *bucket, const struct nonce_parts *parts,
                                        uint32_t count, uint32_t request, uint64_t now_ms)
{
    struct used_nonce *used = find_place(bucket, parts->hash);

    if (used->hash == parts->hash) {
        if (is_repeat(used, count, request, now_ms))
            return NONCE_FRESH;
        if (count <= used->count)
            return NONCE_STALE;
    } else if (!take_place(bucket, used, parts)) {
        return NONCE_STALE;
    }
    used->count = count;
    used->request = request;
    used->used_ms = now_ms;
    return NONCE_FRESH;
}

enum nonce_verdict nonce_use(struct nonce_table *table, struct slice nonce, uint32_t count,
                             uint32_t request, uint64_t now_ms)
{
    struct nonce_parts parts;

    if (!take_apart(nonce, &parts) || parts.hash == 0)
        return NONCE_FOREIGN;
    size_t index = parts.hash & table->mask;
    pthread_mutex_t *lock = &table->locks[index % LOCKS];
    pthread_mutex_lock(lock);
    enum nonce_verdict verdict =
        use_in_bucket(&table->buckets[index], &parts, count, request, now_ms);
    pthread_mutex_unlock(lock);
    return verdict;
}
