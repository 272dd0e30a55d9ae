/* Objects that come and go, and the memory they leave. */
#include "check.h"

#include <string.h>

#include "base/pool.h"

enum { COUNT = 5000, BYTES = 100 };

struct world {
    struct pool pool;
    char *objects[COUNT];
};

static void end_world(void *thing)
{
    struct world *w = thing;

    for (size_t i = 0; i < COUNT; i++) {
        if (w->objects[i] != NULL)
            pool_give_back(&w->pool, w->objects[i]);
    }
    pool_fini(&w->pool);
}

static void start(struct world *w)
{
    *w = (struct world){0};
    pool_init(&w->pool, BYTES);
    check_later(end_world, w);
}

static void take(struct world *w, size_t i)
{
    w->objects[i] = pool_take(&w->pool);
    CHECK_MADE(w->objects[i]);
    memset(w->objects[i], (int)(i & 0x7f), BYTES);
}

static void give_back(struct world *w, size_t i)
{
    for (size_t at = 0; at < BYTES; at++)
        assert_int_equal(w->objects[i][at], i & 0x7f);
    pool_give_back(&w->pool, w->objects[i]);
    w->objects[i] = NULL;
}

static void objects_are_aligned_and_apart(void **state)
{
    static struct world w;

    (void)state;
    start(&w);
    for (size_t i = 0; i < COUNT; i++) {
        take(&w, i);
        assert_int_equal((uintptr_t)w.objects[i] % _Alignof(void *), 0);
    }
    assert_int_equal(w.pool.in_use, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        give_back(&w, i);
    assert_int_equal(w.pool.in_use, 0);
}

static void what_is_given_back_is_taken_again(void **state)
{
    static struct world w;

    (void)state;
    start(&w);
    for (size_t i = 0; i < COUNT; i++)
        take(&w, i);
    size_t blocks = w.pool.block_count;
    for (size_t step = 3; step < 7; step++) {
        for (size_t i = 0; i < COUNT; i += step)
            give_back(&w, i);
        for (size_t i = 0; i < COUNT; i += step)
            take(&w, i);
        assert_true(w.pool.block_count <= blocks + 1);
    }
}

static void empty_blocks_go_back_to_the_system(void **state)
{
    static struct world w;

    (void)state;
    start(&w);
    for (size_t i = 0; i < COUNT; i++)
        take(&w, i);
    assert_true(w.pool.block_count > COUNT * BYTES / POOL_BLOCK_BYTES);
    for (size_t i = COUNT; i-- > 1;)
        give_back(&w, i);
    assert_true(w.pool.block_count <= 2);
    give_back(&w, 0);
    assert_int_equal(w.pool.block_count, 1);
}

/* A batch that comes and goes beside what stays finds the blocks of the one before. */
static void as_many_blocks_stay_empty_as_are_in_use(void **state)
{
    static struct world w;
    const size_t in_a_block = POOL_BLOCK_BYTES / BYTES;
    const size_t half = COUNT / 2;

    (void)state;
    start(&w);
    for (size_t i = 0; i < COUNT; i++)
        take(&w, i);
    size_t blocks = w.pool.block_count;
    for (size_t turn = 0; turn < 3; turn++) {
        for (size_t i = half + in_a_block; i < COUNT; i++)
            give_back(&w, i);
        assert_int_equal(w.pool.block_count, blocks);
        for (size_t i = half + in_a_block; i < COUNT; i++)
            take(&w, i);
    }
    for (size_t i = COUNT; i-- > half;)
        give_back(&w, i);
    for (size_t i = half; i-- > half / 2;)
        give_back(&w, i);
    assert_true(w.pool.block_count <= blocks / 2 + 1);
    for (size_t i = half / 2; i-- > 0;)
        give_back(&w, i);
    assert_int_equal(w.pool.block_count, 1);
}

/* One that comes and goes alone: its block stays. */
static void the_last_block_is_kept(void **state)
{
    static struct world w;

    (void)state;
    start(&w);
    take(&w, 0);
    char *first = w.objects[0];
    for (size_t i = 0; i < 3; i++) {
        give_back(&w, 0);
        take(&w, 0);
        assert_ptr_equal(w.objects[0], first);
    }
    assert_int_equal(w.pool.block_count, 1);
}

static void blocks_of_all_pools_are_counted(void **state)
{
    static struct world one, other;
    size_t before = pool_all_blocks();

    (void)state;
    start(&one);
    start(&other);
    take(&one, 0);
    take(&other, 0);
    assert_int_equal(pool_all_blocks(), before + 2);
    give_back(&one, 0);
    pool_fini(&one.pool);
    assert_int_equal(pool_all_blocks(), before + 1);
    give_back(&other, 0);
    pool_fini(&other.pool);
    assert_int_equal(pool_all_blocks(), before);
}

CHECK_MAIN(CHECK_TEST(objects_are_aligned_and_apart), CHECK_TEST(what_is_given_back_is_taken_again),
           CHECK_TEST(empty_blocks_go_back_to_the_system),
           CHECK_TEST(as_many_blocks_stay_empty_as_are_in_use), CHECK_TEST(the_last_block_is_kept),
           CHECK_TEST(blocks_of_all_pools_are_counted))
