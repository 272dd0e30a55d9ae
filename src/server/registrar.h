/* The registrar: RFC 3261 10.3, 3327, 3608, 5626 and 5627, for REGISTERs to a domain of ours. */
#ifndef TCHIN_SERVER_REGISTRAR_H
#define TCHIN_SERVER_REGISTRAR_H

#include "server/request.h"

/* Whether a REGISTER may require that option. */
bool registrar_knows(struct slice option);

/* Answers `rq`, now or when the store has answered. */
void registrar_start(struct request *rq);

#endif
