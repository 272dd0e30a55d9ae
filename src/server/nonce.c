/*
 * A nonce is twenty digits of base64url: ten of a stamp, the time it was made and a serial number,
 * and ten of the keyed hash over that, the client's address and the realm. It is that short because
 * of the text that a response is the hash of: with a cnonce of up to 18 characters, which phones
 * seldom exceed, that is two blocks of MD5 and not three.
 *
 * The table has buckets of five, which fill two lines of memory: these are fetched while the digest
 * is computed. Where a bucket is full its oldest nonce makes room, and from then on no nonce of
 * that bucket that is as old is believed any more unless it is still there.
 */
#include "server/nonce.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/base64.h"

enum { BUCKET_NONCES = 5, BUCKET_BYTES = 128, LOCKS = 256 };
enum { STAMP_DIGITS = 10, HASH_DIGITS = 10, HASH_BITS = 6 * HASH_DIGITS };
enum { SERIAL_BITS = 16 }; /* of the stamp; above them is the time */
enum {
    REPEAT_MS = 32000, /* 64*T1: a client has given up by then (RFC 3261 17.1.2.2) */
    AHEAD_MS = 1000,   /* the turn of the worker that made it may have begun after ours */
};

/* By its stamp, of which there are no two. */
struct used_nonce {
    uint64_t stamp; /* 0: this place is free */
    uint64_t used_ms;
    uint32_t count;
    uint32_t request;
};

struct bucket {
    uint64_t forgotten; /* nonces up to this stamp may have fallen out */
    struct used_nonce nonces[BUCKET_NONCES];
};

_Static_assert(sizeof(struct bucket) == BUCKET_BYTES, "buckets lie at multiples of their size");

struct nonce_table {
    struct hash_key key;
    atomic_uint_fast64_t serial;
    pthread_mutex_t locks[LOCKS];
    size_t mask;
    struct bucket *buckets;
    void *memory; /* in which they are */
};

struct nonce_table *nonce_table_new(const struct hash_key *key, size_t entries, uint64_t now_ms)
{
    size_t bucket_count = LOCKS;

    while (bucket_count * BUCKET_NONCES < entries)
        bucket_count *= 2;
    struct nonce_table *table = calloc(1, sizeof(*table));
    void *memory = calloc(bucket_count + 1, sizeof(struct bucket));
    if (table == NULL || memory == NULL) {
        free(table);
        free(memory);
        return NULL;
    }
    table->key = *key;
    table->mask = bucket_count - 1;
    table->buckets = align_up(memory, BUCKET_BYTES);
    table->memory = memory;
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
    free(table->memory);
    free(table);
}

static uint64_t made_ms_of(const struct nonce *nonce)
{
    return nonce->stamp >> SERIAL_BITS;
}

/* Of the stamp, which leaves four bits for the family, the address, and the realm behind it. */
static uint64_t sign(const struct nonce_table *table, uint64_t stamp, const struct net_addr *source,
                     struct slice realm)
{
    uint64_t first = stamp << 4 | source->family;
    char bytes[sizeof(first) + sizeof(source->ip) + NONCE_MAX_REALM];
    struct buffer text = buffer_over(bytes, sizeof(bytes));

    assert(realm.len <= NONCE_MAX_REALM);
    buffer_add(&text, (struct slice){(const char *)&first, sizeof(first)});
    buffer_add(&text, (struct slice){(const char *)source->ip, source->family == 4 ? 4 : 16});
    buffer_add(&text, realm);
    return hash_bytes(&table->key, buffer_slice(&text)) >> (64 - HASH_BITS);
}

void nonce_make(struct nonce_table *table, const struct net_addr *source, struct slice realm,
                uint64_t now_ms, char out[NONCE_LEN])
{
    uint16_t serial = (uint16_t)atomic_fetch_add_explicit(&table->serial, 1, memory_order_relaxed);
    uint64_t stamp = now_ms << SERIAL_BITS | serial;

    base64_write_number(stamp, out, STAMP_DIGITS);
    base64_write_number(sign(table, stamp, source, realm), out + STAMP_DIGITS, HASH_DIGITS);
}

static bool read_nonce(struct slice text, struct nonce *out)
{
    return text.len == NONCE_LEN
           && base64_read_number((struct slice){text.ptr, STAMP_DIGITS}, &out->stamp)
           && base64_read_number(slice_after(text, STAMP_DIGITS), &out->hash);
}

/* Where nonce_use will look. */
static size_t index_of(const struct nonce_table *table, const struct nonce *nonce)
{
    return nonce->hash & table->mask;
}

static void warm(const struct nonce_table *table, const struct nonce *nonce)
{
    size_t index = index_of(table, nonce);

    prefetch_bytes(&table->buckets[index], BUCKET_BYTES);
    PREFETCH(&table->locks[index % LOCKS]);
}

enum nonce_verdict nonce_check(const struct nonce_table *table, struct slice text,
                               const struct net_addr *source, struct slice realm, uint64_t now_ms,
                               uint32_t lifetime_ms, struct nonce *out)
{
    if (!read_nonce(text, out) || sign(table, out->stamp, source, realm) != out->hash)
        return NONCE_FOREIGN;
    uint64_t made_ms = made_ms_of(out);
    if (made_ms > now_ms + AHEAD_MS || now_ms > made_ms + lifetime_ms)
        return NONCE_STALE;
    warm(table, out);
    return NONCE_FRESH;
}

/* Its place, or the one to take for it: a free one, or that of the oldest. */
static struct used_nonce *find_place(struct bucket *bucket, uint64_t stamp)
{
    struct used_nonce *oldest = &bucket->nonces[0];

    for (size_t i = 0; i < BUCKET_NONCES; i++) {
        struct used_nonce *used = &bucket->nonces[i];
        if (used->stamp == stamp)
            return used;
        if (used->stamp < oldest->stamp)
            oldest = used;
    }
    return oldest;
}

/* Puts it where the oldest was. False: it may have been there before. */
static bool take_place(struct bucket *bucket, struct used_nonce *place, uint64_t stamp)
{
    if (stamp <= bucket->forgotten)
        return false;
    if (place->stamp > bucket->forgotten)
        bucket->forgotten = place->stamp;
    place->stamp = stamp;
    return true;
}

static bool is_repeat(const struct used_nonce *used, uint32_t count, uint32_t request,
                      uint64_t now_ms)
{
    return count == used->count && request == used->request && now_ms <= used->used_ms + REPEAT_MS;
}

static enum nonce_verdict use_in_bucket(struct bucket *bucket, const struct nonce *nonce,
                                        uint32_t count, uint32_t request, uint64_t now_ms)
{
    struct used_nonce *used = find_place(bucket, nonce->stamp);

    if (used->stamp == nonce->stamp) {
        if (is_repeat(used, count, request, now_ms))
            return NONCE_FRESH;
        if (count <= used->count)
            return NONCE_STALE;
    } else if (!take_place(bucket, used, nonce->stamp)) {
        return NONCE_STALE;
    }
    used->count = count;
    used->request = request;
    used->used_ms = now_ms;
    return NONCE_FRESH;
}

enum nonce_verdict nonce_use(struct nonce_table *table, const struct nonce *nonce, uint32_t count,
                             uint32_t request, uint64_t now_ms)
{
    size_t index = index_of(table, nonce);
    pthread_mutex_t *lock = &table->locks[index % LOCKS];
    pthread_mutex_lock(lock);
    enum nonce_verdict verdict =
        use_in_bucket(&table->buckets[index], nonce, count, request, now_ms);
    pthread_mutex_unlock(lock);
    return verdict;
}
