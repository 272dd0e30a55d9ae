/*
 * Whom one may reach through us. What listens at an address of this host, or at a link-local one
 * (RFC 4291 2.5.3, 2.5.6), trusts that nobody from elsewhere can speak to it, or that a firewall
 * sees to that; we could. So nobody has us send where he could not send himself.
 */
#ifndef TCHIN_SERVER_REACH_H
#define TCHIN_SERVER_REACH_H

#include "server/request.h"

/*
 * Where who has named the next hop of this request was seen. Family 0: nobody we know of, as in
 * what we have sent to ourselves.
 */
struct net_addr reach_namer(const struct request *rq);

/*
 * Whether what was named by somebody at `namer` may be sent to `to`: always, unless that is this
 * host, or link-local, and he is not. One who is on this host may reach both.
 */
bool reach_permits(const struct worker *w, const struct net_addr *namer,
                   const struct net_addr *to) MUST_USE;

#endif
