/* What the files of a branch share: private to branch.c, branch_send.c and branch_cancel.c. */
#ifndef TCHIN_SERVER_BRANCH_INSIDE_H
#define TCHIN_SERVER_BRANCH_INSIDE_H

#include "server/context.h"

/* --- branch.c --------------------------------------------------------------------------------- */

/* The request, as it came. False: it is none of ours to forward any more. */
bool branch_revive(struct branch *b, struct request *rq, struct sip_message *msg);

/* Whether anybody still waits for an answer by it. */
bool branch_may_go_on(const struct branch *b);

/* The next attempt, whatever that is. False: there is none. */
bool branch_go_on(struct branch *b);

/* There is no further attempt: as if `status` had been the answer. */
void branch_finish(struct branch *b, enum sip_status status);

/* The answer of DNS that it waits for has come. */
void branch_search_goes_on(struct locator *search);

/* --- branch_send.c: each says false if nothing was sent, nor asked of the resolver ------------ */

bool branch_try_target(struct branch *b, struct request *rq);
bool branch_try_next_place(struct branch *b, struct request *rq);
bool branch_try_next_flow(struct branch *b, struct request *rq);
bool branch_retry_by_udp(struct branch *b, struct request *rq);

/* Half of the breadth is kept for a branch beside this one, as long as there may be one. */
uint32_t branch_kept_breadth(const struct branch *b);

void branch_stop_race(struct branch *b);

/* --- branch_cancel.c -------------------------------------------------------------------------- */

/* RFC 3261 16.8; and 9.1 for one that does not even answer a CANCEL. */
void branch_timer_c_rings(struct branch *b);

#endif
