/* Chunks in a chain; the first stays for the arena's whole life. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

struct chunk {
    struct chunk *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct chunk *current; /* the newest; older ones follow */
    size_t chunk_bytes;
    size_t max_bytes;
    size_t held_bytes;
};

static struct chunk *add_chunk(struct arena *arena, size_t size)
{
    if (size > arena->max_bytes - arena->held_bytes || size > SIZE_MAX - sizeof(struct chunk))
        return NULL;

    struct chunk *chunk = malloc(sizeof(*chunk) + size);
    if (chunk == NULL)
        return NULL;
    *chunk = (struct chunk){.next = arena->current, .size = size};
    arena->current = chunk;
    arena->held_bytes += size;
    return chunk;
}

struct arena *arena_new(size_t chunk_bytes, size_t max_bytes)
{
    struct arena *arena = malloc(sizeof(*arena));

    if (arena == NULL)
        return NULL;
    *arena = (struct arena){.chunk_bytes = chunk_bytes, .max_bytes = max_bytes};
    if (add_chunk(arena, chunk_bytes) == NULL) {
        free(arena);
        return NULL;
    }
    return arena;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->current != NULL) {
        struct chunk *next = arena->current->next;
        free(arena->current);
        arena->current = next;
    }
    free(arena);
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    const size_t align = alignof(max_align_t);

    if (bytes > arena->max_bytes || bytes > SIZE_MAX - align)
        return NULL;
    bytes = (bytes + align - 1) & ~(align - 1);

    struct chunk *chunk = arena->current;
    if (bytes > chunk->size - chunk->used) {
        chunk = add_chunk(arena, bytes > arena->chunk_bytes ? bytes : arena->chunk_bytes);
        if (chunk == NULL)
            return NULL;
    }
    void *out = chunk->bytes + chunk->used;
    chunk->used += bytes;
    return out;
}

bool arena_copy(struct arena *arena, struct slice s, struct slice *out)
{
    char *copy = arena_alloc(arena, s.len);

    if (copy == NULL)
        return false;
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    *out = (struct slice){copy, s.len};
    return true;
}

void arena_reset(struct arena *arena)
{
    while (arena->current->next != NULL) {
        struct chunk *next = arena->current->next;
        arena->held_bytes -= arena->current->size;
        free(arena->current);
        arena->current = next;
    }
    arena->current->used = 0;
}
