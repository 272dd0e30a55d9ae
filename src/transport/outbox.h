/*
 * Messages that wait to be written to a stream: joined, so that they leave with one call, and still
 * told apart, so that those that never left can be named.
 */
#ifndef TCHIN_TRANSPORT_OUTBOX_H
#define TCHIN_TRANSPORT_OUTBOX_H

#include "base/slice.h"

/* All zero is an empty one. */
struct outbox {
    char *bytes;
    size_t len;
    size_t size;
    size_t written; /* of the bytes */
    size_t *ends;   /* where each message ends in the bytes */
    size_t end_count;
    size_t end_size;
    size_t first; /* of the ends: the first message that is not wholly written */
};

void outbox_fini(struct outbox *box);

/* Copies `message`. False: no memory, and nothing has changed. */
bool outbox_add(struct outbox *box, struct slice message) MUST_USE;

struct slice outbox_unwritten(const struct outbox *box);

/* The message that begins so many bytes into what is unwritten. False: nothing does. */
bool outbox_look(const struct outbox *box, size_t at, struct slice *out);

/* So many of the unwritten bytes have been written. Returns how many messages are complete by it.
 */
size_t outbox_wrote(struct outbox *box, size_t count);

/* Takes the first message that is not wholly written out of it. Valid until anything is added. */
bool outbox_take(struct outbox *box, struct slice *out);

#endif
