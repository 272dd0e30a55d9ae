/* What the server can tell of the media of a call, which it does not carry: whether they arrive. */
#ifndef TCHIN_SERVER_MEDIA_H
#define TCHIN_SERVER_MEDIA_H

#include "server/worker.h"
#include "sip/message.h"

/* An INVITE from `caller`, and its first 2xx, from `callee`: logs what will keep them from meeting.
 */
void media_look(struct worker *w, const struct net_addr *caller, const struct sip_message *invite,
                const struct net_addr *callee, const struct sip_message *answer);

#endif
