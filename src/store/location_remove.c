/* Like a REGISTER with "Contact: *" whose Call-ID nobody else has had. */
#include "store/location_remove.h"

#include <semaphore.h>
#include <sys/random.h>

struct removal {
    struct answer answer;
    struct mailbox box;
    sem_t is_answered;
};

static void wake(void *waker)
{
    sem_post(waker);
}

static void deliver(struct mail *mail, void *owner)
{
    (void)mail, (void)owner;
}

enum err location_remove_all(struct store *store, struct slice aor, uint64_t now_ms)
{
    unsigned char number[16];
    char text[2 * sizeof(number)];
    struct buffer call_id = buffer_over(text, sizeof(text));
    struct location_changes changes = {.aor = aor, .removes_all = true, .cseq = 1};
    struct removal removal = {
        .answer = {.mail.deliver = deliver, .asker = &removal.box}
    };

    if (getrandom(number, sizeof(number), 0) != sizeof(number))
        return ERR_IO;
    buffer_add_hex(&call_id, number, sizeof(number));
    changes.call_id = buffer_slice(&call_id);
    sem_init(&removal.is_answered, 0, 0);
    mailbox_init(&removal.box, NULL, wake, &removal.is_answered);
    /* It sleeps before it asks: so whoever answers wakes it, and with that has done with the box.
     */
    (void)mailbox_may_sleep(&removal.box);
    location_update(store, &changes, now_ms, &removal.answer);
    while (sem_wait(&removal.is_answered) != 0)
        ; /* a signal came */
    (void)mailbox_deliver(&removal.box);
    sem_destroy(&removal.is_answered);
    return removal.answer.err;
}
