/*
 * What a REGISTER makes of the bindings there are: RFC 3261 10.3, steps 6 and 7, without memory,
 * clock or database of its own.
 */
#ifndef TCHIN_STORE_CHANGE_H
#define TCHIN_STORE_CHANGE_H

#include "store/location.h"

/*
 * Applies `changes` to `valid`, the bindings that stand at `now_ms`. `out->items` has room for
 * both; slices point where they pointed. ERR_STALE or ERR_FULL: none of them is to be applied.
 */
enum err change_apply(const struct location_changes *changes, const struct binding_list *valid,
                      uint64_t now_ms, location_same_contact *same_contact,
                      struct binding_list *out) MUST_USE;

/*
 * The usual REGISTER asks for one contact, without an instance, of an address of record that has no
 * other: then what it
 * asks for is what there will be, and change_apply would say the same. `standing` is the record
 * there is, or empty.
 */
bool change_is_plain(const struct location_update *update, struct slice standing, bool *is_refresh);

/* Whether a request asks for one contact and nothing else. */
bool change_asks_for_one(const struct location_changes *changes, uint64_t now_ms);

/*
 * Whether `wanted`, all that such a request asks for, is about the only binding of the record
 * `standing` and nothing else: then `stood` is that.
 */
bool change_is_of_only(const struct binding *wanted, struct slice standing, uint64_t now_ms,
                       struct binding *stood) MUST_USE;

/* RFC 3261 10.3: only a higher CSeq changes what the same Call-ID has set. */
bool change_is_stale(const struct binding *stood, struct slice call_id, uint32_t cseq);

/* Whether both lists name the same contacts, character for character. */
bool change_keeps_contacts(const struct binding_list *before, const struct binding_list *after);

#endif
