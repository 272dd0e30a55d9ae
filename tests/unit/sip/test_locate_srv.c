/*
 * The order of SRV targets: RFC 2782. Of a draw with probability p in n searches, what is seen is
 * within five standard deviations; the seeds are fixed, so it is the same at every run.
 */
#include "locate_world.h"

#include <stdio.h>

enum { SEARCHES = 5000, MAX_SERVERS = 4 };

/* How often each of a.example.com, b.example.com ... came first, and last. */
struct tally {
    size_t first[MAX_SERVERS];
    size_t last[MAX_SERVERS];
};

static struct tally tally_of(const char *srv_records)
{
    static const char addresses[] = "a.example.com. A 192.0.2.1\nb.example.com. A 192.0.2.2\n"
                                    "c.example.com. A 192.0.2.3\nd.example.com. A 192.0.2.4\n";
    struct sip_locate_client client = world_client("UDP");
    struct tally tally = {0};
    char zone[2048];

    (void)snprintf(zone, sizeof(zone), "%s%s", srv_records, addresses);
    for (uint64_t seed = 0; seed < SEARCHES; seed++) {
        struct world *world = world_of(zone);
        struct sip_candidate candidate = {0};
        struct sip_locate l;
        bool is_first = true;
        world->random = seed * 0x1000001 + 7;
        world_start(world, &l, "sip:example.com;transport=udp", &client);
        while (world_next(world, &l, &candidate) == SIP_LOCATED) {
            tally.first[candidate.host.ptr[0] - 'a'] += is_first;
            is_first = false;
        }
        tally.last[candidate.host.ptr[0] - 'a']++;
    }
    return tally;
}

static void check_share(size_t seen, double p, const char *label)
{
    double off = (double)seen - SEARCHES * p;
    bool is_near = off * off <= 25 * SEARCHES * p * (1 - p);

    if (!is_near)
        print_error("%s: %zu times, where %.0f was expected\n", label, seen, SEARCHES * p);
    CHECK_CASE(is_near, label);
}

#define UDP "_sip._udp.example.com. SRV "

static void weights_are_shares(void **state)
{
    struct tally tally = tally_of(UDP "0 1 1 a.example.com.\n" UDP "0 3 1 b.example.com.\n");

    (void)state;
    check_share(tally.first[0], 0.25, "1 of 4");
    check_share(tally.first[1], 0.75, "3 of 4");
    tally = tally_of(UDP "0 3 1 a.example.com.\n" UDP "0 1 1 b.example.com.\n");
    check_share(tally.first[0], 0.75, "in whichever order the records are");
}

static void equal_weights_are_equal_shares(void **state)
{
    struct tally tally = tally_of(UDP "5 1 1 a.example.com.\n" UDP "5 1 1 b.example.com.\n" UDP
                                      "5 1 1 c.example.com.\n" UDP "5 1 1 d.example.com.\n");

    (void)state;
    for (size_t i = 0; i < MAX_SERVERS; i++) {
        check_share(tally.first[i], 0.25, "first");
        check_share(tally.last[i], 0.25, "last");
    }
}

/* The second is drawn from those that are left: 1/2 * 1/4 + 1/4 * 1/3 ... */
static void those_left_are_drawn_by_their_weights_too(void **state)
{
    struct tally tally = tally_of(UDP "0 1 1 a.example.com.\n" UDP "0 2 1 b.example.com.\n" UDP
                                      "0 5 1 c.example.com.\n");

    (void)state;
    check_share(tally.first[0], 1 / 8., "weight 1 first");
    check_share(tally.first[1], 2 / 8., "weight 2 first");
    check_share(tally.first[2], 5 / 8., "weight 5 first");
    check_share(tally.last[0], 2 / 8. * 5 / 6 + 5 / 8. * 2 / 3, "weight 1 last");
    check_share(tally.last[1], 1 / 8. * 5 / 7 + 5 / 8. * 1 / 3, "weight 2 last");
    check_share(tally.last[2], 1 / 8. * 2 / 7 + 2 / 8. * 1 / 6, "weight 5 last");
}

/* "a very small chance of being selected": one number of those from 0 to the sum */
static void weight_zero_has_a_small_chance(void **state)
{
    struct tally tally = tally_of(UDP "0 49 1 a.example.com.\n" UDP "0 0 1 b.example.com.\n" UDP
                                      "0 50 1 c.example.com.\n" UDP "0 0 1 d.example.com.\n");

    (void)state;
    check_share(tally.first[0], 49 / 100., "weight 49");
    check_share(tally.first[2], 50 / 100., "weight 50");
    check_share(tally.first[1], 1 / 200., "weight 0");
    check_share(tally.first[3], 1 / 200., "the other one of weight 0");
}

static void without_weights_all_are_equal(void **state)
{
    struct tally tally = tally_of(UDP "0 0 1 a.example.com.\n" UDP "0 0 1 b.example.com.\n" UDP
                                      "0 0 1 c.example.com.\n");

    (void)state;
    for (size_t i = 0; i < 3; i++)
        check_share(tally.first[i], 1 / 3., "a third each");
}

static void the_greatest_weights_do_not_overflow(void **state)
{
    struct tally tally =
        tally_of(UDP "0 65535 1 a.example.com.\n" UDP "0 65535 1 b.example.com.\n" UDP
                     "0 65535 1 c.example.com.\n" UDP "0 0 1 d.example.com.\n");

    (void)state;
    for (size_t i = 0; i < 3; i++)
        check_share(tally.first[i], 1 / 3., "a third each");
    assert_true(tally.first[3] <= 3);
}

/* RFC 2782, the fictional example: however heavy, a later priority is a later choice. */
static void priorities_come_before_weights(void **state)
{
    struct tally tally = tally_of(UDP "1 65535 9 c.example.com.\n" UDP "0 1 9 a.example.com.\n" UDP
                                      "65535 0 9 d.example.com.\n" UDP "0 3 9 b.example.com.\n");

    (void)state;
    assert_int_equal(tally.first[0] + tally.first[1], SEARCHES);
    check_share(tally.first[1], 0.75, "three quarters for the faster one");
    assert_int_equal(tally.last[3], SEARCHES);
}

/* A resolver may turn them at every answer: RFC 3263 4.4. */
static void one_seed_gives_one_order_whatever_the_order_of_the_records(void **state)
{
    static const char addresses[] = "a.example.com. A 192.0.2.1\nb.example.com. A 192.0.2.2\n";
    static const char *const records[] = {
        UDP "1 1 5 b.example.com.\n" UDP "1 2 7 a.example.com.\n" UDP "1 3 6 a.example.com.\n",
        UDP "1 3 6 A.example.com.\n" UDP "1 2 7 a.example.com.\n" UDP "1 1 5 b.example.com.\n"};
    struct sip_locate_client client = world_client("UDP");

    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        uint16_t ports[2][3];
        for (size_t turn = 0; turn < 2; turn++) {
            char zone[512];
            (void)snprintf(zone, sizeof(zone), "%s%s", records[turn], addresses);
            struct world *world = world_of(zone);
            struct sip_candidate candidate;
            struct sip_locate l;
            world->random = seed;
            world_start(world, &l, "sip:example.com;transport=udp", &client);
            for (size_t i = 0; i < 3; i++) {
                assert_int_equal(world_next(world, &l, &candidate), SIP_LOCATED);
                ports[turn][i] = candidate.port;
            }
        }
        assert_memory_equal(ports[0], ports[1], sizeof(ports[0]));
    }
}

static void one_seed_gives_one_order(void **state)
{
    const char *zone = UDP "0 1 1 a.example.com.\n" UDP "0 1 2 a.example.com.\n" UDP
                           "0 1 3 a.example.com.\na.example.com. A 192.0.2.1\n";
    struct sip_locate_client client = world_client("UDP");
    char first[256];

    (void)state;
    struct slice found = world_locate(world_of(zone), "sip:example.com", &client);
    (void)snprintf(first, sizeof(first), "%.*s", SLICE_ARGS(found));
    CHECK_SLICE(world_locate(world_of(zone), "sip:example.com", &client), first);
}

CHECK_MAIN(CHECK_TEST(weights_are_shares), CHECK_TEST(equal_weights_are_equal_shares),
           CHECK_TEST(those_left_are_drawn_by_their_weights_too),
           CHECK_TEST(weight_zero_has_a_small_chance), CHECK_TEST(without_weights_all_are_equal),
           CHECK_TEST(the_greatest_weights_do_not_overflow),
           CHECK_TEST(priorities_come_before_weights), CHECK_TEST(one_seed_gives_one_order),
           CHECK_TEST(one_seed_gives_one_order_whatever_the_order_of_the_records))
