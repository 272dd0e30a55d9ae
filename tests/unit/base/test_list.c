/* Lists keep their order and forgive removing what is in none. */
#include "check.h"

#include "base/list.h"

struct item {
    struct list_node node;
    int number;
};

static int take(struct list_node *head)
{
    struct list_node *node = list_take_first(head);

    return node == NULL ? -1 : CONTAINER_OF(node, struct item, node)->number;
}

static void gives_back_in_the_order_of_adding(void **state)
{
    struct list_node head;
    struct item items[3];

    (void)state;
    list_init(&head);
    assert_true(list_is_empty(&head));
    for (int i = 0; i < 3; i++) {
        items[i].number = i;
        list_add(&head, &items[i].node);
    }
    assert_false(list_is_empty(&head));
    for (int i = 0; i < 3; i++)
        assert_int_equal(take(&head), i);
    assert_int_equal(take(&head), -1);
}

static void removes_from_anywhere(void **state)
{
    struct list_node head;
    struct item items[4];

    (void)state;
    for (int removed = 0; removed < 4; removed++) {
        list_init(&head);
        for (int i = 0; i < 4; i++) {
            items[i].number = i;
            list_add(&head, &items[i].node);
        }
        list_remove(&items[removed].node);
        list_remove(&items[removed].node); /* harmless */
        for (int i = 0; i < 4; i++) {
            if (i != removed)
                assert_int_equal(take(&head), i);
        }
        assert_true(list_is_empty(&head));
    }
}

static void moves_all_to_the_end_of_another(void **state)
{
    struct list_node from, to;
    struct item items[4];

    (void)state;
    for (int moved = 0; moved <= 4; moved++) {
        list_init(&from);
        list_init(&to);
        for (int i = 0; i < 4; i++) {
            items[i].number = i;
            list_add(i < 4 - moved ? &to : &from, &items[i].node);
        }
        list_move_all(&from, &to);
        assert_true(list_is_empty(&from));
        for (int i = 0; i < 4; i++)
            assert_int_equal(take(&to), i);
        assert_true(list_is_empty(&to));
    }
}

CHECK_MAIN(CHECK_TEST(gives_back_in_the_order_of_adding), CHECK_TEST(removes_from_anywhere),
           CHECK_TEST(moves_all_to_the_end_of_another))
