/*
 * Sending in batches, and of a batch what is alike as one: a run of datagrams of one size to one
 * peer takes the way through the system once, and is cut at its end (udp(7), "UDP_SEGMENT"). Where
 * they are cut on this host, an ICMP error speaks of the first of them alone; the others are heard
 * of when they are repeated.
 *
 * The trouble is errors: with IP_RECVERR, an ICMP error about one datagram is
 * returned by the next call for another, which then has not been sent, and an error of the
 * destination itself looks the same. A datagram's own error is the one that comes back when it is
 * tried again with nothing left in the error queue.
 */
#include "net/udp_outbox.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>

#include "net/pktinfo.h"

enum {
    MAX_TRIES = 16,         /* of one datagram, while errors about others pour in */
    MAX_SEGMENTS = 64,      /* the system's limit */
    MAX_SEGMENT_LEN = 1232, /* a segment is never fragmented: the least IPv6 MTU less its headers */
};

/* Runs of datagrams: most are of one. */
struct batch {
    size_t count;
    struct mmsghdr headers[UDP_BATCH];
    struct iovec iovecs[UDP_BATCH];
    struct sockaddr_storage names[UDP_BATCH];
    union control_room controls[UDP_BATCH];
    size_t run_lens[UDP_BATCH];
};

static void fail_first(struct udp_outbox *box, int error);

/* Older systems ignore what they do not know beside a datagram: they are asked. */
static bool can_segment(int fd)
{
    int value = 0;
    socklen_t len = sizeof(value);

    return getsockopt(fd, SOL_UDP, UDP_SEGMENT, &value, &len) == 0;
}

bool udp_outbox_init(struct udp_outbox *box, int fd, udp_undelivered *undelivered, void *owner)
{
    *box = (struct udp_outbox){
        .fd = fd, .undelivered = undelivered, .owner = owner, .segments = can_segment(fd)};
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

static bool may_follow(const struct udp_outbox_entry *first, const struct udp_outbox_entry *next)
{
    return next->len == first->len && net_addr_equal(&next->to, &first->to)
           && net_addr_equal(&next->local, &first->local);
}

/* Of the waiting ones from `first` on, so many can leave as one: their bytes follow each other. */
static size_t count_run(const struct udp_outbox *box, size_t first)
{
    const struct udp_outbox_entry *entry = &box->entries[first];
    size_t max = box->count - first;
    size_t count = 1;

    if (!box->segments || entry->len == 0 || entry->len > MAX_SEGMENT_LEN)
        return 1;
    if (max > MAX_SEGMENTS)
        max = MAX_SEGMENTS;
    if (max > UDP_MAX_DATAGRAM / entry->len)
        max = UDP_MAX_DATAGRAM / entry->len;
    while (count < max && may_follow(entry, &entry[count]))
        count++;
    return count;
}

static void add_run(const struct udp_outbox *box, size_t first, size_t len, struct batch *batch)
{
    const struct udp_outbox_entry *entry = &box->entries[first];
    size_t i = batch->count++;
    struct msghdr *msg = &batch->headers[i].msg_hdr;
    uint16_t segment_len = (uint16_t)entry->len;

    batch->run_lens[i] = len;
    batch->iovecs[i] = (struct iovec){box->bytes + entry->at, entry->len * len};
    *msg = (struct msghdr){.msg_iov = &batch->iovecs[i], .msg_iovlen = 1};
    msg->msg_name = &batch->names[i];
    msg->msg_namelen = net_addr_to_sockaddr(&entry->to, &batch->names[i]);
    if (entry->local.family != 0)
        pktinfo_write(msg, &batch->controls[i], &entry->local);
    if (len > 1)
        control_add(msg, &batch->controls[i], SOL_UDP, UDP_SEGMENT, &segment_len,
                    sizeof(segment_len));
}

static void gather(const struct udp_outbox *box, struct batch *batch)
{
    size_t first = box->first;

    batch->count = 0;
    while (first < box->count && batch->count < UDP_BATCH) {
        size_t len = count_run(box, first);
        add_run(box, first, len, batch);
        first += len;
    }
}

/* Returns how many have left; 0: errno says why the first run has not, which is told in `run`. */
static size_t send_batch(const struct udp_outbox *box, size_t *run)
{
    struct batch batch;
    size_t count = 0;

    gather(box, &batch);
    *run = batch.run_lens[0];
    int sent = sendmmsg(box->fd, batch.headers, (unsigned)batch.count, MSG_NOSIGNAL);
    for (int i = 0; i < sent; i++)
        count += batch.run_lens[i];
    return count;
}

/* A device without checksums, a path narrower than the least MTU: then one by one, from now on. */
static bool refuses_segments(size_t run, int error)
{
    return run > 1 && (error == EIO || error == EINVAL || error == EMSGSIZE);
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
        size_t run;
        size_t sent = send_batch(box, &run);
        int error = errno;
        if (sent > 0) {
            box->first += sent;
            box->sent += sent;
        } else if (error == EAGAIN) {
            box->is_blocked = true;
        } else if (refuses_segments(run, error)) {
            box->segments = false;
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
