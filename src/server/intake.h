/* Where everything received arrives: parsed, sent to its owner, matched, or made a request. */
#ifndef TCHIN_SERVER_INTAKE_H
#define TCHIN_SERVER_INTAKE_H

#include "server/worker.h"

/* A datagram, or a message cut out of a stream, as this worker received it. */
void intake_received(struct worker *w, const struct hop *from, struct slice bytes);

/* The same, mailed by another worker: this one is the owner. */
void intake_mailed(struct worker *w, const struct hop *from, struct slice bytes);

/* A stream lost its framing: its head is answered if it can be. */
void intake_broken(struct worker *w, const struct hop *from, struct slice head, int status);

/* The beginning of what could not be delivered, wherever that was learnt. */
void intake_unreachable(struct worker *w, const struct hop *to, struct slice head);
void intake_mailed_unreachable(struct worker *w, struct slice head);

#endif
