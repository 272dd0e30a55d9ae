/*
 * Which worker a call is of: the one that its first request came to, as long as that is remembered.
 * What a call's messages have to find lies with its owner: a repeat the transaction, a CANCEL the
 * INVITE, a request that came by another way as well the one that came before (RFC 3261 8.2.2.2).
 *
 * Any thread may call. Bounded: of very many calls those are forgotten whose last transaction ends
 * first, or has ended longest ago, and their next request is of a new call: it finds its
 * transaction only if that lies with whom it comes to, as it does unless the call was given away,
 * or it comes by another way.
 */
#ifndef TCHIN_SERVER_OWNERS_H
#define TCHIN_SERVER_OWNERS_H

#include "base/hash.h"

struct owners;

/* For workers counted from 0. NULL: no memory. */
struct owners *owners_new(const struct hash_key *key, size_t worker_count) MUST_USE;
void owners_free(struct owners *owners);

/*
 * The owner of the call. Of one that is new, that is worker `here`, who asks; but one to whom many
 * more come than to the others, as a single peer's do, gives of them what is above its share.
 */
size_t owners_find(struct owners *owners, struct slice call_id, bool is_invite, size_t here,
                   uint64_t now_ms);

#endif
