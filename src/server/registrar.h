/* The registrar: RFC 3261 10.3, 3327, 3608, 5626 and 5627, for REGISTERs to a domain of ours. */
#ifndef TCHIN_SERVER_REGISTRAR_H
#define TCHIN_SERVER_REGISTRAR_H

#include "server/request.h"

/* Whether a REGISTER may require that option. */
bool registrar_knows(struct slice option);

/*
 * Whether a REGISTER may be refreshed without a transaction (store/refresh.c): then it is not asked
 * whether it has one, of which there is none of a refresh that is done so, before the registrar
 * does.
 */
bool registrar_matches_late(const struct request *rq);

/* Answers `rq`, now or when the store has answered. */
void registrar_start(struct request *rq);

#endif
