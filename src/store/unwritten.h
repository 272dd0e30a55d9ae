/*
 * What was acknowledged before it is written, if durability is relaxed: records that the index
 * shows and the log of bindings does not have yet. They are written together, and one that changes
 * again meanwhile is written once. For the writer thread.
 */
#ifndef TCHIN_STORE_UNWRITTEN_H
#define TCHIN_STORE_UNWRITTEN_H

#include "store/record.h"

enum { UNWRITTEN_MAX = 4096, UNWRITTEN_MS = 200 }; /* so long at most, as tchind(8) says */

struct store;

struct unwritten {
    struct record **records; /* a record that is the n-th here has log_id -n */
    size_t count;
};

bool unwritten_init(struct unwritten *u) MUST_USE;
void unwritten_fini(struct unwritten *u);

/*
 * `record` is about to take the place of `before` in the index, which may be itself, or NULL. Fewer
 * than UNWRITTEN_MAX must be waiting.
 */
void unwritten_note(struct unwritten *u, struct record *record, const struct record *before);

/* Writes them all in one transaction. What cannot be written waits for the next REGISTER. */
void unwritten_write(struct store *store);

#endif
