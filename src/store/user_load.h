/*
 * Reading users and aliases when the store is opened: in a thread and through a connection of its
 * own, while the caller reads the bindings.
 */
#ifndef TCHIN_STORE_USER_LOAD_H
#define TCHIN_STORE_USER_LOAD_H

#include <pthread.h>

#include "store/store.h"

struct user_load {
    struct store *store;
    const char *path;     /* of the database; stays till user_load_wait */
    struct slice largest; /* of the names so far, in the table */
    pthread_t thread;
    enum err err;
    char fault_text[512];
    struct buffer fault;
};

/* False: no thread; user_load_wait is not due then. */
bool user_load_start(struct user_load *load, struct store *store, const char *path) MUST_USE;

/* What is damaged has been skipped, and the log told. Else `fault` has one sentence. */
enum err user_load_wait(struct user_load *load, struct buffer *fault) MUST_USE;

#endif
