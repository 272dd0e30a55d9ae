/*
 * The stateful proxy: RFC 3261 16. A request that is to be forwarded gets a response context, with
 * a branch for each target tried.
 */
#ifndef TCHIN_SERVER_PROXY_H
#define TCHIN_SERVER_PROXY_H

#include "server/request.h"
#include "server/target.h"

/*
 * Forwards `rq` to `targets`, in groups of equal q from the highest on. It gets a server
 * transaction and is answered when the branches are, or at once if nothing can be done.
 */
void proxy_start(struct request *rq, const struct target_list *targets);

/* A CANCEL whose INVITE `invite` is: 16.10. */
void proxy_cancel(struct txn *invite, const struct sip_message *cancel);

/* What the transactions tell; `t` is one that the proxy started. */
void proxy_told(struct worker *w, struct txn *t, enum txn_news news, const struct sip_message *msg);

/* The turn ends: frees the response contexts that ended in it. */
void proxy_free_ended(struct worker *w);

/* Frees every response context, without a word to anybody: the worker ends. */
void proxy_free_all(struct worker *w);

#endif
