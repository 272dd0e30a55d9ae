/* The ACK for a 2xx, forwarded without state: RFC 3261 13.2.2.4, 16.11. */
#ifndef TCHIN_SERVER_ACK_H
#define TCHIN_SERVER_ACK_H

#include "server/target.h"

/* To the first of `targets`, now or when the resolver has answered. Nobody is told if it fails. */
void ack_forward(struct request *ack, const struct target_list *targets);

#endif
