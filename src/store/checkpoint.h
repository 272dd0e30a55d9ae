/*
 * Copies SQLite's write-ahead log into the database, in a thread and through a connection of its
 * own: it waits for the disk, which the writer thread must not do while others wait for it.
 */
#ifndef TCHIN_STORE_CHECKPOINT_H
#define TCHIN_STORE_CHECKPOINT_H

#include <pthread.h>

#include "base/buffer.h"
#include "base/err.h"

struct database;

enum checkpoint_state { CHECKPOINT_RESTS, CHECKPOINT_RUNS, CHECKPOINT_DONE, CHECKPOINT_FAILED };

struct checkpoint {
    pthread_t thread;
    struct database *db;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum checkpoint_state state; /* under the lock, as is the next */
    bool stops;
    int starts_at_pages; /* for the writer */
};

enum err checkpoint_start(struct checkpoint *c, const char *path, struct buffer *fault) MUST_USE;
void checkpoint_stop(struct checkpoint *c);

/* The writer, between transactions on its `db`. NULL, or why the last checkpoint failed. */
const char *checkpoint_look(struct checkpoint *c, struct database *db);

#endif
