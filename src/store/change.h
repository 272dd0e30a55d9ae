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

#endif
