/*
 * No state is kept of what was tried: a response that cannot be delivered at another address than
 * its `received` has been here before. The name is any stranger's, and so is what DNS says of it:
 * nobody gets us to send inside what he is outside of.
 */
#include "server/way_back.h"

#include <stdlib.h>

#include "server/nat.h"
#include "server/next_hop.h"
#include "transport/failures.h"

enum { MAX_WAITING = 64 }; /* whoever closes his port on purpose gets no more of our time */

struct way_back {
    struct worker *w;
    struct net_addr failed;
    size_t len;
    char response[];
};

static void search_goes_on(struct locator *search);

/* False: it is not whole, or no name to look for is in it, or this is not its first failure. */
static bool may_be_sent_elsewhere(const struct sip_message *msg, const struct sip_ip *failed)
{
    const struct sip_via *via = &msg->basics.via;
    bool is_whole =
        msg->bytes.len < FAILURE_HEAD_BYTES && sip_message_header(msg, SIP_CONTENT_LENGTH) != NULL;
    struct sip_ip ip;

    return is_whole && !sip_ip_parse(via->host, &ip) && sip_ip_parse(via->received, &ip)
           && sip_ip_equal(&ip, failed);
}

static void end(struct way_back *way, struct locator *search)
{
    way->w->ways_back--;
    way->w->parked_bytes -= sizeof(*search) + way->len;
    locator_let_go(search);
    free(way);
}

static void send_to(struct way_back *way, const struct sip_candidate *place)
{
    struct hop hop;

    if (next_hop_choose(way->w, place, &way->failed, &hop) == SIP_GO_ON)
        worker_send(way->w, &hop, (struct slice){way->response, way->len});
}

static bool is_out_of_question(const struct way_back *way, const struct sip_candidate *place)
{
    enum hop_protocol protocol;
    struct net_addr addr;

    return !locator_place(place, &protocol, &addr) || net_addr_same_host(&addr, &way->failed)
           || nat_leads_inside(&way->failed, &addr);
}

static void go_on(struct locator *search)
{
    struct way_back *way = search->owner;
    struct worker *w = way->w;
    enum sip_locate_result result = SIP_LOCATE_NO_MORE;
    struct sip_candidate place;

    do {
        if (!w->is_over)
            result = locator_next(search, &w->dead_targets, w->now_ms, &place);
    } while (result == SIP_LOCATED && is_out_of_question(way, &place));
    if (result == SIP_LOCATE_WAIT)
        return;
    if (result == SIP_LOCATED)
        send_to(way, &place);
    end(way, search);
}

static void search_goes_on(struct locator *search)
{
    const struct way_back *way = search->owner;
    struct worker *w = way->w;

    go_on(search);
    arena_reset(w->arena);
}

static void start(struct worker *w, const struct sip_message *msg, const struct net_addr *failed)
{
    size_t len = msg->bytes.len;
    struct way_back *way = malloc(sizeof(*way) + len);
    struct locator *search =
        locator_new(w->server->dns, net_loop_mailbox(w->loop), way, search_goes_on);

    if (way == NULL || search == NULL) {
        locator_let_go(search);
        free(way);
        return;
    }
    *way = (struct way_back){.w = w, .failed = *failed, .len = len};
    memcpy(way->response, msg->bytes.ptr, len);
    w->ways_back++;
    w->parked_bytes += sizeof(*search) + len;
    search->on_behalf_of = next_hop_asker(w, failed);
    sip_locate_start_response(&search->machine, &msg->basics.via, &w->client,
                              hash_place(&w->server->keys.ours_alone, msg->basics.call_id));
    go_on(search);
}

void way_back_find(struct worker *w, const struct hop *to, struct slice response)
{
    const struct sip_ip failed = locator_ip(&to->remote);
    struct sip_message msg;
    struct sip_fault fault;

    if (w->ways_back < MAX_WAITING && sip_message_parse(response, &msg, &fault)
        && sip_message_check(&msg, &fault) && may_be_sent_elsewhere(&msg, &failed))
        start(w, &msg, &to->remote);
}
