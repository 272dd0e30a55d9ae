/*
 * Blocks lie at multiples of their size, so that an object's address says which block it is in.
 * Objects are taken from the block that had room first, from an empty one if none has. As many may
 * be empty as are not, or one; the others are given back: so nothing goes to malloc and comes from
 * it all the time, and what a peak leaves behind goes as the last of it ends. Each leaves room for
 * what malloc keeps beside it: blocks of full size would have a hole of nearly their size between
 * them.
 */
#include "base/pool.h"

#include <assert.h>
#include <sanitizer/asan_interface.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

struct free_object {
    struct free_object *next;
};

struct block {
    struct list_node node; /* in one of the pool's lists; in none when it is full */
    struct free_object *free;
    uint32_t used;
    uint32_t untouched; /* offset of the first object that was never taken */
    alignas(max_align_t) char objects[];
};

enum { BESIDE_BYTES = 16, BLOCK_BYTES = POOL_BLOCK_BYTES - BESIDE_BYTES };
enum { ROOM = BLOCK_BYTES - sizeof(struct block) };

static atomic_size_t all_blocks;

size_t pool_all_blocks(void)
{
    return atomic_load_explicit(&all_blocks, memory_order_relaxed);
}

void pool_init(struct pool *pool, size_t object_bytes)
{
    const size_t align = alignof(void *);

    assert(object_bytes > 0 && object_bytes <= POOL_MAX_OBJECT);
    *pool = (struct pool){.object_bytes = (object_bytes + align - 1) & ~(align - 1)};
    list_init(&pool->blocks);
    list_init(&pool->empty);
}

static struct block *first_of(const struct list_node *blocks)
{
    return CONTAINER_OF(blocks->next, struct block, node);
}

static void enter_empty(struct pool *pool, struct block *block)
{
    list_add(&pool->empty, &block->node);
    pool->empty_count++;
}

static struct block *leave_empty(struct pool *pool)
{
    struct block *block = first_of(&pool->empty);

    list_remove(&block->node);
    pool->empty_count--;
    return block;
}

static bool add_block(struct pool *pool)
{
    void *memory = NULL;

    if (posix_memalign(&memory, POOL_BLOCK_BYTES, BLOCK_BYTES) != 0)
        return false;
    struct block *block = memory;
    *block = (struct block){.used = 0};
    enter_empty(pool, block);
    pool->block_count++;
    atomic_fetch_add_explicit(&all_blocks, 1, memory_order_relaxed);
    ASAN_POISON_MEMORY_REGION(block->objects, ROOM);
    return true;
}

static void remove_empty_block(struct pool *pool)
{
    struct block *block = leave_empty(pool);

    ASAN_UNPOISON_MEMORY_REGION(block->objects, ROOM);
    pool->block_count--;
    atomic_fetch_sub_explicit(&all_blocks, 1, memory_order_relaxed);
    free(block);
}

static void *take_from(const struct pool *pool, struct block *block)
{
    struct free_object *object = block->free;

    if (object == NULL) {
        object = (struct free_object *)(void *)(block->objects + block->untouched);
        block->untouched += (uint32_t)pool->object_bytes;
        ASAN_UNPOISON_MEMORY_REGION(object, pool->object_bytes);
    } else {
        ASAN_UNPOISON_MEMORY_REGION(object, pool->object_bytes);
        block->free = object->next;
    }
    block->used++;
    return object;
}

static bool is_full(const struct pool *pool, const struct block *block)
{
    return block->free == NULL && ROOM - block->untouched < pool->object_bytes;
}

void *pool_take(struct pool *pool)
{
    if (list_is_empty(&pool->blocks)) {
        if (pool->empty_count == 0 && !add_block(pool))
            return NULL;
        list_add(&pool->blocks, &leave_empty(pool)->node);
    }
    struct block *block = first_of(&pool->blocks);
    void *object = take_from(pool, block);
    if (is_full(pool, block))
        list_remove(&block->node);
    pool->in_use++;
    return object;
}

void pool_give_back(struct pool *pool, void *memory)
{
    struct block *block = (struct block *)((uintptr_t)memory & ~(uintptr_t)(POOL_BLOCK_BYTES - 1));
    struct free_object *object = memory;

    if (is_full(pool, block))
        list_add(&pool->blocks, &block->node);
    object->next = block->free;
    block->free = object;
    ASAN_POISON_MEMORY_REGION(memory, pool->object_bytes);
    pool->in_use--;
    if (--block->used > 0)
        return;
    list_remove(&block->node);
    enter_empty(pool, block);
    while (pool->empty_count > 1 && pool->empty_count > pool->block_count - pool->empty_count)
        remove_empty_block(pool);
}

void pool_fini(struct pool *pool)
{
    assert(pool->in_use == 0);
    while (pool->empty_count > 0)
        remove_empty_block(pool);
}
