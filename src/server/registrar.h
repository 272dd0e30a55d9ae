/* The registrar: RFC 3261 10.3 and RFC 3327, for REGISTERs to a domain of ours. */
#ifndef TCHIN_SERVER_REGISTRAR_H
#define TCHIN_SERVER_REGISTRAR_H

#include "server/request.h"

/* Answers `rq`, now or when the store has answered. */
void registrar_start(struct request *rq);

#endif
