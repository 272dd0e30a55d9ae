/* Who wants to be sent requests by the connection that he has opened: RFC 5923 8.2. */
#ifndef TCHIN_SERVER_ALIAS_H
#define TCHIN_SERVER_ALIAS_H

#include "server/worker.h"

/*
 * Obeys an `alias` in the topmost Via of a message as it came by `from`, a connection of `w`, if
 * its peer may have one.
 */
void alias_obey(struct worker *w, const struct hop *from, struct slice bytes);

#endif
