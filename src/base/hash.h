/*
 * SipHash-2-4: a keyed hash nobody can steer without the key. It spreads the hash tables and signs
 * what we hand out to strangers and want to recognise (branches, tags, tokens).
 * J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF".
 */
#ifndef TCHIN_BASE_HASH_H
#define TCHIN_BASE_HASH_H

#include "base/slice.h"

struct hash_key {
    uint64_t k0;
    uint64_t k1;
};

uint64_t hash_bytes(const struct hash_key *key, struct slice bytes);

/* The hash of several slices; where one ends and the next begins counts too. */
uint64_t hash_slices(const struct hash_key *key, const struct slice *slices, size_t count);

/* Wide enough to stand for what was hashed: of different things nobody ever sees two equal ones. */
struct hash_wide {
    uint64_t low;
    uint64_t high;
};

struct hash_wide hash_slices_wide(const struct hash_key *key, const struct slice *slices,
                                  size_t count);

#endif
