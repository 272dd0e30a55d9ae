/* A change of bindings as the writer thread sees it: see struct location_update. */
#ifndef TCHIN_STORE_UPDATE_H
#define TCHIN_STORE_UPDATE_H

#include "store/location.h"
#include "store/record.h"

/* The changes as they were asked for, in memory of `arena`. False: no room. */
bool update_unpack(const struct location_update *update, struct arena *arena,
                   struct location_changes *out) MUST_USE;

#endif
