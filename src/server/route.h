/* What becomes of a new request: judged in the order of the design, then handed to its handler. */
#ifndef TCHIN_SERVER_ROUTE_H
#define TCHIN_SERVER_ROUTE_H

#include "server/request.h"

/* `rq` has its message, its origin and no transaction yet. Always answers it, or sees to it. */
void route_request(struct request *rq);

/* Finds out anew, for a revived request that was forwarded before, what forwarding depends on.
 * False: no memory. */
bool route_again(struct request *rq) MUST_USE;

#endif
