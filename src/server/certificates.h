/*
 * The certificates of all domains: read at the start, again when their files change, and handed to
 * the workers, who read no files. All calls are for the main thread.
 */
#ifndef TCHIN_SERVER_CERTIFICATES_H
#define TCHIN_SERVER_CERTIFICATES_H

#include "net/tls_context.h"
#include "server/server.h"

struct certificates;

/* Reads them; makes what is missing with self_signed. NULL: `fault` says what cannot be used. */
struct certificates *certificates_start(struct server *server, struct buffer *fault) MUST_USE;
void certificates_stop(struct certificates *certificates); /* NULL is none */

/* Whether there is at least one that can be shown. */
bool certificates_exist(const struct certificates *certificates);

/* What a new worker begins with: the worker frees it. NULL: no memory. */
struct tls_context *certificates_context(const struct certificates *certificates) MUST_USE;

/* Every now and then: reads what has changed, and tells the workers and the log. */
void certificates_look(struct certificates *certificates);

/* The settings are new: so may be the domains, and whom we believe. */
void certificates_reread(struct certificates *certificates);

#endif
