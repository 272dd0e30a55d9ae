/* Why there is no certificate, from what the ACME client said last, and what is to be done. */
#ifndef TCHIN_SERVER_ACME_ADVICE_H
#define TCHIN_SERVER_ACME_ADVICE_H

#include "base/buffer.h"

struct acme_verdict {
    struct slice reason; /* the words of the ACME server or of the client; in `text` */
    const char *advice;  /* for who runs the server */
    bool asked_too_often;
};

/* `said` is what it said last; `text` has room for the reason, which may be cut. */
struct acme_verdict acme_judge(struct slice said, struct buffer *text);

#endif
