/* What we answer by HTTP: whether we live, whether we take calls, and the challenges of ACME. */
#ifndef TCHIN_SERVER_PAGES_H
#define TCHIN_SERVER_PAGES_H

#include "net/http.h"
#include "server/worker.h"

/* Where the challenges of RFC 8555 8.3 lie, in the data folder: a file for each token. */
#define PAGES_CHALLENGE_FOLDER "acme"

void pages_find(struct worker *w, struct slice path, struct http_page *out);

#endif
