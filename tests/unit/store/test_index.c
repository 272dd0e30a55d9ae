/* The index: what is over is forgotten shard by shard. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "store/index.h"

static void end_index(void *index)
{
    index_fini(index);
    free(index);
}

static struct index *make_index(void)
{
    static const struct hash_key key = {1, 2};
    struct index *index = malloc(sizeof(*index));

    CHECK_MADE(index);
    *index = (struct index){0};
    index_init(index, &key);
    check_later(end_index, index);
    return index;
}

static void put(struct index *index, const char *aor, uint64_t expires_at_ms)
{
    struct binding binding = {.contact = SLICE("sip:a"), .expires_at_ms = expires_at_ms};
    struct binding_list list = {&binding, expires_at_ms > 0 ? 1 : 0};
    uint64_t hash = shards_hash(&index->shards, slice_of(aor));
    struct record *record = NULL;

    CHECK_MADE(index_make_ready(index, hash) ? index : NULL);
    CHECK_MADE(record_new(slice_of(aor), &list, &record) == ERR_NONE ? record : NULL);
    index_put(index, record, hash);
}

static bool has(struct index *index, const char *aor)
{
    return index_find(index, slice_of(aor), shards_hash(&index->shards, slice_of(aor))) != NULL;
}

static void a_record_takes_the_place_of_the_one_before(void **state)
{
    struct index *index = make_index();

    (void)state;
    put(index, "alice", 10);
    put(index, "alice", 20);
    put(index, "bob", 10);
    assert_int_equal(index->aor_count, 2);
    put(index, "alice", 0);
    assert_false(has(index, "alice"));
    assert_true(has(index, "bob"));
    assert_int_equal(index->aor_count, 1);
    assert_int_equal(atomic_load(&index->binding_count), 1);
}

static void a_pass_over_all_shards_forgets_what_is_over(void **state)
{
    enum { AORS = 3000 };
    struct index *index = make_index();

    (void)state;
    for (int i = 0; i < AORS; i++) {
        char aor[32];
        (void)snprintf(aor, sizeof(aor), "user%d", i);
        put(index, aor, i % 3 == 0 ? 100 : 50);
    }
    index_sweep(index, 50);
    assert_in_range(index->aor_count, AORS / 3 + 1, AORS - 1);
    for (int i = 1; i < SHARD_COUNT; i++)
        index_sweep(index, 50);
    assert_int_equal(index->aor_count, AORS / 3);
    assert_int_equal(atomic_load(&index->binding_count), AORS / 3);
    assert_true(has(index, "user0"));
    assert_false(has(index, "user1"));
}

CHECK_MAIN(CHECK_TEST(a_record_takes_the_place_of_the_one_before),
           CHECK_TEST(a_pass_over_all_shards_forgets_what_is_over))
