/*
 * Happy Eyeballs (RFC 8305 5, before it RFC 6555) for streams: connections to several addresses of
 * one name are opened side by side, the next when the one before has not opened for a quarter of a
 * second, or as soon as it has failed. The first that opens has won, and the others are given up.
 * What has failed or was overtaken is avoided for a while (dead_targets.h).
 *
 * Nothing is sent: what is written into a request depends on the connection that it leaves by.
 */
#ifndef TCHIN_SERVER_RACE_H
#define TCHIN_SERVER_RACE_H

#include "server/worker.h"
#include "sip/candidate.h"

enum { RACE_STEP_MS = 250, RACE_MAX = 6 };

struct race;

/* All are called in a turn of their own; who is told may stop the race. */
struct race_host {
    /* The next one is due: race_add, if there is another. */
    void (*is_due)(void *owner);
    /* It is open, and may be sent by; the race is over, and is to be stopped. */
    void (*is_won)(void *owner, const struct sip_candidate *place, struct hop *hop);
    /* One has failed. The next is due, if there is one; if none is left the race is over. */
    void (*has_failed)(void *owner, size_t left);
};

/* The memory that one takes. */
size_t race_bytes(void);

/* NULL: no memory. */
struct race *race_start(struct worker *w, const struct race_host *host, void *owner) MUST_USE;

/* Another address begins, as transport_await does. Also TRANSPORT_CANNOT: there are too many. */
enum transport_opening race_add(struct race *race, const struct sip_candidate *place,
                                struct hop *hop) MUST_USE;

/* Gives up what is not open, unless others wait for it too, and frees it. Harmless for NULL. */
void race_stop(struct race *race);

#endif
