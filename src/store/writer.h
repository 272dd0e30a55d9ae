/*
 * The thread that alone writes the database. What comes by mail is gathered, committed once and
 * answered; what is rare (users, secrets) is a job that its caller waits for. Between them the
 * thread keeps the log short and drops bindings that are over.
 */
#ifndef TCHIN_STORE_WRITER_H
#define TCHIN_STORE_WRITER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "store/location.h"

struct writer {
    pthread_t thread;
    struct mailbox inbox;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool is_woken; /* under the lock */
    bool stops;    /* from here on the thread's own */
    struct arena *arena;
    size_t updates;   /* since the log was last looked after */
    uint64_t now_ms;  /* the time that we were told last */
    uint64_t told_at; /* when, by our own clock, as are the next three */
    uint64_t sweeps_at;
    uint64_t writes_at;             /* what is unwritten; 0: nothing is */
    atomic_uint_least64_t noted_ms; /* what writer_tell said; 0: nothing new */
    uint64_t silent_until;          /* about what could not be written */
};

/* False: no memory, or no thread; writer_stop is not due then. */
bool writer_start(struct store *store, uint64_t now_ms) MUST_USE;

/* Does what it has been sent, and ends the thread. */
void writer_stop(struct store *store);

/* Any thread. The writer owns the updates from when they are sent. writer_send: if there were any.
 */
void writer_gather(struct location_update *update, struct mailbag *out);
bool writer_send(struct store *store, struct mailbag *gathered);

/* Any thread but the writer: runs `work` in the writer thread, outside of any transaction. */
typedef enum err writer_work(struct store *store, void *arg);
enum err writer_do(struct store *store, writer_work *work, void *arg);

/* Any thread: wakes it, for something is unwritten, or much: see unwritten.h. */
void writer_tell(struct store *store, uint64_t now_ms);

/* The writer: what time it is, by who last sent something. */
void writer_clock(struct store *store, uint64_t now_ms);

/* The writer: writes a line of log, at most one a minute. */
void writer_complain(struct store *store, const char *what, const char *reason);

#endif
