/*
 * Sending in batches. The trouble is errors: with IP_RECVERR, an ICMP error about one datagram is
 * returned by the next call for another, which then has not been sent, and an error of the
 * destination itself looks the same. A datagram's own error is the one that comes back when it is
 * tried again with nothing left in the error queue.
 */
#include "net/udp_outbox.h"

#include <errno.h>
#include <stdlib.h>

#include "net/pktinfo.h"

enum { MAX_TRIES = 16 }; /* of one datagram, while errors about others pour in */

struct batch {
    struct mmsghdr headers[UDP_BATCH];
    struct iovec iovecs[UDP_BATCH];
    struct sockaddr_storage names[UDP_BATCH];
    union pktinfo_control controls[UDP_BATCH];
};

static void fail_first(struct udp_outbox *box, int error);

bool udp_outbox_init(struct udp_outbox *box, int fd, udp_undelivered *undelivered, void *owner)
{
    *box = (struct udp_outbox){.fd = fd, .undelivered = undelivered, .owner = owner};
    box->entries = malloc(UDP_OUTBOX_MAX * sizeof(*box->entries));
    box->bytes = malloc(UDP_OUTBOX_BYTES);
    if (box->entries != NULL && box->bytes != NULL)
        return true;
    udp_outbox_fini(box);
    return false;
}

void udp_outbox_fini(struct udp_outbox *box)
{
    free(box->entries);
    free(box->bytes);
    box->entries = NULL;
    box->bytes = NULL;
}

bool udp_outbox_add(struct udp_outbox *box, const struct net_addr *local, const struct net_addr *to,
                    struct slice bytes)
{
    if (box->count == UDP_OUTBOX_MAX || bytes.len > UDP_OUTBOX_BYTES - box->used)
        return false;
    box->entries[box->count++] = (struct udp_outbox_entry){
        .to = *to, .local = *local, .at = (uint32_t)box->used, .len = (uint32_t)bytes.len};
    memcpy(box->bytes + box->used, bytes.ptr, bytes.len);
    box->used += bytes.len;
    return true;
}

size_t udp_outbox_waiting(const struct udp_outbox *box)
{
    return box->count - box->first;
}

static void prepare_one(const struct udp_outbox *box, size_t i, struct batch *batch)
{
    const struct udp_outbox_entry *entry = &box->entries[box->first + i];
    struct msghdr *msg = &batch->headers[i].msg_hdr;

    batch->iovecs[i] = (struct iovec){box->bytes + entry->at, entry->len};
    *msg = (struct msghdr){.msg_iov = &batch->iovecs[i], .msg_iovlen = 1};
    msg->msg_name = &batch->names[i];
    msg->msg_namelen = net_addr_to_sockaddr(&entry->to, &batch->names[i]);
    if (entry->local.family != 0)
        pktinfo_write(msg, &batch->controls[i], &entry->local);
}

/* Returns how many have left; 0: errno says why the first one has not. */
static size_t send_batch(const struct udp_outbox *box)
{
    struct batch batch;
    size_t count = udp_outbox_waiting(box);

    if (count > UDP_BATCH)
        count = UDP_BATCH;
    for (size_t i = 0; i < count; i++)
        prepare_one(box, i, &batch);
    int sent = sendmmsg(box->fd, batch.headers, (unsigned)count, MSG_NOSIGNAL);
    return sent > 0 ? (size_t)sent : 0;
}

static void forget_what_has_left(struct udp_outbox *box)
{
    if (box->first < box->count)
        return;
    box->first = 0;
    box->count = 0;
    box->used = 0;
}

void udp_outbox_leave(struct udp_outbox *box)
{
    int tries = 0;
    bool may_be_of_another = true;

    box->is_blocked = false;
    while (udp_outbox_waiting(box) > 0 && !box->is_blocked) {
        size_t sent = send_batch(box);
        int error = errno;
        if (sent > 0) {
            box->first += sent;
            box->sent += sent;
        } else if (error == EAGAIN) {
            box->is_blocked = true;
        } else if (++tries < MAX_TRIES
                   && (udp_error_take(box->fd, box->undelivered, box->owner) > 0
                       || may_be_of_another)) {
            may_be_of_another = false;
            continue;
        } else {
            fail_first(box, error);
        }
        tries = 0;
        may_be_of_another = true;
    }
    forget_what_has_left(box);
}

/*
 * An address of ours that is gone is no reason not to send: the system chooses another then. It
 * says ENETUNREACH of IPv4, and EINVAL of IPv6.
 */
static bool let_system_choose(struct udp_outbox_entry *entry, int error)
{
    if ((error != ENETUNREACH && error != EINVAL) || entry->local.family == 0)
        return false;
    entry->local.family = 0;
    return true;
}

static void fail_first(struct udp_outbox *box, int error)
{
    struct udp_outbox_entry *entry = &box->entries[box->first];

    if (let_system_choose(entry, error))
        return;
    box->first++;
    if (udp_error_is_about_peer(error))
        box->undelivered(box->owner, &entry->to, error,
                         (struct slice){box->bytes + entry->at, entry->len});
    else
        box->lost++;
}
