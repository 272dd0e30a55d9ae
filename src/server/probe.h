/*
 * What keeps the ways to phones behind NATs open where the phones do not: a datagram to each flow,
 * from time to time. The settings say whether.
 */
#ifndef TCHIN_SERVER_PROBE_H
#define TCHIN_SERVER_PROBE_H

struct worker;

/* Begins, in the worker's own thread or before that runs. */
void probe_start(struct worker *w);

#endif
