/*
 * A mailbox: any thread puts mail in, one thread takes it out, nobody holds a lock. The owner is
 * woken only if it sleeps, through the function that it handed over.
 */
#ifndef TCHIN_BASE_MAILBOX_H
#define TCHIN_BASE_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Inside the object that is sent; whoever sends it gives it away. */
struct mail {
    struct mail *next;
    void (*deliver)(struct mail *mail, void *owner); /* runs in the owner's thread */
};

/* Mail that one thread gathers, to be sent all at once. Zeroed: empty. */
struct mailbag {
    struct mail *newest;
    struct mail *oldest;
};

struct mailbox {
    _Atomic(struct mail *) newest;
    atomic_bool asleep;
    struct mail *waiting; /* the owner's: taken out, to be delivered before what is in `newest` */
    void (*wake)(void *waker);
    void *waker;
    void *owner; /* what `deliver` is given */
};

void mailbox_init(struct mailbox *box, void *owner, void (*wake)(void *waker), void *waker);

/* Any thread. The mail belongs to the owner of the box from here on. */
void mailbox_send(struct mailbox *box, struct mail *mail);

/* Who gathers. The mail belongs to the bag from here on, and to nobody who could deliver it. */
void mailbag_add(struct mailbag *bag, struct mail *mail);

/* Any thread: as mailbox_send for each in its order, with one wake-up at most. Empties the bag. */
void mailbox_send_all(struct mailbox *box, struct mailbag *bag);

/*
 * The owner, before it goes to sleep. False: there is mail, it must not sleep. After true, the
 * next mailbox_send wakes it.
 */
bool mailbox_may_sleep(struct mailbox *box);

/* The owner: delivers what is there, in the order it was sent. False: there was nothing. */
bool mailbox_deliver(struct mailbox *box);

/* The same, but no more than `max`; what is left keeps the owner from going to sleep. */
bool mailbox_deliver_some(struct mailbox *box, size_t max);

/* The owner: whether there is nothing to deliver at this moment. */
bool mailbox_is_empty(const struct mailbox *box);

#endif
