/*
 * Wrong passwords: after five within a minute from one source for one user, that pair is refused
 * for a while that doubles each time. Bounded: of very many, the oldest are forgotten.
 *
 * Any thread may call.
 */
#ifndef TCHIN_SERVER_LOCKOUT_H
#define TCHIN_SERVER_LOCKOUT_H

#include "base/hash.h"
#include "net/addr.h"

struct lockout;

struct lockout *lockout_new(const struct hash_key *key, size_t entries) MUST_USE;
void lockout_free(struct lockout *lockout);

/* Seconds for which the pair is still refused; 0: it is not. */
uint32_t lockout_remaining_s(struct lockout *lockout, const struct net_addr *source,
                             struct slice user, uint64_t now_ms);

/* A wrong password. True: the pair is locked out from now on. */
bool lockout_count_failure(struct lockout *lockout, const struct net_addr *source,
                           struct slice user, uint64_t now_ms);

/* A right password forgets the wrong ones. */
void lockout_forget(struct lockout *lockout, const struct net_addr *source, struct slice user);

#endif
