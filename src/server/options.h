/* OPTIONS to the server itself: RFC 3261 11.2. */
#ifndef TCHIN_SERVER_OPTIONS_H
#define TCHIN_SERVER_OPTIONS_H

#include "server/request.h"

enum sip_status options_answer(struct request *rq);

#endif
