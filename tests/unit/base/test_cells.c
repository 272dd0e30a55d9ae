/* Memory of all sizes, which nothing else has meanwhile, and which goes back when it is not used.
 */
#include "check.h"

#include <string.h>

#include "base/cells.h"

enum { COUNT = 3000 };

struct world {
    struct cells cells;
    unsigned char *taken[COUNT];
};

static size_t size_of(size_t i)
{
    return 1 + i * 37 % (CELL_MAX + 200);
}

static void give_back(struct world *w, size_t i)
{
    if (w->taken[i] != NULL)
        cells_give_back(&w->cells, w->taken[i], size_of(i));
    w->taken[i] = NULL;
}

static void end_world(void *thing)
{
    struct world *w = thing;

    for (size_t i = 0; i < COUNT; i++)
        give_back(w, i);
    cells_fini(&w->cells);
}

static void take(struct world *w, size_t i)
{
    w->taken[i] = cells_take(&w->cells, size_of(i));
    CHECK_MADE(w->taken[i]);
    memset(w->taken[i], (int)(i & 0xff), size_of(i));
}

static void check(const struct world *w, size_t i)
{
    for (size_t at = 0; at < size_of(i); at++)
        assert_int_equal(w->taken[i][at], i & 0xff);
}

static void start(struct world *w)
{
    *w = (struct world){0};
    cells_init(&w->cells);
    check_later(end_world, w);
}

static void cells_of_all_sizes_are_aligned_and_apart(void **state)
{
    static struct world w;

    (void)state;
    start(&w);
    for (size_t i = 0; i < COUNT; i++)
        take(&w, i);
    for (size_t i = 0; i < COUNT; i += 2)
        give_back(&w, i);
    for (size_t i = 0; i < COUNT; i += 2)
        take(&w, i);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal((uintptr_t)w.taken[i] % _Alignof(void *), 0);
        check(&w, i);
    }
}

static void what_is_given_back_is_used_again_or_goes_back(void **state)
{
    static struct world w;
    size_t in_use = 0, blocks = 0;

    (void)state;
    start(&w);
    for (size_t i = 0; i < COUNT; i++)
        take(&w, i);
    for (size_t i = 0; i < COUNT; i++)
        give_back(&w, i);
    for (size_t i = 0; i < ARRAY_LEN(w.cells.pools); i++) {
        in_use += w.cells.pools[i].in_use;
        blocks += w.cells.pools[i].block_count;
    }
    assert_int_equal(in_use, 0);
    assert_true(blocks <= ARRAY_LEN(w.cells.pools));
}

CHECK_MAIN(CHECK_TEST(cells_of_all_sizes_are_aligned_and_apart),
           CHECK_TEST(what_is_given_back_is_used_again_or_goes_back))
