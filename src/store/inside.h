/* The store as its own files see it. */
#ifndef TCHIN_STORE_INSIDE_H
#define TCHIN_STORE_INSIDE_H

#include "store/batch.h"
#include "store/checkpoint.h"
#include "store/index.h"
#include "store/location.h"
#include "store/location_log.h"
#include "store/store.h"
#include "store/unwritten.h"
#include "store/user_table.h"
#include "store/writer.h"

struct store {
    struct store_settings settings; /* the folder's name stays with who opened the store */
    int lock_fd;
    struct database *db; /* the writer's, once it runs */
    struct index index;
    struct user_table users;
    pthread_mutex_t users_change; /* held by who asks for a change of users */
    bool has_unfinished_import;   /* for the writer: staged users have yet to be moved */
    location_same_contact *same_contact;
    struct location_log log;
    struct batch batch;
    struct unwritten unwritten; /* relaxed */
    struct writer writer;
    struct checkpoint checkpoint;
};

/* Whether bindings are to survive the plug. */
static inline bool store_is_durable(const struct store *store)
{
    return store->settings.durability == STORE_POWER;
}

/* Whether they are answered before they are written. */
static inline bool store_is_relaxed(const struct store *store)
{
    return store->settings.durability == STORE_RELAXED;
}

#endif
