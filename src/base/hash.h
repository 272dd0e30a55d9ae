/*
 * SipHash: a keyed hash nobody can steer without the key. J.-P. Aumasson, D. J. Bernstein:
 * "SipHash: a fast short-input PRF".
 *
 * SipHash-2-4 signs what we hand out to strangers and want to recognise: branches, tags, tokens.
 * SipHash-1-3, which costs half of that, is for what nobody outside gets to see: where something
 * stands in a table, and what it is compared by.
 */
#ifndef TCHIN_BASE_HASH_H
#define TCHIN_BASE_HASH_H

#include "base/slice.h"

struct hash_key {
    uint64_t k0;
    uint64_t k1;
};

/* SipHash-2-4, for strangers. */
uint64_t hash_bytes(const struct hash_key *key, struct slice bytes);

/* The same of several slices; where one ends and the next begins counts too. */
uint64_t hash_slices(const struct hash_key *key, const struct slice *slices, size_t count);

/* SipHash-1-3: a place in a table of ours. */
uint64_t hash_place(const struct hash_key *key, struct slice bytes);

/* Wide enough to stand for what was hashed: of different things nobody ever sees two equal ones. */
struct hash_wide {
    uint64_t low;
    uint64_t high;
};

/* SipHash-1-3 of 128 bits: to be shown to nobody. */
struct hash_wide hash_slices_wide(const struct hash_key *key, const struct slice *slices,
                                  size_t count);

#endif
