/*
 * What outlives a request: a folder with a SQLite database, a lock that only one process holds,
 * and a thread that alone writes. The tables are in user.h and location.h.
 */
#ifndef TCHIN_STORE_STORE_H
#define TCHIN_STORE_STORE_H

#include "base/buffer.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/slice.h"

/* What an acknowledged REGISTER survives. */
enum store_durability {
    STORE_RELAXED, /* nothing: answered before the commit */
    STORE_PROCESS, /* the death of the process: WAL, synchronous=NORMAL */
    STORE_POWER,   /* the plug: synchronous=FULL */
};

struct store_settings {
    const char *folder; /* created 0700 if it is not there */
    enum store_durability durability;
    struct log *log;     /* for what goes wrong in the writer thread */
    size_t max_bindings; /* in all */
    size_t max_users;
};

struct store;

/*
 * Opens the folder, takes its lock, brings the tables up to date and reads them. NULL, and `fault`
 * has one sentence saying what and where, if anything is not as it should; then nothing has been
 * changed. `err` is ERR_BUSY if another process holds the lock.
 */
struct store *store_open(const struct store_settings *settings, uint64_t now_ms, enum err *err,
                         struct buffer *fault) MUST_USE;

/* Writes what is waiting, answers it, and gives the lock back. */
void store_close(struct store *store);

/* `count` random bytes kept under `name`: made when first asked for, the same ever after. */
enum err store_secret(struct store *store, const char *name, void *out, size_t count) MUST_USE;

/* A line of text kept under `name`. False: there is none, or no room for it. */
bool store_remembered(struct store *store, const char *name, struct buffer *out);
enum err store_remember(struct store *store, const char *name, struct slice value) MUST_USE;

/* An answer that comes later, by mail. Inside the object that waits, which must live till then. */
struct answer {
    struct mail mail;      /* `deliver` is set by the asker */
    struct mailbox *asker; /* must live until store_close: it is looked at after the mail is in */
    enum err err;
};

#endif
