/* A stack that is emptied as a whole and turned round: a push is one compare-and-swap. */
#include "base/mailbox.h"

#include <stddef.h>

void mailbox_init(struct mailbox *box, void *owner, void (*wake)(void *waker), void *waker)
{
    atomic_init(&box->newest, NULL);
    atomic_init(&box->asleep, false);
    box->wake = wake;
    box->waker = waker;
    box->owner = owner;
}

/*
 * The sender writes `newest` and then reads `asleep`, the owner writes `asleep` and then reads
 * `newest`, all sequentially consistent: one of the two sees what the other wrote.
 */
void mailbox_send(struct mailbox *box, struct mail *mail)
{
    mail->next = atomic_load_explicit(&box->newest, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&box->newest, &mail->next, mail))
        ;
    if (atomic_load(&box->asleep) && atomic_exchange(&box->asleep, false))
        box->wake(box->waker);
}

bool mailbox_may_sleep(struct mailbox *box)
{
    atomic_store(&box->asleep, true);
    if (atomic_load(&box->newest) == NULL)
        return true;
    atomic_store(&box->asleep, false);
    return false;
}

bool mailbox_deliver(struct mailbox *box)
{
    struct mail *newest = atomic_exchange(&box->newest, NULL);
    struct mail *oldest = NULL;

    atomic_store_explicit(&box->asleep, false, memory_order_relaxed);
    if (newest == NULL)
        return false;
    while (newest != NULL) {
        struct mail *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        struct mail *next = oldest->next; /* delivering may free it, or send it on */
        oldest->deliver(oldest, box->owner);
        oldest = next;
    }
    return true;
}
