/*
 * Buckets of eight pairs, by the keyed hash of source and user: the one that failed longest ago
 * makes room. A pair is known by its hash alone.
 */
#include "server/lockout.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    LOCKS = 64,
    BUCKET_PAIRS = 8,
    MAX_FAILURES = 5,
    WINDOW_MS = 60 * 1000,
    FIRST_LOCK_MS = 60 * 1000,
    MAX_LOCK_MS = 3600 * 1000,
};

struct pair {
    uint64_t hash; /* 0: this place is free */
    uint64_t last_failure_ms;
    uint64_t window_start_ms;
    uint64_t locked_until_ms;
    uint32_t lock_ms;  /* for how long last time */
    uint32_t failures; /* in the window */
};

struct lockout {
    struct hash_key key;
    pthread_mutex_t locks[LOCKS]; /* each for the buckets of its number */
    size_t mask;
    atomic_size_t pair_count; /* 0 nearly always: then there is nothing to look for */
    struct pair (*buckets)[BUCKET_PAIRS];
};

struct lockout *lockout_new(const struct hash_key *key, size_t entries)
{
    size_t bucket_count = LOCKS;

    while (bucket_count * BUCKET_PAIRS < entries)
        bucket_count *= 2;
    struct lockout *lockout = calloc(1, sizeof(*lockout));
    void *buckets = calloc(bucket_count, sizeof(struct pair[BUCKET_PAIRS]));
    if (lockout == NULL || buckets == NULL) {
        free(lockout);
        free(buckets);
        return NULL;
    }
    lockout->key = *key;
    lockout->mask = bucket_count - 1;
    lockout->buckets = buckets;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&lockout->locks[i], NULL);
    return lockout;
}

void lockout_free(struct lockout *lockout)
{
    if (lockout == NULL)
        return;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&lockout->locks[i]);
    free(lockout->buckets);
    free(lockout);
}

static uint64_t hash_of(const struct lockout *lockout, const struct net_addr *source,
                        struct slice user)
{
    const struct slice parts[] = {
        {(const char *)source->ip, sizeof(source->ip)},
        user
    };

    return hash_slices(&lockout->key, parts, ARRAY_LEN(parts)) | 1;
}

static size_t bucket_of(const struct lockout *lockout, uint64_t hash)
{
    return (hash >> 1) & lockout->mask; /* the lowest bit is always set */
}

static pthread_mutex_t *lock_of(struct lockout *lockout, uint64_t hash)
{
    return &lockout->locks[bucket_of(lockout, hash) % LOCKS];
}

static struct pair *find(struct lockout *lockout, uint64_t hash)
{
    struct pair *bucket = lockout->buckets[bucket_of(lockout, hash)];

    for (size_t i = 0; i < BUCKET_PAIRS; i++) {
        if (bucket[i].hash == hash)
            return &bucket[i];
    }
    return NULL;
}

static struct pair *find_or_make(struct lockout *lockout, uint64_t hash, uint64_t now_ms)
{
    struct pair *bucket = lockout->buckets[bucket_of(lockout, hash)];
    struct pair *pair = find(lockout, hash);

    if (pair != NULL)
        return pair;
    pair = &bucket[0];
    for (size_t i = 1; i < BUCKET_PAIRS; i++) {
        if (bucket[i].last_failure_ms < pair->last_failure_ms)
            pair = &bucket[i];
    }
    if (pair->hash == 0)
        atomic_fetch_add(&lockout->pair_count, 1);
    *pair = (struct pair){.hash = hash, .window_start_ms = now_ms};
    return pair;
}

static bool is_empty(struct lockout *lockout)
{
    return atomic_load_explicit(&lockout->pair_count, memory_order_acquire) == 0;
}

uint32_t lockout_remaining_s(struct lockout *lockout, const struct net_addr *source,
                             struct slice user, uint64_t now_ms)
{
    uint64_t remaining_ms = 0;

    if (is_empty(lockout))
        return 0;
    uint64_t hash = hash_of(lockout, source, user);
    pthread_mutex_lock(lock_of(lockout, hash));
    const struct pair *pair = find(lockout, hash);
    if (pair != NULL && pair->locked_until_ms > now_ms)
        remaining_ms = pair->locked_until_ms - now_ms;
    pthread_mutex_unlock(lock_of(lockout, hash));
    return (uint32_t)((remaining_ms + 999) / 1000);
}

/* Of two workers the turn of one may have begun before that of the other: that is no time. */
static uint64_t time_since(uint64_t then_ms, uint64_t now_ms)
{
    return now_ms > then_ms ? now_ms - then_ms : 0;
}

/* The lock doubles for who goes on as soon as it is lifted, and starts small for who does not. */
static bool count(struct pair *pair, uint64_t now_ms)
{
    if (time_since(pair->window_start_ms, now_ms) > WINDOW_MS) {
        pair->window_start_ms = now_ms;
        pair->failures = 0;
    }
    if (time_since(pair->last_failure_ms, now_ms) > MAX_LOCK_MS)
        pair->lock_ms = 0;
    pair->last_failure_ms = now_ms;
    if (++pair->failures < MAX_FAILURES)
        return false;
    pair->failures = 0;
    pair->lock_ms = pair->lock_ms == 0 ? FIRST_LOCK_MS : pair->lock_ms * 2;
    if (pair->lock_ms > MAX_LOCK_MS)
        pair->lock_ms = MAX_LOCK_MS;
    pair->locked_until_ms = now_ms + pair->lock_ms;
    return true;
}

bool lockout_count_failure(struct lockout *lockout, const struct net_addr *source,
                           struct slice user, uint64_t now_ms)
{
    uint64_t hash = hash_of(lockout, source, user);

    pthread_mutex_lock(lock_of(lockout, hash));
    bool is_locked = count(find_or_make(lockout, hash, now_ms), now_ms);
    pthread_mutex_unlock(lock_of(lockout, hash));
    return is_locked;
}

void lockout_forget(struct lockout *lockout, const struct net_addr *source, struct slice user)
{
    if (is_empty(lockout))
        return;
    uint64_t hash = hash_of(lockout, source, user);
    pthread_mutex_lock(lock_of(lockout, hash));
    struct pair *pair = find(lockout, hash);
    if (pair != NULL) {
        *pair = (struct pair){0};
        atomic_fetch_sub(&lockout->pair_count, 1);
    }
    pthread_mutex_unlock(lock_of(lockout, hash));
}
