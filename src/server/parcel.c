/*
 * Parcels have one size for what is usual and are allocated larger for what is not. One that was
 * delivered goes back to its home on a stack without locks, which its home empties as a whole: so
 * it knows how much of its own is under way, and a worker that cannot keep up is not buried.
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
    struct parcel *next; /* among the returned or spare ones */
    struct hop hop;
    size_t size;
    size_t len;
    char bytes[];
};

static void take_in(struct worker *w, struct parcel *parcel)
{
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
    struct parcel *parcel = NULL;

    if (atomic_load_explicit(&w->returned, memory_order_relaxed) != NULL)
        parcel = atomic_exchange(&w->returned, NULL);
    while (parcel != NULL) {
        struct parcel *next = parcel->next;
        take_in(w, parcel);
        parcel = next;
    }
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

static void give_back(struct parcel *parcel)
{
    struct worker *home = parcel->home;

    parcel->next = atomic_load_explicit(&home->returned, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&home->returned, &parcel->next, parcel))
        ;
}

static void deliver_received(struct mail *mail, void *owner)
{
    struct parcel *parcel = CONTAINER_OF(mail, struct parcel, mail);
    struct worker *w = owner;

    if (!w->is_over)
        intake_mailed(w, &parcel->hop, (struct slice){parcel->bytes, parcel->len});
    give_back(parcel);
}

static void deliver_outgoing(struct mail *mail, void *owner)
{
    struct parcel *parcel = CONTAINER_OF(mail, struct parcel, mail);
    struct worker *w = owner;

    if (!w->is_over)
        transport_send(w->transport, &parcel->hop, (struct slice){parcel->bytes, parcel->len});
    give_back(parcel);
}

static void deliver_unreachable(struct mail *mail, void *owner)
{
    struct parcel *parcel = CONTAINER_OF(mail, struct parcel, mail);
    struct worker *w = owner;

    if (!w->is_over)
        intake_mailed_unreachable(w, (struct slice){parcel->bytes, parcel->len});
    give_back(parcel);
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
    mailbox_send(net_loop_mailbox(to->loop), &parcel->mail);
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

void parcel_free_all(struct worker *w)
{
    struct parcel *parcel;

    parcel_collect(w);
    while ((parcel = take_spare(w)) != NULL)
        free(parcel);
}
