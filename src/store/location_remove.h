/* Taking an address of record out of the location service, for who has the time to wait. */
#ifndef TCHIN_STORE_LOCATION_REMOVE_H
#define TCHIN_STORE_LOCATION_REMOVE_H

#include "store/location.h"

/* Removes all its bindings, and returns when that is written. None is not an error. */
enum err location_remove_all(struct store *store, struct slice aor, uint64_t now_ms) MUST_USE;

#endif
