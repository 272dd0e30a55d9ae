/* malloc finds nothing at once where messages of all sizes live for half a minute; a pool does. */
#include "base/cells.h"

#include <assert.h>
#include <sanitizer/asan_interface.h>
#include <stdlib.h>

/* NULL: it is larger than all. */
static struct pool *pool_for(struct cells *cells, size_t bytes)
{
    assert(bytes > 0);
    return bytes <= CELL_MAX ? &cells->pools[(bytes - 1) / CELL_STEP] : NULL;
}

void cells_init(struct cells *cells)
{
    for (size_t i = 0; i < ARRAY_LEN(cells->pools); i++)
        pool_init(&cells->pools[i], (i + 1) * CELL_STEP);
}

void cells_fini(struct cells *cells)
{
    for (size_t i = 0; i < ARRAY_LEN(cells->pools); i++)
        pool_fini(&cells->pools[i]);
}

void *cells_take(struct cells *cells, size_t bytes)
{
    struct pool *pool = pool_for(cells, bytes);

    if (pool == NULL)
        return malloc(bytes);
    char *cell = pool_take(pool);
    if (cell != NULL)
        ASAN_POISON_MEMORY_REGION(cell + bytes, pool->object_bytes - bytes);
    return cell;
}

void cells_give_back(struct cells *cells, void *cell, size_t bytes)
{
    struct pool *pool = pool_for(cells, bytes);

    if (pool == NULL) {
        free(cell);
        return;
    }
    ASAN_UNPOISON_MEMORY_REGION(cell, pool->object_bytes);
    pool_give_back(pool, cell);
}
