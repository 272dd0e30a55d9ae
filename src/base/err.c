/* The words for `enum err`. */
#include "base/err.h"

const char *err_text(enum err err)
{
    switch (err) {
    case ERR_NONE: return "no error";
    case ERR_MEMORY: return "out of memory";
    case ERR_FULL: return "a configured limit is reached";
    case ERR_STALE: return "something newer is already there";
    case ERR_ABSENT: return "there is no such thing";
    case ERR_EXISTS: return "it exists already";
    case ERR_MALFORMED: return "malformed";
    case ERR_IO: return "the system refused";
    case ERR_BUSY: return "in use by somebody else";
    }
    return "unknown error";
}
