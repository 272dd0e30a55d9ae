/*
 * A table of lines, each as long as what a processor fetches at once, whose entries are read and
 * replaced without a lock: an entry is one word, and stands for itself. Two that claim the same
 * call at once replace the same entry of its line, the oldest, so one of them finds the other's.
 */
#include "server/owners.h"

#include <assert.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    LINE_BYTES = 64,
    LINE_ENTRIES = LINE_BYTES / 8,
    LINES = 1 << 15,
    MAX_WORKERS = 255,
    TRIES = 4,          /* to replace an entry that others replace meanwhile */
    PERIOD_MS = 100,    /* how often it is looked who has more than his share */
    MIN_CALLS = 20,     /* new ones in a period: with fewer nobody is busy */
    EVEN_PERCENT = 150, /* of the fair share, up to which nothing is given away */
    INVITE_S = 210,     /* timer C, of more than three minutes (RFC 3261 16.6), and timer H */
    OTHER_S = 32,       /* timer J */
};

/* 40 bits of the Call-ID's hash, the second it is needed until, its owner counted from 1. */
typedef _Atomic uint64_t entry;

struct line {
    _Alignas(LINE_BYTES) entry entries[LINE_ENTRIES];
};

/* What comes to a worker. It alone writes this, others read what is atomic. */
struct share {
    _Alignas(LINE_BYTES) atomic_size_t calls; /* new ones of this period, so far */
    atomic_size_t last;                       /* new ones of the last period */
    _Atomic uint64_t began_ms;                /* when this period did */
    size_t gives;                             /* so many of 256 new ones */
    size_t taker_count;
    uint8_t takers[MAX_WORKERS];
};

struct owners {
    struct hash_key key;
    size_t worker_count;
    struct line *lines;
    void *memory; /* of the lines: from the system, which gives what is touched */
    struct share shares[];
};

struct owners *owners_new(const struct hash_key *key, size_t worker_count)
{
    assert(worker_count <= MAX_WORKERS);
    size_t size = sizeof(struct owners) + worker_count * sizeof(struct share);
    struct owners *owners = aligned_alloc(LINE_BYTES, size);
    if (owners == NULL)
        return NULL;
    memset(owners, 0, size);
    owners->memory = calloc(LINES + 1, sizeof(struct line));
    if (owners->memory == NULL) {
        free(owners);
        return NULL;
    }
    owners->key = *key;
    owners->worker_count = worker_count;
    owners->lines = align_up(owners->memory, LINE_BYTES);
    return owners;
}

void owners_free(struct owners *owners)
{
    if (owners == NULL)
        return;
    free(owners->memory);
    free(owners);
}

/* --- who takes a new call ----------------------------------------------------------------------
 */

/* New calls of a worker in a period, as far as they can be seen: those of the last, or of this one
 * if they are more already. */
static size_t calls_of(struct share *share, uint64_t now_ms)
{
    size_t last = atomic_load_explicit(&share->last, memory_order_relaxed);
    size_t calls = atomic_load_explicit(&share->calls, memory_order_relaxed);

    if (now_ms > atomic_load_explicit(&share->began_ms, memory_order_relaxed) + 2 * PERIOD_MS)
        return 0;
    return calls > last ? calls : last;
}

/* Workers with less than their share take what is given away. */
static void look_around(struct owners *owners, struct share *mine, uint64_t now_ms)
{
    size_t calls = calls_of(mine, now_ms);
    size_t all = 0;

    for (size_t i = 0; i < owners->worker_count; i++)
        all += calls_of(&owners->shares[i], now_ms);
    size_t fair = all / owners->worker_count;
    mine->gives = 0;
    mine->taker_count = 0;
    if (calls < MIN_CALLS || calls * 100 <= fair * EVEN_PERCENT)
        return;
    mine->gives = 256 * (calls - fair) / calls;
    for (size_t i = 0; i < owners->worker_count; i++) {
        if (calls_of(&owners->shares[i], now_ms) < fair)
            mine->takers[mine->taker_count++] = (uint8_t)i;
    }
}

/* A period ends with the first call after it, so it may have been longer. */
static void end_period(struct owners *owners, struct share *mine, uint64_t now_ms)
{
    uint64_t lasted_ms = now_ms - atomic_load_explicit(&mine->began_ms, memory_order_relaxed);
    size_t calls = atomic_load_explicit(&mine->calls, memory_order_relaxed);

    atomic_store_explicit(&mine->last, calls * PERIOD_MS / lasted_ms, memory_order_relaxed);
    atomic_store_explicit(&mine->calls, 0, memory_order_relaxed);
    atomic_store_explicit(&mine->began_ms, now_ms, memory_order_relaxed);
    look_around(owners, mine, now_ms);
}

static void count(struct owners *owners, struct share *mine, uint64_t now_ms)
{
    if (now_ms >= atomic_load_explicit(&mine->began_ms, memory_order_relaxed) + PERIOD_MS)
        end_period(owners, mine, now_ms);
    size_t calls = atomic_load_explicit(&mine->calls, memory_order_relaxed);
    atomic_store_explicit(&mine->calls, calls + 1, memory_order_relaxed);
}

static size_t taker(struct owners *owners, uint64_t hash, size_t here, uint64_t now_ms)
{
    struct share *mine = &owners->shares[here];

    count(owners, mine, now_ms);
    if ((hash >> 24 & 0xff) >= mine->gives || mine->taker_count == 0)
        return here;
    return mine->takers[(hash >> 32) % mine->taker_count];
}

/* --- the table -------------------------------------------------------------------------------- */

static uint64_t make_entry(uint64_t hash, uint16_t until_s, size_t owner)
{
    return hash >> 24 << 24 | (uint64_t)until_s << 8 | (owner + 1);
}

static bool is_of(uint64_t value, uint64_t hash)
{
    return value != 0 && value >> 24 == hash >> 24;
}

static uint16_t until_of(uint64_t value)
{
    return (uint16_t)(value >> 8);
}

/* How long it is still needed; a free one least. Seconds come round in 18 hours. */
static int left_s(uint64_t value, uint16_t now_s)
{
    return value != 0 ? (int16_t)(until_of(value) - now_s) : INT_MIN;
}

/* The entry of the call, or else the one to be replaced; `value` is what it holds. */
static entry *look(struct line *line, uint64_t hash, uint16_t now_s, uint64_t *value)
{
    entry *least = NULL;

    for (size_t i = 0; i < LINE_ENTRIES; i++) {
        uint64_t found = atomic_load_explicit(&line->entries[i], memory_order_relaxed);
        if (least == NULL || is_of(found, hash) || left_s(found, now_s) < left_s(*value, now_s)) {
            least = &line->entries[i];
            *value = found;
        }
        if (is_of(found, hash))
            break;
    }
    return least;
}

static bool replace(entry *at, uint64_t before, uint64_t after)
{
    return before == after
           || atomic_compare_exchange_strong_explicit(at, &before, after, memory_order_relaxed,
                                                      memory_order_relaxed);
}

static uint16_t later(uint16_t a, uint16_t b)
{
    return (int16_t)(a - b) > 0 ? a : b;
}

size_t owners_find(struct owners *owners, struct slice call_id, bool is_invite, size_t here,
                   uint64_t now_ms)
{
    uint64_t hash = hash_place(&owners->key, call_id);
    struct line *line = &owners->lines[hash % LINES];
    uint16_t now_s = (uint16_t)(now_ms / 1000);
    uint16_t until_s = (uint16_t)(now_s + (is_invite ? INVITE_S : OTHER_S));
    size_t owner = SIZE_MAX;

    for (int i = 0; i < TRIES; i++) {
        uint64_t value = 0;
        entry *at = look(line, hash, now_s, &value);
        if (is_of(value, hash)) {
            owner = (value & 0xff) - 1;
            until_s = later(until_s, until_of(value));
        } else if (owner == SIZE_MAX) {
            owner = taker(owners, hash, here, now_ms);
        }
        if (replace(at, value, make_entry(hash, until_s, owner)))
            break;
    }
    return owner;
}
