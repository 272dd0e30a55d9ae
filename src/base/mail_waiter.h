/* A mailbox for a thread that has nothing else to do than to wait for its mail. */
#ifndef TCHIN_BASE_MAIL_WAITER_H
#define TCHIN_BASE_MAIL_WAITER_H

#include <semaphore.h>

#include "base/mailbox.h"

struct mail_waiter {
    struct mailbox mailbox; /* its mail is delivered to `owner` */
    sem_t has_come;
};

void mail_waiter_init(struct mail_waiter *waiter, void *owner);
void mail_waiter_fini(struct mail_waiter *waiter);

/* Sleeps until there is mail, and delivers what there is. */
void mail_waiter_wait(struct mail_waiter *waiter);

#endif
