/*
 * A message on its way from one worker to another: its bytes and where it came from or goes to.
 * Parcels go back to the worker they came from, so that the straight path allocates none.
 */
#ifndef TCHIN_SERVER_PARCEL_H
#define TCHIN_SERVER_PARCEL_H

#include "server/worker.h"

/* Before all else. */
void parcel_init(struct worker *w);

/*
 * To the owner of the call, as if it had received `bytes` itself. False: it was sent more than it
 * can take already.
 */
bool parcel_send_received(struct worker *from, struct worker *to, const struct hop *hop,
                          struct slice bytes) MUST_USE;

/* To the worker that holds the connection `hop->connection`, to be sent there. */
void parcel_send_outgoing(struct worker *from, struct worker *to, const struct hop *hop,
                          struct slice bytes);

/* To the owner of the call: what it sent could not be delivered. */
void parcel_send_unreachable(struct worker *from, struct worker *to, const struct hop *hop,
                             struct slice head);

/* What was sent or is to be given back leaves, and wakes its owners: once a turn. */
void parcel_leave(struct worker *w);

/* Takes in what was given back: once a turn. */
void parcel_collect(struct worker *w);

/* Frees the spare ones; none of its parcels may be under way. */
void parcel_free_all(struct worker *w);

#endif
