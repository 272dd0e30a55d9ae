#include <stdlib.h>

#include "check.h"
#include "transport/outbox.h"

static void free_box(void *box)
{
    outbox_fini(box);
    free(box);
}

static struct outbox *new_box(void)
{
    struct outbox *box = calloc(1, sizeof(*box));

    CHECK_MADE(box);
    check_later(free_box, box);
    return box;
}

static void add(struct outbox *box, struct slice message)
{
    bool added = outbox_add(box, message);

    CHECK_MADE(added ? box : NULL);
}

static void messages_are_joined_and_counted_as_they_leave(void **state)
{
    struct outbox *box = new_box();

    (void)state;
    add(box, SLICE("one,"));
    add(box, SLICE("two,"));
    add(box, SLICE("three"));
    CHECK_SLICE(outbox_unwritten(box), "one,two,three");
    assert_int_equal(outbox_wrote(box, 5), 1);
    CHECK_SLICE(outbox_unwritten(box), "wo,three");
    assert_int_equal(outbox_wrote(box, 8), 2);
    assert_int_equal(outbox_unwritten(box).len, 0);
}

static void what_is_half_written_is_named_whole(void **state)
{
    struct outbox *box = new_box();
    struct slice message;

    (void)state;
    add(box, SLICE("one,"));
    add(box, SLICE("two,"));
    add(box, SLICE("three"));
    (void)outbox_wrote(box, 5);
    assert_true(outbox_take(box, &message));
    CHECK_SLICE(message, "two,");
    assert_true(outbox_take(box, &message));
    CHECK_SLICE(message, "three");
    assert_false(outbox_take(box, &message));
}

static void it_does_not_grow_while_it_is_never_empty(void **state)
{
    struct outbox *box = new_box();
    struct slice message;

    (void)state;
    add(box, SLICE("0123456789"));
    for (int i = 0; i < 10000; i++) {
        add(box, SLICE("0123456789"));
        assert_int_equal(outbox_wrote(box, 10), 1);
    }
    assert_true(box->size <= 4096);
    assert_true(box->end_size <= 512);
    CHECK_SLICE(outbox_unwritten(box), "0123456789");
    assert_true(outbox_take(box, &message));
    CHECK_SLICE(message, "0123456789");
}

static void a_large_one_gives_its_memory_back(void **state)
{
    static char large[100000];
    struct outbox *box = new_box();

    (void)state;
    add(box, (struct slice){large, sizeof(large)});
    assert_int_equal(outbox_wrote(box, sizeof(large)), 1);
    assert_int_equal(box->size, 0);
}

CHECK_MAIN(CHECK_TEST(messages_are_joined_and_counted_as_they_leave),
           CHECK_TEST(what_is_half_written_is_named_whole),
           CHECK_TEST(it_does_not_grow_while_it_is_never_empty),
           CHECK_TEST(a_large_one_gives_its_memory_back))
