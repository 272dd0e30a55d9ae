/*
 * An arena: memory that is taken piece by piece and given back all at once. A worker has one, for
 * what lives as long as the datagram being handled.
 */
#ifndef TCHIN_BASE_ARENA_H
#define TCHIN_BASE_ARENA_H

#include "base/slice.h"

struct arena;

/* Takes memory in chunks of `chunk_bytes`, `max_bytes` in all. NULL: no memory. */
struct arena *arena_new(size_t chunk_bytes, size_t max_bytes) MUST_USE;
void arena_free(struct arena *arena);

/* Aligned for any object; not zeroed. NULL: no memory, or the ceiling is reached. */
void *arena_alloc(struct arena *arena, size_t bytes) MUST_USE;

/* A copy of `s` in the arena. False: as arena_alloc; `out` untouched. */
bool arena_copy(struct arena *arena, struct slice s, struct slice *out) MUST_USE;

/* Everything taken is given back; one chunk is kept for the next turn. */
void arena_reset(struct arena *arena);

#endif
