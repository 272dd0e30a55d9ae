/* Why something could not be done, where there is more than one reason. ERR_NONE is 0. */
#ifndef TCHIN_BASE_ERR_H
#define TCHIN_BASE_ERR_H

enum err {
    ERR_NONE,
    ERR_MEMORY,    /* an allocation failed */
    ERR_FULL,      /* a configured ceiling is reached */
    ERR_STALE,     /* something newer is there already */
    ERR_ABSENT,    /* what was named does not exist */
    ERR_EXISTS,    /* what was to be made is there already */
    ERR_MALFORMED, /* input that does not follow its grammar */
    ERR_IO,        /* the system refused: a disk, a socket, a database */
    ERR_BUSY,      /* somebody else holds it */
};

/* A few words for a log line or an error message; never NULL. */
const char *err_text(enum err err);

#endif
