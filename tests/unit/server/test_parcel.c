/* Parcels between two workers that have nothing but a mailbox: how many may be under way. */
#include "check.h"

#include <stdlib.h>

#include "server/parcel.h"

enum { LARGE = 60000, MANY = 100000 };

struct pair {
    struct server server;
    struct worker sender;
    struct worker owner;
};

static const struct hop hop = {.protocol = HOP_UDP};

static void turn_begins(void *host, uint64_t now_ms)
{
    (void)host;
    (void)now_ms;
}

static uint64_t turn_ends(void *host, uint64_t now_ms)
{
    (void)host;
    (void)now_ms;
    return TIMER_NEVER;
}

/* A turn of the sender, then one of the owner. Workers that are over only give parcels back. */
static void deliver(struct pair *pair)
{
    parcel_leave(&pair->sender);
    (void)mailbox_deliver(net_loop_mailbox(pair->owner.loop));
    parcel_leave(&pair->owner);
}

static void free_pair(void *memory)
{
    struct pair *pair = memory;
    struct worker *workers[] = {&pair->sender, &pair->owner};

    if (pair->server.worker_count == ARRAY_LEN(workers))
        deliver(pair);
    for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
        parcel_free_all(workers[i]);
        net_loop_free(workers[i]->loop);
    }
    free(pair);
}

static void add_worker(struct server *server, struct worker *w)
{
    static const struct net_loop_host host = {turn_begins, turn_ends};

    *w =
        (struct worker){.server = server, .index = (uint16_t)server->worker_count, .is_over = true};
    parcel_init(w);
    w->loop = net_loop_new(&host, w);
    CHECK_MADE(w->loop);
    server->workers[server->worker_count++] = w;
}

static struct pair *new_pair(void)
{
    struct pair *pair = calloc(1, sizeof(*pair));

    CHECK_MADE(pair);
    check_later(free_pair, pair);
    add_worker(&pair->server, &pair->sender);
    add_worker(&pair->server, &pair->owner);
    return pair;
}

/* How many of that size the sender gets rid of, of so many. */
static size_t send_some(struct pair *pair, size_t len, size_t max)
{
    static const char bytes[60000];
    size_t count = 0;

    while (count < max
           && parcel_send_received(&pair->sender, &pair->owner, &hop, (struct slice){bytes, len}))
        count++;
    return count;
}

static void a_worker_that_does_not_take_its_mail_is_sent_no_more(void **state)
{
    struct pair *pair = new_pair();

    (void)state;
    size_t count = send_some(pair, LARGE, MANY);
    assert_in_range(count, 200, 300);
    assert_true(pair->sender.counters.lost_parcels == 1);
    assert_in_range(send_some(pair, 500, MANY), 0, 30); /* what a large one left */
    deliver(pair);
    assert_int_equal(send_some(pair, LARGE, MANY), count);
}

static void what_leaves_has_room_where_what_comes_has_none(void **state)
{
    struct pair *pair = new_pair();

    (void)state;
    (void)send_some(pair, LARGE, MANY);
    uint64_t lost = pair->sender.counters.lost_parcels;
    for (int i = 0; i < 100; i++)
        parcel_send_outgoing(&pair->sender, &pair->owner, &hop, SLICE("SIP/2.0 200 OK\r\n\r\n"));
    assert_true(pair->sender.counters.lost_parcels == lost);
}

static void what_was_given_back_is_counted_and_most_of_it_freed(void **state)
{
    struct pair *pair = new_pair();

    (void)state;
    assert_int_equal(send_some(pair, 500, 1100), 1100);
    deliver(pair);
    assert_true(pair->sender.parcel_bytes > 0);
    parcel_collect(&pair->sender);
    assert_true(pair->sender.parcel_bytes == 0);
    assert_in_range(pair->sender.spare_count, 1, 1099);
}

static void parcels_of_a_turn_stay_at_home_until_it_ends(void **state)
{
    struct pair *pair = new_pair();
    struct mailbox *box = net_loop_mailbox(pair->owner.loop);

    (void)state;
    assert_int_equal(send_some(pair, 500, 10), 10);
    assert_false(mailbox_deliver(box));
    parcel_leave(&pair->sender);
    assert_true(mailbox_deliver(box));
    parcel_collect(&pair->sender);
    assert_true(pair->sender.parcel_bytes > 0); /* the owner's turn has not ended yet */
    parcel_leave(&pair->owner);
    parcel_collect(&pair->sender);
    assert_true(pair->sender.parcel_bytes == 0);
}

CHECK_MAIN(CHECK_TEST(a_worker_that_does_not_take_its_mail_is_sent_no_more),
           CHECK_TEST(what_leaves_has_room_where_what_comes_has_none),
           CHECK_TEST(parcels_of_a_turn_stay_at_home_until_it_ends),
           CHECK_TEST(what_was_given_back_is_counted_and_most_of_it_freed))
