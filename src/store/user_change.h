/* What changes of users have in common: one at a time, each a job of the writer thread or more. */
#ifndef TCHIN_STORE_USER_CHANGE_H
#define TCHIN_STORE_USER_CHANGE_H

#include "store/inside.h"
#include "store/user.h"

/*
 * Any thread but the writer: waits until nobody else changes users, and keeps others out until the
 * end, which is due in any case. ERR_IO: an import that could not be finished still cannot.
 */
enum err user_begin_changes(struct store *store) MUST_USE;
void user_end_changes(struct store *store);

/* The same for a single job: as writer_do. */
enum err user_do(struct store *store, writer_work *work, void *arg) MUST_USE;

/* The writer: ends the transaction that `is_written` speaks of. */
enum err user_conclude(struct store *store, bool is_written) MUST_USE;

static inline bool user_is_name(struct slice name)
{
    return name.len > 0 && name.len <= USER_MAX_NAME;
}

#endif
