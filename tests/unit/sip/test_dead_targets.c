/* What is remembered of places that did not answer, and what that does to the order of a search. */
#include "locate_world.h"

enum { FIRST_MS = 1000, MAX_MS = 5000 };

static struct sip_candidate place_of(const char *ip, uint16_t port)
{
    struct sip_candidate place = {.transport = SIP_UDP, .port = port, .host = SLICE("any")};

    assert_true(sip_ip_parse(slice_of(ip), &place.ip));
    return place;
}

static struct sip_dead_targets *new_dead(void)
{
    static struct sip_dead_targets dead;

    sip_dead_init(&dead, FIRST_MS, MAX_MS);
    return &dead;
}

static void is_avoided_for_a_while_then_probed_by_one(void **state)
{
    struct sip_dead_targets *dead = new_dead();
    struct sip_candidate a = place_of("192.0.2.1", 5060);

    (void)state;
    assert_false(sip_dead_avoid(dead, &a, 0));
    sip_dead_add(dead, &a, 0);
    assert_true(sip_dead_avoid(dead, &a, 0));
    assert_true(sip_dead_avoid(dead, &a, FIRST_MS - 1));
    assert_false(sip_dead_avoid(dead, &a, FIRST_MS));
    assert_true(sip_dead_avoid(dead, &a, FIRST_MS));
    assert_true(sip_dead_avoid(dead, &a, 2 * FIRST_MS - 1));
    assert_false(sip_dead_avoid(dead, &a, 2 * FIRST_MS)); /* nothing was heard of the probe */
}

static void a_failed_probe_doubles_the_while_up_to_a_limit(void **state)
{
    static const uint64_t pauses_ms[] = {2000, 4000, 5000, 5000};
    struct sip_dead_targets *dead = new_dead();
    struct sip_candidate a = place_of("192.0.2.1", 5060);
    uint64_t now_ms = FIRST_MS;

    (void)state;
    sip_dead_add(dead, &a, 0);
    for (size_t i = 0; i < ARRAY_LEN(pauses_ms); i++) {
        assert_false(sip_dead_avoid(dead, &a, now_ms));
        sip_dead_add(dead, &a, now_ms + 10);
        now_ms += 10 + pauses_ms[i];
        assert_true(sip_dead_avoid(dead, &a, now_ms - 1));
    }
}

static void failures_at_the_same_time_count_once(void **state)
{
    struct sip_dead_targets *dead = new_dead();
    struct sip_candidate a = place_of("192.0.2.1", 5060);

    (void)state;
    for (uint64_t i = 0; i < 100; i++)
        sip_dead_add(dead, &a, i);
    assert_false(sip_dead_avoid(dead, &a, FIRST_MS));
    for (uint64_t i = 0; i < 100; i++) /* the probe, and who had nothing better to try */
        sip_dead_add(dead, &a, FIRST_MS + i);
    assert_true(sip_dead_avoid(dead, &a, 3 * FIRST_MS - 1));
    assert_false(sip_dead_avoid(dead, &a, 3 * FIRST_MS));
}

static void who_answers_is_forgotten(void **state)
{
    struct sip_dead_targets *dead = new_dead();
    struct sip_candidate a = place_of("192.0.2.1", 5060);
    struct sip_candidate b = place_of("192.0.2.1", 5061);

    (void)state;
    sip_dead_add(dead, &a, 0);
    sip_dead_add(dead, &b, 0);
    sip_dead_remove(dead, &a);
    assert_false(sip_dead_avoid(dead, &a, 1));
    assert_true(sip_dead_avoid(dead, &b, 1)); /* another port is another place */
    sip_dead_remove(dead, &a);
    assert_int_equal(dead->count, 1);
}

static void another_transport_is_another_place(void **state)
{
    struct sip_dead_targets *dead = new_dead();
    struct sip_candidate a = place_of("192.0.2.1", 5060);

    (void)state;
    sip_dead_add(dead, &a, 0);
    a.transport = SIP_TCP;
    assert_false(sip_dead_avoid(dead, &a, 1));
}

static void a_full_table_forgets_who_would_be_probed_soonest(void **state)
{
    struct sip_dead_targets *dead = new_dead();
    struct sip_candidate place = place_of("192.0.2.1", 1);

    (void)state;
    for (uint16_t i = 0; i < SIP_DEAD_MAX; i++) {
        place.port = (uint16_t)(i + 1);
        sip_dead_add(dead, &place, i == 7 ? 0 : 100);
    }
    place.port = 9999;
    sip_dead_add(dead, &place, 200);
    assert_int_equal(dead->count, SIP_DEAD_MAX);
    assert_true(sip_dead_avoid(dead, &place, 300));
    place.port = 8;
    assert_false(sip_dead_avoid(dead, &place, 300));
    place.port = 9;
    assert_true(sip_dead_avoid(dead, &place, 300));
}

static const char two_servers[] = "_sip._udp.example.com. SRV 1 0 5060 a.example.com.\n"
                                  "_sip._udp.example.com. SRV 2 0 5060 b.example.com.\n"
                                  "a.example.com. A 192.0.2.1\na.example.com. A 192.0.2.2\n"
                                  "b.example.com. A 192.0.2.3\n";

static struct slice found_with(struct sip_dead_targets *dead, uint64_t now_ms)
{
    struct sip_locate_client client = world_client("UDP");
    struct world *world = world_of(two_servers);

    world->dead = dead;
    world->now_ms = now_ms;
    return world_locate(world, "sip:example.com", &client);
}

static void the_dead_come_last_and_not_never(void **state)
{
    struct sip_dead_targets *dead = new_dead();
    struct sip_candidate a1 = place_of("192.0.2.1", 5060), a2 = place_of("192.0.2.2", 5060);
    struct sip_candidate b = place_of("192.0.2.3", 5060);

    (void)state;
    sip_dead_add(dead, &a1, 0);
    CHECK_SLICE(found_with(dead, 1),
                "UDP 192.0.2.2:5060 a.example.com, UDP 192.0.2.3:5060 b.example.com, "
                "UDP 192.0.2.1:5060 a.example.com, no more");
    sip_dead_add(dead, &a2, 0);
    CHECK_SLICE(found_with(dead, 1),
                "UDP 192.0.2.3:5060 b.example.com, UDP 192.0.2.1:5060 a.example.com, "
                "UDP 192.0.2.2:5060 a.example.com, no more");
    sip_dead_add(dead, &b, 0);
    CHECK_SLICE(found_with(dead, 1),
                "UDP 192.0.2.1:5060 a.example.com, UDP 192.0.2.2:5060 a.example.com, "
                "UDP 192.0.2.3:5060 b.example.com, no more");
}

static void a_probe_takes_its_usual_place(void **state)
{
    struct sip_dead_targets *dead = new_dead();
    struct sip_candidate a1 = place_of("192.0.2.1", 5060);

    (void)state;
    sip_dead_add(dead, &a1, 0);
    CHECK_SLICE(found_with(dead, FIRST_MS),
                "UDP 192.0.2.1:5060 a.example.com, UDP 192.0.2.2:5060 a.example.com, "
                "UDP 192.0.2.3:5060 b.example.com, no more");
    CHECK_SLICE(found_with(dead, FIRST_MS),
                "UDP 192.0.2.2:5060 a.example.com, UDP 192.0.2.3:5060 b.example.com, "
                "UDP 192.0.2.1:5060 a.example.com, no more");
}

CHECK_MAIN(CHECK_TEST(is_avoided_for_a_while_then_probed_by_one),
           CHECK_TEST(a_failed_probe_doubles_the_while_up_to_a_limit),
           CHECK_TEST(failures_at_the_same_time_count_once), CHECK_TEST(who_answers_is_forgotten),
           CHECK_TEST(another_transport_is_another_place),
           CHECK_TEST(a_full_table_forgets_who_would_be_probed_soonest),
           CHECK_TEST(the_dead_come_last_and_not_never), CHECK_TEST(a_probe_takes_its_usual_place))
