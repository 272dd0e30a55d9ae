/* Bytes that somebody owns: what a transaction or a connection keeps beyond the turn. */
#ifndef TCHIN_BASE_BYTES_H
#define TCHIN_BASE_BYTES_H

#include "base/slice.h"

/* Owned memory; empty is {NULL, 0}. */
struct bytes {
    char *ptr;
    size_t len;
};

/* Replaces what `bytes` holds by a copy of `s`. False: no memory, `bytes` untouched. */
bool bytes_copy(struct bytes *bytes, struct slice s) MUST_USE;

/* Gives the memory back and leaves `bytes` empty. */
void bytes_free(struct bytes *bytes);

static inline struct slice bytes_slice(const struct bytes *bytes)
{
    return (struct slice){bytes->ptr, bytes->len};
}

#endif
