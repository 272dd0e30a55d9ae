/*
 * A doubly linked list through nodes inside the objects. A list head is a node that points to
 * itself when the list is empty; a node that is in no list does the same.
 */
#ifndef TCHIN_BASE_LIST_H
#define TCHIN_BASE_LIST_H

#include <stdbool.h>

struct list_node {
    struct list_node *next;
    struct list_node *prev;
};

static inline void list_init(struct list_node *node)
{
    node->next = node;
    node->prev = node;
}

static inline bool list_is_empty(const struct list_node *head)
{
    return head->next == head;
}

/* At the end of the list. */
static inline void list_add(struct list_node *head, struct list_node *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* Harmless for a node that is in no list. */
static inline void list_remove(struct list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* From one list to the end of another. */
static inline void list_move_all(struct list_node *from, struct list_node *to)
{
    if (list_is_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

/* Takes the first node out. NULL: the list is empty. */
static inline struct list_node *list_take_first(struct list_node *head)
{
    struct list_node *first = head->next;

    if (first == head)
        return (struct list_node *)0;
    list_remove(first);
    return first;
}

#endif
