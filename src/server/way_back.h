/*
 * Another way back for a response, when the client that wants it has failed: RFC 3263 5, RFC 3261
 * 18.2.2. Where a name stands in its Via there may be other servers of that name, who know what to
 * do with it.
 */
#ifndef TCHIN_SERVER_WAY_BACK_H
#define TCHIN_SERVER_WAY_BACK_H

#include "server/worker.h"

/*
 * `response` could not be delivered at `to`: it is sent once more, to the first other server of its
 * sent-by. Nothing is done for an address there, which is what a phone behind a NAT takes for its
 * own, nor if only the beginning of the response is left.
 */
void way_back_find(struct worker *w, const struct hop *to, struct slice response);

#endif
