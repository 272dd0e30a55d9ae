/* A change of bindings on its way to the writer thread, with copies of all that it speaks of. */
#ifndef TCHIN_STORE_UPDATE_H
#define TCHIN_STORE_UPDATE_H

#include "base/map.h"
#include "store/location.h"
#include "store/record.h"

struct update {
    struct mail mail;
    struct answer *answer;
    struct location_changes changes; /* in the memory behind this object */
    uint64_t now_ms;
    uint64_t hash; /* of the address of record */

    /* The writer's, while the update is in its batch. */
    struct update *next;
    struct map_node tentative;
    bool is_tentative;     /* the last in the batch to change its address of record */
    struct record *record; /* what it makes of the bindings; NULL: nothing changes */
    enum err err;
};

/* One piece of memory, given back with free(). NULL: no memory. */
struct update *update_new(const struct location_changes *changes) MUST_USE;

#endif
