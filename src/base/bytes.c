/* Copying into a longer life, visibly. */
#include "base/bytes.h"

#include <stdlib.h>

bool bytes_copy(struct bytes *bytes, struct slice s)
{
    char *copy = NULL;

    if (s.len > 0) {
        copy = malloc(s.len);
        if (copy == NULL)
            return false;
        memcpy(copy, s.ptr, s.len);
    }
    free(bytes->ptr);
    *bytes = (struct bytes){copy, s.len};
    return true;
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->ptr);
    *bytes = (struct bytes){0};
}
