/* Like a REGISTER with "Contact: *" whose Call-ID nobody else has had. */
#include "store/location_remove.h"

#include <semaphore.h>
#include <stdlib.h>
#include <sys/random.h>

struct removal {
    struct location_update update;
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

static void ask(struct store *store, struct removal *removal)
{
    struct mailbag alone = {0};

    sem_init(&removal->is_answered, 0, 0);
    mailbox_init(&removal->box, NULL, wake, &removal->is_answered);
    /* It sleeps before it asks: so whoever answers wakes it, and with that has done with the box.
     */
    (void)mailbox_may_sleep(&removal->box);
    location_gather(store, &removal->update, &alone);
    (void)location_send(store, &alone);
    while (sem_wait(&removal->is_answered) != 0)
        ; /* a signal came */
    (void)mailbox_deliver(&removal->box);
    sem_destroy(&removal->is_answered);
}

enum err location_remove_all(struct store *store, struct slice aor, uint64_t now_ms)
{
    unsigned char number[16];
    char text[2 * sizeof(number)];
    struct buffer call_id = buffer_over(text, sizeof(text));
    struct location_changes changes = {.aor = aor, .removes_all = true, .cseq = 1};
    struct removal removal;

    if (getrandom(number, sizeof(number), 0) != sizeof(number))
        return ERR_IO;
    buffer_add_hex(&call_id, number, sizeof(number));
    changes.call_id = buffer_slice(&call_id);
    size_t bytes = location_update_bytes(&changes);
    char *memory = bytes > 0 ? malloc(bytes) : NULL;
    if (memory == NULL)
        return bytes > 0 ? ERR_MEMORY : ERR_NONE; /* too long a name has no bindings */
    location_update_init(&removal.update, &changes, now_ms, memory, bytes);
    removal.update.answer = (struct answer){.mail.deliver = deliver, .asker = &removal.box};
    ask(store, &removal);
    enum err err = removal.update.answer.err;
    location_update_fini(&removal.update);
    free(memory);
    return err;
}
