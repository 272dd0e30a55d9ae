/*
 * The folders of ACME below the data folder: acme, the challenges that are answered by HTTP;
 * acme-account, the ACME client's own; tls/DOMAIN, the certificate and the key that are used.
 */
#ifndef TCHIN_SERVER_ACME_FILES_H
#define TCHIN_SERVER_ACME_FILES_H

#include "base/buffer.h"
#include "server/acme_schedule.h"

/* A path below the data folder, ended by NUL; false: it is too long. */
bool acme_files_path(const char *data, const char *folder, struct buffer *out) MUST_USE;

#define ACME_CHALLENGES "acme"
#define ACME_ACCOUNT    "acme-account"

/* An empty folder for challenges. False: `fault` says why there is none. */
bool acme_files_begin(const char *data, struct buffer *fault) MUST_USE;

/*
 * Of the certificate that is used for a domain. All zero: there is none, or one for another name,
 * or one that we have signed ourselves.
 */
struct acme_validity acme_files_in_use(const char *data, const char *domain);

/* Of the one that the client has got last. */
struct acme_validity acme_files_got(const char *data, const char *domain);

/*
 * What the client has got is used from now on. Each file appears whole or not at all, the key,
 * which seldom changes, before the certificate. False: `fault` says why not.
 */
bool acme_files_install(const char *data, const char *domain, struct buffer *fault) MUST_USE;

#endif
