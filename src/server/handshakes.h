/* What the log says of TLS handshakes that failed. */
#ifndef TCHIN_SERVER_HANDSHAKES_H
#define TCHIN_SERVER_HANDSHAKES_H

#include "server/worker.h"

/* One line: the peer, the reason, and what to do. `is_ours`: we had connected to it. */
void handshakes_failed(struct worker *w, const struct hop *flow, bool is_ours, const char *reason);

#endif
