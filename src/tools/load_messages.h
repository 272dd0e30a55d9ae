/* What is said under load: the texts of the requests, and what our callees add to their answers. */
#ifndef TCHIN_TOOLS_LOAD_MESSAGES_H
#define TCHIN_TOOLS_LOAD_MESSAGES_H

#include "base/slice.h"

enum load_request {
    LOAD_REQUEST_OPTIONS,
    LOAD_REQUEST_REGISTER,
    LOAD_REQUEST_MESSAGE,
    LOAD_REQUEST_INVITE,
    LOAD_REQUEST_ACK, /* of a 2xx */
    LOAD_REQUEST_BYE,
    LOAD_REQUEST_COUNT,
};

struct slice load_request_method(enum load_request request);

/* With gaps, as load_template.h has them. */
extern const char *const load_request_texts[LOAD_REQUEST_COUNT];

/* A session description such as phones answer with. */
extern const struct slice load_answer_sdp;

#endif
