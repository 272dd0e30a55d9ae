/*
 * The two files of a domain's certificate: read, and read again when they have changed. It knows
 * nothing of who uses them. Of the main thread.
 */
#ifndef TCHIN_SERVER_CERTIFICATE_FILES_H
#define TCHIN_SERVER_CERTIFICATE_FILES_H

#include <sys/stat.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "server/settings.h"

enum { CERTIFICATE_FILES_MAX_NAME = SETTINGS_MAX_PATH + SETTINGS_MAX_DOMAIN_NAME + 32 };

/* By which it shows that a file is another one. All zero: there is none. */
struct file_stamp {
    struct timespec changed;
    ino_t inode;
    off_t bytes;
};

struct certificate_files {
    char domain[SETTINGS_MAX_DOMAIN_NAME + 1];
    char certificate_name[CERTIFICATE_FILES_MAX_NAME];
    char key_name[CERTIFICATE_FILES_MAX_NAME];
    struct file_stamp seen[2];  /* when they were looked at last */
    struct file_stamp tried[2]; /* when they were read last */
    struct bytes certificate;   /* as they were good last, in PEM; empty: they never were */
    struct bytes key;
    int64_t ends_s; /* since 1970: the certificate is valid until then */
};

enum certificate_news {
    CERTIFICATE_AS_BEFORE, /* or about to change: it is looked at again before it is read */
    CERTIFICATE_IS_NEW,
    CERTIFICATE_IS_BROKEN, /* once for each change; what was good stays */
    CERTIFICATE_IS_MISSING /* likewise */
};

/* The files that the settings say, or those in the data folder: tls/DOMAIN/cert.pem, key.pem. */
void certificate_files_init(struct certificate_files *files, const struct settings *settings,
                            const struct domain_settings *domain);
void certificate_files_fini(struct certificate_files *files);

/*
 * Reads them if they have changed: `at_once`, or when they have stayed so for a look, since two
 * files are not written at the same time. Broken: `fault` says why.
 */
enum certificate_news certificate_files_look(struct certificate_files *files, bool at_once,
                                             struct buffer *fault);

/* Writes a self-signed pair for who has none. False: `fault` says why that cannot be done. */
bool certificate_files_make(const struct certificate_files *files, struct buffer *fault) MUST_USE;

bool certificate_files_are_missing(const struct certificate_files *files);

#endif
