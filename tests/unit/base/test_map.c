/* The map against what one knows to be in it: an array. */
#include "check.h"

#include <stdlib.h>

#include "base/map.h"

enum { COUNT = 1000 };

struct item {
    struct map_node node;
    bool is_in;
    bool seen;
};

static void fini_map(void *map)
{
    map_fini(map);
}

static void start_map(struct map *map, size_t max_count)
{
    CHECK_MADE(map_init(map, max_count) ? map : NULL);
    check_later(fini_map, map);
}

/* Few enough hashes that many nodes share one, and many buckets stay empty. */
static uint64_t hash_of(size_t number)
{
    return (uint64_t)(number % 337) * 0x9e3779b97f4a7c15U;
}

static bool finds(const struct map *map, struct item *item, size_t number)
{
    struct map_node *node = map_first(map, hash_of(number));

    while (node != NULL && node != &item->node)
        node = map_next(node);
    return node != NULL;
}

static void check_walk(const struct map *map, struct item *items)
{
    size_t count = 0;

    for (struct map_node *node = map_walk(map, NULL); node != NULL; node = map_walk(map, node)) {
        struct item *item = CONTAINER_OF(node, struct item, node);
        assert_true(item->is_in);
        assert_false(item->seen);
        item->seen = true;
        count++;
    }
    assert_int_equal(count, map->count);
    for (size_t i = 0; i < COUNT; i++)
        items[i].seen = false;
}

static void finds_what_is_in_it_and_nothing_else(void **state)
{
    struct item items[COUNT] = {0};
    struct map map;

    (void)state;
    start_map(&map, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(map_add(&map, &items[i].node, hash_of(i)));
        items[i].is_in = true;
    }
    check_walk(&map, items);
    for (size_t i = 0; i < COUNT; i += 3) {
        map_remove(&map, &items[i].node);
        items[i].is_in = false;
    }
    check_walk(&map, items);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(finds(&map, &items[i], i), items[i].is_in);
    assert_null(map_first(&map, 1));
}

static void what_left_and_came_back_is_found(void **state)
{
    struct item items[COUNT] = {0};
    struct map map;

    (void)state;
    start_map(&map, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(map_add(&map, &items[i].node, hash_of(i)));
    for (size_t round = 2; round < 5; round++) {
        for (size_t i = 0; i < COUNT; i += round)
            map_remove(&map, &items[i].node);
        for (size_t i = 0; i < COUNT; i++)
            assert_int_equal(finds(&map, &items[i], i), i % round != 0);
        for (size_t i = 0; i < COUNT; i += round)
            assert_true(map_add(&map, &items[i].node, hash_of(i)));
        for (size_t i = 0; i < COUNT; i++)
            assert_true(finds(&map, &items[i], i));
    }
}

static void the_ceiling_holds(void **state)
{
    struct item items[3] = {0};
    struct map map;

    (void)state;
    start_map(&map, 2);
    assert_true(map_add(&map, &items[0].node, 7));
    assert_true(map_add(&map, &items[1].node, 7));
    assert_false(map_add(&map, &items[2].node, 7));
    map_remove(&map, &items[0].node);
    assert_true(map_add(&map, &items[2].node, 7));
    assert_int_equal(map.count, 2);
}

static void an_empty_map_has_nothing(void **state)
{
    struct map map;

    (void)state;
    start_map(&map, 1);
    assert_null(map_first(&map, 0));
    assert_null(map_walk(&map, NULL));
}

/* A node has moved if another follows it now: all but the first of each chain then. */
static size_t count_moved(const struct item *items, struct map_node *const *followers, size_t count)
{
    size_t moved = 0;

    for (size_t i = 0; i < count; i++)
        moved += items[i].node.next != followers[i];
    return moved;
}

static void however_many_there_are_adding_moves_few(void **state)
{
    enum { MANY = 1 << 15, CHAIN = 16 };
    struct item *items = calloc(MANY + 2, sizeof(*items));
    struct map_node **followers = calloc(MANY + 2, sizeof(struct map_node *));
    struct map map;

    (void)state;
    check_later(free, items);
    check_later(free, followers);
    CHECK_MADE(items);
    CHECK_MADE(followers);
    start_map(&map, SIZE_MAX);
    for (size_t i = 0; i < MANY + 2; i++) {
        bool is_near_a_power_of_two = ((i - 1) & (i - 2)) == 0 || (i & (i - 1)) == 0;
        for (size_t k = 0; k < i && is_near_a_power_of_two; k++)
            followers[k] = items[k].node.next;
        assert_true(map_add(&map, &items[i].node, i * 0x9e3779b97f4a7c15U));
        if (is_near_a_power_of_two)
            assert_in_range(count_moved(items, followers, i), 0, CHAIN);
    }
    for (size_t i = 0; i < MANY + 2; i++)
        assert_ptr_equal(map_first(&map, i * 0x9e3779b97f4a7c15U), &items[i].node);
}

CHECK_MAIN(CHECK_TEST(finds_what_is_in_it_and_nothing_else),
           CHECK_TEST(what_left_and_came_back_is_found), CHECK_TEST(the_ceiling_holds),
           CHECK_TEST(an_empty_map_has_nothing),
           CHECK_TEST(however_many_there_are_adding_moves_few))
