/*
 * --trace: every message as one line of a ladder, on standard output.
 *
 *     09:45:12.123  192.0.2.7:5060 --> tchind  UDP  INVITE sip:bob@example.org  (3 INVITE, a84b4c)
 */
#ifndef TCHIN_SERVER_TRACE_H
#define TCHIN_SERVER_TRACE_H

#include "server/worker.h"

void trace_init(struct worker *w);

/* Both do nothing unless the settings ask for it. */
void trace_received(struct worker *w, const struct hop *from, struct slice bytes);
void trace_sent(struct worker *w, const struct hop *to, struct slice bytes);

/* Writes what nobody has read yet, as far as somebody reads now. */
void trace_flush(struct worker *w);
bool trace_is_waiting(const struct worker *w); /* so it is to be flushed again */

#endif
