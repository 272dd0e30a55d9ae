/*
 * Parcels have one size for what is usual and are allocated larger for what is not. One that was
 * delivered goes back to its home, by a mailbox that wakes nobody: so its home knows how much of
 * its own is under way, and a worker that cannot keep up is not buried.
 *
 * Those of a turn travel together, both ways: the workers touch each other's memory and wake each
 * other once a turn, not once a message.
 */
#include "server/parcel.h"

#include <stdlib.h>

#include "base/mailbox.h"
#include "server/intake.h"

enum {
    USUAL_BYTES = 2048,
    MAX_SPARE = 1024,
    MAX_RECEIVED = 16 << 20, /* bytes under way from one worker, at which it sends on no more */
    MAX_BYTES = 32 << 20,    /* the rest is for what leaves, which must not wait for what comes */
};

struct parcel {
    struct mail mail;
    struct worker *home;
    struct parcel *next; /* among the spare ones */
    struct hop hop;
    size_t size;
    size_t len;
    char bytes[];
};

void parcel_init(struct worker *w)
{
    mailbox_init(&w->returned, w, NULL, NULL); /* it is never slept on */
}

static void take_in(struct mail *mail, void *owner)
{
    struct parcel *parcel = CONTAINER_OF(mail, struct parcel, mail);
    struct worker *w = owner;

    w->parcel_bytes -= sizeof(*parcel) + parcel->size;
    if (parcel->size != USUAL_BYTES || w->spare_count == MAX_SPARE) {
        free(parcel);
        return;
    }
    parcel->next = w->spare;
    w->spare = parcel;
    w->spare_count++;
}

void parcel_collect(struct worker *w)
{
    (void)mailbox_deliver(&w->returned);
}

static struct parcel *take_spare(struct worker *w)
{
    struct parcel *parcel = w->spare;

    if (parcel != NULL) {
        w->spare = parcel->next;
        w->spare_count--;
    }
    return parcel;
}

/* NULL: no memory, or too much is under way. */
static struct parcel *take(struct worker *w, size_t len, size_t max_bytes)
{
    size_t size = len > USUAL_BYTES ? len : USUAL_BYTES;
    size_t bytes = sizeof(struct parcel) + size;

    if (w->spare == NULL || w->parcel_bytes + bytes > max_bytes)
        parcel_collect(w);
    if (w->parcel_bytes + bytes > max_bytes)
        return NULL;
    struct parcel *parcel = size == USUAL_BYTES ? take_spare(w) : NULL;
    if (parcel == NULL)
        parcel = malloc(bytes);
    if (parcel == NULL)
        return NULL;
    parcel->home = w;
    parcel->size = size;
    w->parcel_bytes += bytes;
    return parcel;
}

static void give_back(struct worker *w, struct parcel *parcel)
{
    parcel->mail.deliver = take_in;
    mailbag_add(&w->bags[parcel->home->index].returned, &parcel->mail);
}

static void deliver_received(struct mail *mail, void *owner)
{
    struct parcel *parcel = CONTAINER_OF(mail, struct parcel, mail);
    struct worker *w = owner;

    if (!w->is_over)
        intake_mailed(w, &parcel->hop, (struct slice){parcel->bytes, parcel->len});
    give_back(w, parcel);
}

static void deliver_outgoing(struct mail *mail, void *owner)
{
    struct parcel *parcel = CONTAINER_OF(mail, struct parcel, mail);
    struct worker *w = owner;

    if (!w->is_over)
        transport_send(w->transport, &parcel->hop, (struct slice){parcel->bytes, parcel->len});
    give_back(w, parcel);
}

static void deliver_unreachable(struct mail *mail, void *owner)
{
    struct parcel *parcel = CONTAINER_OF(mail, struct parcel, mail);
    struct worker *w = owner;

    if (!w->is_over)
        intake_mailed_unreachable(w, (struct slice){parcel->bytes, parcel->len});
    give_back(w, parcel);
}

static bool send_parcel(struct worker *from, struct worker *to, const struct hop *hop,
                        struct slice bytes, size_t max_bytes,
                        void (*deliver)(struct mail *, void *))
{
    struct parcel *parcel = take(from, bytes.len, max_bytes);

    if (parcel == NULL) {
        from->counters.lost_parcels++;
        return false;
    }
    parcel->hop = *hop;
    parcel->len = bytes.len;
    memcpy(parcel->bytes, bytes.ptr, bytes.len);
    parcel->mail.deliver = deliver;
    mailbag_add(&from->bags[to->index].sent, &parcel->mail);
    return true;
}

bool parcel_send_received(struct worker *from, struct worker *to, const struct hop *hop,
                          struct slice bytes)
{
    return send_parcel(from, to, hop, bytes, MAX_RECEIVED, deliver_received);
}

void parcel_send_outgoing(struct worker *from, struct worker *to, const struct hop *hop,
                          struct slice bytes)
{
    (void)send_parcel(from, to, hop, bytes, MAX_BYTES, deliver_outgoing);
}

void parcel_send_unreachable(struct worker *from, struct worker *to, const struct hop *hop,
                             struct slice head)
{
    (void)send_parcel(from, to, hop, head, MAX_RECEIVED, deliver_unreachable);
}

void parcel_leave(struct worker *w)
{
    for (size_t i = 0; i < w->server->worker_count; i++) {
        struct worker *other = w->server->workers[i];
        mailbox_send_all(net_loop_mailbox(other->loop), &w->bags[i].sent);
        mailbox_send_all(&other->returned, &w->bags[i].returned);
    }
}

void parcel_free_all(struct worker *w)
{
    struct parcel *parcel;

    parcel_collect(w);
    while ((parcel = take_spare(w)) != NULL)
        free(parcel);
}
