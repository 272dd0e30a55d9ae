/* The arena and owned bytes: the two ways to keep a slice longer. */
#include "check.h"

#include <stdalign.h>

#include "base/arena.h"
#include "base/bytes.h"

static void free_arena(void *arena)
{
    arena_free(arena);
}

static struct arena *new_arena(size_t chunk_bytes, size_t max_bytes)
{
    struct arena *arena = arena_new(chunk_bytes, max_bytes);

    CHECK_MADE(arena);
    check_later(free_arena, arena);
    return arena;
}

static void pieces_are_aligned_and_apart(void **state)
{
    struct arena *arena = new_arena(256, 65536);
    unsigned char *pieces[100];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        pieces[i] = arena_alloc(arena, i);
        CHECK_MADE(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)i, i);
    }
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        for (size_t b = 0; b < i; b++)
            assert_int_equal(pieces[i][b], i);
    }
}

static void a_piece_may_be_larger_than_a_chunk(void **state)
{
    struct arena *arena = new_arena(64, 4096);
    char *large = arena_alloc(arena, 1000);

    (void)state;
    CHECK_MADE(large);
    memset(large, 1, 1000);
    char *after = arena_alloc(arena, 64);
    CHECK_MADE(after);
    memset(after, 2, 64);
}

static void the_ceiling_holds(void **state)
{
    struct arena *arena = new_arena(1024, 4096);

    (void)state;
    assert_null(arena_alloc(arena, 4097));
    assert_null(arena_alloc(arena, SIZE_MAX));
    for (int turn = 0; turn < 3; turn++) {
        size_t count = 0;
        while (count < 100 && arena_alloc(arena, 1024) != NULL)
            count++;
        CHECK_MADE(count == 4 ? arena : NULL); /* as many each turn: a reset gives all back */
        arena_reset(arena);
    }
}

static void no_ceiling_is_no_overflow(void **state)
{
    struct arena *arena = new_arena(64, SIZE_MAX);

    (void)state;
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_alloc(arena, SIZE_MAX - 8));
}

static void a_reset_arena_starts_over(void **state)
{
    struct arena *arena = new_arena(256, 65536);
    void *first = arena_alloc(arena, 16);

    (void)state;
    for (int i = 0; i < 10; i++)
        CHECK_MADE(arena_alloc(arena, 200));
    arena_reset(arena);
    assert_ptr_equal(arena_alloc(arena, 16), first);
}

static void a_copy_outlives_its_original(void **state)
{
    struct arena *arena = new_arena(256, 65536);
    char text[] = "abc";
    struct slice copy, nothing;

    (void)state;
    assert_true(arena_copy(arena, slice_of(text), &copy));
    text[0] = 'x';
    CHECK_SLICE(copy, "abc");
    assert_true(arena_copy(arena, SLICE_NONE, &nothing));
    assert_int_equal(nothing.len, 0);
}

static void a_copy_that_does_not_fit_changes_nothing(void **state)
{
    struct arena *arena = new_arena(16, 16);
    struct slice copy = SLICE("before");

    (void)state;
    assert_false(arena_copy(arena, SLICE("more than sixteen bytes"), &copy));
    CHECK_SLICE(copy, "before");
}

static void free_bytes(void *bytes)
{
    bytes_free(bytes);
}

static void owned_bytes_are_replaced_and_emptied(void **state)
{
    struct bytes bytes = {0};

    (void)state;
    check_later(free_bytes, &bytes);
    CHECK_MADE(bytes_copy(&bytes, SLICE("one")) ? &bytes : NULL);
    CHECK_MADE(bytes_copy(&bytes, slice_after(bytes_slice(&bytes), 1)) ? &bytes : NULL);
    CHECK_SLICE(bytes_slice(&bytes), "ne");
    assert_true(bytes_copy(&bytes, SLICE_NONE));
    assert_null(bytes.ptr);
    bytes_free(&bytes);
    assert_int_equal(bytes.len, 0);
}

CHECK_MAIN(CHECK_TEST(pieces_are_aligned_and_apart), CHECK_TEST(a_piece_may_be_larger_than_a_chunk),
           CHECK_TEST(the_ceiling_holds), CHECK_TEST(no_ceiling_is_no_overflow),
           CHECK_TEST(a_reset_arena_starts_over), CHECK_TEST(a_copy_outlives_its_original),
           CHECK_TEST(a_copy_that_does_not_fit_changes_nothing),
           CHECK_TEST(owned_bytes_are_replaced_and_emptied))
