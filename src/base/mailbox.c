/* A stack that is emptied as a whole and turned round: a push is one compare-and-swap. */
#include "base/mailbox.h"

#include <stdint.h>

void mailbox_init(struct mailbox *box, void *owner, void (*wake)(void *waker), void *waker)
{
    atomic_init(&box->newest, NULL);
    atomic_init(&box->asleep, false);
    box->waiting = NULL;
    box->wake = wake;
    box->waker = waker;
    box->owner = owner;
}

/*
 * The sender writes `newest` and then reads `asleep`, the owner writes `asleep` and then reads
 * `newest`, all sequentially consistent: one of the two sees what the other wrote.
 */
static void push(struct mailbox *box, struct mail *newest, struct mail *oldest)
{
    oldest->next = atomic_load_explicit(&box->newest, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&box->newest, &oldest->next, newest))
        ;
    if (atomic_load(&box->asleep) && atomic_exchange(&box->asleep, false))
        box->wake(box->waker);
}

void mailbox_send(struct mailbox *box, struct mail *mail)
{
    push(box, mail, mail);
}

void mailbag_add(struct mailbag *bag, struct mail *mail)
{
    if (bag->newest == NULL)
        bag->oldest = mail;
    mail->next = bag->newest;
    bag->newest = mail;
}

void mailbox_send_all(struct mailbox *box, struct mailbag *bag)
{
    struct mailbag full = *bag;

    *bag = (struct mailbag){0}; /* first: it may be part of what is sent, or of its owner's */
    if (full.newest != NULL)
        push(box, full.newest, full.oldest);
}

bool mailbox_is_empty(const struct mailbox *box)
{
    return box->waiting == NULL && atomic_load(&box->newest) == NULL;
}

bool mailbox_may_sleep(struct mailbox *box)
{
    atomic_store(&box->asleep, true);
    if (mailbox_is_empty(box))
        return true;
    atomic_store(&box->asleep, false);
    return false;
}

/* What has been sent so far, oldest first. */
static struct mail *take(struct mailbox *box)
{
    struct mail *newest = atomic_exchange(&box->newest, NULL);
    struct mail *oldest = NULL;

    atomic_store_explicit(&box->asleep, false, memory_order_relaxed);
    while (newest != NULL) {
        struct mail *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

bool mailbox_deliver_some(struct mailbox *box, size_t max)
{
    struct mail *mail = box->waiting != NULL ? box->waiting : take(box);
    bool is_any = mail != NULL;

    for (; mail != NULL && max > 0; max--) {
        struct mail *next = mail->next; /* delivering may free it, or send it on */
        mail->deliver(mail, box->owner);
        mail = next;
    }
    box->waiting = mail;
    return is_any;
}

bool mailbox_deliver(struct mailbox *box)
{
    return mailbox_deliver_some(box, SIZE_MAX);
}
