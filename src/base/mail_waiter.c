/* Who sends wakes by a semaphore; one time too often does no harm. */
#include "base/mail_waiter.h"

static void wake(void *waker)
{
    (void)sem_post(waker);
}

void mail_waiter_init(struct mail_waiter *waiter, void *owner)
{
    (void)sem_init(&waiter->has_come, 0, 0);
    mailbox_init(&waiter->mailbox, owner, wake, &waiter->has_come);
}

void mail_waiter_fini(struct mail_waiter *waiter)
{
    (void)sem_destroy(&waiter->has_come);
}

void mail_waiter_wait(struct mail_waiter *waiter)
{
    do {
        if (mailbox_may_sleep(&waiter->mailbox))
            (void)sem_wait(&waiter->has_come);
    } while (!mailbox_deliver(&waiter->mailbox));
}
