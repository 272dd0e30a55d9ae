/*
 * Keyed hashes that we give away and recognise later: nobody can make one without the key.
 */
#ifndef TCHIN_SERVER_TOKEN_H
#define TCHIN_SERVER_TOKEN_H

#include "server/request.h"

/*
 * Of what the way of a request through us depends on, and never of the method: RFC 5393 4.2.1. Our
 * branches end with it.
 */
void token_of_loop(const struct request *rq, char out[TOKEN_LEN]);

/* Whether a Via has it already, so that this request came this way before: RFC 5393 4.2.2. */
bool token_finds_loop(const struct request *rq);

/* Whether one of the Vias names us: this request has been here before, perhaps to other ends. */
bool token_finds_spiral(const struct request *rq);

#endif
