/* DNS answers are hostile: loops, oversize, wrong types, failures, and answers that nobody wants.
 */
#include "locate_world.h"

#include <stdio.h>

enum { MAX_ZONE = 1 << 18 };

static char *zone_memory(void)
{
    static char zone[MAX_ZONE];

    zone[0] = '\0';
    return zone;
}

static void nothing_goes_in_circles(void **state)
{
    static const struct {
        const char *zone;
        const char *found;
        size_t max_questions;
    } cases[] = {
        {"example.com. NAPTR 1 1 \"s\" \"SIP+D2U\" \"\" example.com.\n",                              "no more",                                   3},
        {"example.com. NAPTR 1 1 \"\" \"SIP+D2U\" \"\" example.com.\n",                               "no more",                                   3},
        {"_sip._udp.example.com. SRV 0 0 5060 _sip._udp.example.com.\n",                              "no more",                                   3},
        {"_sip._udp.example.com. SRV 0 0 5060 example.com.\n"
         "example.com. A 192.0.2.1\n",                                                       "UDP 192.0.2.1:5060 example.com, no more",   3},
        {"_sip._udp.example.com. SRV 0 0 5060 _sip._udp.example.com.\n"
         "_sip._udp.example.com. SRV 1 0 5060 a.example.com.\na.example.com. A 192.0.2.1\n", "UDP 192.0.2.1:5060 a.example.com, no more", 4},
        {"example.com. CNAME example.com.\n",                                                         "later",                                     1},
        {"_sip._udp.example.com. SRV 0 0 5060 a.example.com.\n"
         "a.example.com. CNAME b.example.com.\nb.example.com. CNAME a.example.com.\n",       "later",                                     3},
    };
    struct sip_locate_client client = world_client("UDP");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world *world = world_of(cases[i].zone);
        CHECK_SLICE(world_locate(world, "sip:example.com", &client), cases[i].found);
        CHECK_CASE(world->question_count <= cases[i].max_questions, cases[i].zone);
    }
}

/* The resolver has gone on to what they stand for; the names stay as they were asked for. */
static void aliases_are_followed(void **state)
{
    struct world *world = world_of("example.com. CNAME example.net.\n"
                                   "example.net. NAPTR 1 1 \"s\" \"SIP+D2U\" \"\" x.example.net.\n"
                                   "x.example.net. CNAME y.example.net.\n"
                                   "y.example.net. SRV 0 0 5070 z.example.net.\n"
                                   "z.example.net. CNAME host.example.net.\n"
                                   "host.example.net. A 192.0.2.1\n");
    struct sip_locate_client client = world_client("UDP");

    (void)state;
    CHECK_SLICE(world_locate(world, "sip:example.com", &client),
                "UDP 192.0.2.1:5070 z.example.net, no more");
}

static void failures_of_some_targets_leave_the_others(void **state)
{
    static const struct {
        const char *zone;
        const char *found;
    } cases[] = {
        {"a.example.com. FAIL A\nb.example.com. A 192.0.2.2\n",
         "UDP 192.0.2.2:5060 b.example.com, later"                                                         },
        {"b.example.com. A 192.0.2.2\n",                        "UDP 192.0.2.2:5060 b.example.com, no more"},
        {"a.example.com. FAIL A\n",                             "later"                                    },
        {"",                                                    "no more"                                  },
        {"example.com. A 192.0.2.9\n",                          "no more"                                  }, /* SRV records there are: they are the word */
    };
    struct sip_locate_client client = world_client("UDP");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char zone[1024];
        (void)snprintf(zone, sizeof(zone),
                       "_sip._udp.example.com. SRV 1 0 5060 a.example.com.\n"
                       "_sip._udp.example.com. SRV 2 0 5060 b.example.com.\n%s",
                       cases[i].zone);
        CHECK_SLICE(world_locate(world_of(zone), "sip:example.com", &client), cases[i].found);
    }
}

static void records_that_lead_nowhere_are_not_used(void **state)
{
    static const struct {
        const char *srv;
        const char *found;
        const char *label;
    } cases[] = {
        {"0 0 0 a.example.com.",    "no more",                                   "port 0"                 },
        {"0 0 0 .",                 "no more",                                   "no such service"        },
        {"0 0 5060 .",              "no more",                                   "whatever the port"      },
        {"0 0 5060 m.example.com.", "no more",                                   "a group address"        },
        {"0 0 5060 w.example.com.", "no more",                                   "the unspecified address"},
        {"0 0 5060 x.example.com.", "UDP 192.0.2.4:5060 x.example.com, no more", "IPv4-mapped"            },
        {"0 0 5060 a.example.com.", "UDP 192.0.2.1:5060 a.example.com, no more", "a good one"             },
    };
    struct sip_locate_client client = world_client("UDP");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char zone[1024];
        (void)snprintf(zone, sizeof(zone),
                       "_sip._udp.example.com. SRV %s\na.example.com. A 192.0.2.1\n"
                       "m.example.com. A 239.1.1.1\nm.example.com. AAAA ff02::1\n"
                       "m.example.com. A 255.255.255.255\n"
                       "w.example.com. A 0.0.0.0\nw.example.com. AAAA ::\n"
                       "x.example.com. AAAA ::ffff:192.0.2.4\n"
                       "x.example.com. AAAA ::ffff:224.0.0.1\nexample.com. A 192.0.2.9\n",
                       cases[i].srv);
        struct slice found = world_locate(world_of(zone), "sip:example.com", &client);
        CHECK_CASE(slice_equal(found, slice_of(cases[i].found)), cases[i].label);
    }
}

/* "Precisely one SRV RR, and its Target is '.'": beside others it is noise. */
static void a_dot_beside_a_target_is_noise(void **state)
{
    struct world *world = world_of("_sip._udp.example.com. SRV 0 0 5060 .\n"
                                   "_sip._udp.example.com. SRV 0 0 5060 a.example.com.\n"
                                   "a.example.com. A 192.0.2.1\n");
    struct sip_locate_client client = world_client("UDP");

    (void)state;
    CHECK_SLICE(world_locate(world, "sip:example.com", &client),
                "UDP 192.0.2.1:5060 a.example.com, no more");
}

/* --- oversize --------------------------------------------------------------------------------- */

static size_t count_candidates(struct world *world, const char *uri)
{
    struct sip_locate_client client = world_client("TLS TCP UDP WS WSS");
    struct sip_candidate candidate;
    struct sip_locate l;
    size_t count = 0;

    world_start(world, &l, uri, &client);
    while (world_next(world, &l, &candidate) == SIP_LOCATED) {
        count++;
        assert_true(count <= SIP_LOCATE_MAX_CANDIDATES);
    }
    return count;
}

static void a_thousand_targets_are_not_all_tried(void **state)
{
    char *zone = zone_memory();
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        len += (size_t)snprintf(zone + len, MAX_ZONE - len,
                                "_sip._udp.example.com. SRV 1 %d 5060 h%d.example.com.\n"
                                "h%d.example.com. A 10.0.%d.%d\n",
                                i, i, i, i / 250, i % 250);
    struct world *world = world_of(zone);
    assert_int_equal(count_candidates(world, "sip:example.com;transport=udp"),
                     SIP_LOCATE_MAX_TARGETS);
    assert_int_equal(world->question_count, 1 + SIP_LOCATE_MAX_TARGETS);
}

/* Those of the lowest priority numbers stay, wherever in the list they were. */
static void the_best_of_too_many_targets_are_kept(void **state)
{
    struct sip_locate_client client = world_client("UDP");
    struct sip_candidate candidate;
    struct sip_locate l;
    char *zone = zone_memory();
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 40; i++)
        len += (size_t)snprintf(zone + len, MAX_ZONE - len,
                                "_sip._udp.example.com. SRV %d 1 5060 h%d.example.com.\n"
                                "h%d.example.com. A 10.0.0.%d\n",
                                100 - i, i, i, i + 1);
    struct world *world = world_of(zone);
    world_start(world, &l, "sip:example.com", &client);
    for (int i = 39; i >= 40 - SIP_LOCATE_MAX_TARGETS; i--) {
        assert_int_equal(world_next(world, &l, &candidate), SIP_LOCATED);
        assert_int_equal(candidate.ip.bytes[3], i + 1);
    }
    assert_int_equal(world_next(world, &l, &candidate), SIP_LOCATE_NO_MORE);
}

static void a_thousand_addresses_are_not_all_tried(void **state)
{
    char *zone = zone_memory();
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        len += (size_t)snprintf(zone + len, MAX_ZONE - len, "example.com. A 10.0.%d.%d\n", i / 250,
                                i % 250 + 1);
    assert_int_equal(count_candidates(world_of(zone), "sip:example.com:5060"),
                     SIP_LOCATE_MAX_ADDRESSES);
}

static void a_thousand_services_are_not_all_asked_for(void **state)
{
    static const char *const services[] = {"SIP+D2U", "SIP+D2T", "SIPS+D2T", "SIP+D2W", "SIPS+D2W"};
    struct sip_locate_client client = world_client("TLS TCP UDP WS WSS");
    char *zone = zone_memory();
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        len += (size_t)snprintf(zone + len, MAX_ZONE - len,
                                "example.com. NAPTR 7 %d \"s\" \"%s\" \"\" s%d.example.com.\n",
                                65535 - i, services[i % 5], i);
    struct world *world = world_of(zone);
    CHECK_SLICE(world_locate(world, "sip:example.com", &client), "no more");
    assert_true(world->question_count <= SIP_LOCATE_MAX_SERVICES + 2);
}

/* Else a domain could have us beat on the door of another. */
static void one_place_is_tried_once(void **state)
{
    char *zone = zone_memory();
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 20; i++)
        len += (size_t)snprintf(zone + len, MAX_ZONE - len,
                                "_sip._udp.example.com. SRV %d 0 5060 h%d.example.com.\n"
                                "h%d.example.com. A 192.0.2.1\nh%d.example.com. A 192.0.2.1\n"
                                "h%d.example.com. AAAA ::ffff:192.0.2.1\n",
                                i, i, i, i, i);
    assert_int_equal(count_candidates(world_of(zone), "sip:example.com"), 1);
}

/* What there is no room for is left out; the last name is the one of the best priority. */
static void names_of_full_length_fill_the_room_and_no_more(void **state)
{
    char *zone = zone_memory(), label[64];
    size_t len = 0;

    (void)state;
    memset(label, 'x', 63);
    label[63] = '\0';
    for (int i = 0; i < 100; i++)
        len +=
            (size_t)snprintf(zone + len, MAX_ZONE - len,
                             "_sip._udp.example.com. SRV 1 0 5060 h%02d.%s.%s.%s.%.50s.\n"
                             "h%02d.%s.%s.%s.%.50s. A 10.0.0.%d\n",
                             i, label, label, label, label, i, label, label, label, label, i + 1);
    size_t count = count_candidates(world_of(zone), "sip:example.com");
    assert_int_equal(count, (SIP_LOCATE_MAX_NAMES - sizeof("example.com") + 1) / (4 + 3 * 64 + 50));
}

static void a_domain_too_long_for_dns_does_not_exist(void **state)
{
    struct sip_locate_client client = world_client("UDP");
    char uri[1024], label[64];

    (void)state;
    memset(label, 'x', 63);
    label[63] = '\0';
    (void)snprintf(uri, sizeof(uri), "sip:%s.%s.%s.%s", label, label, label, label);
    struct world *world = world_of("");
    CHECK_SLICE(world_locate(world, uri, &client), "no more");
    assert_int_equal(world->question_count, 0);

    /* 253 bytes are a name, to which no "_sip._udp." can be added. */
    (void)snprintf(uri, sizeof(uri), "sip:%s.%s.%s.%.61s", label, label, label, label);
    world = world_of("");
    CHECK_SLICE(world_locate(world, uri, &client), "no more");
    assert_int_equal(world->question_count, 2);
    assert_non_null(memmem(world->asked.ptr, world->asked.len, ", addresses x", 13));
}

/* --- answers that nobody wants ---------------------------------------------------------------- */

static void add_everything(struct sip_locate *l)
{
    const struct sip_naptr naptr = {
        0, 0, SLICE("s"), SLICE("SIP+D2U"), SLICE(""), SLICE("evil.example.net")};
    const struct sip_srv srv = {0, 0, 666, SLICE("evil.example.net")};
    struct sip_ip ip;

    assert_true(sip_ip_parse(SLICE("203.0.113.66"), &ip));
    sip_locate_add_naptr(l, &naptr);
    for (int service = 0; service < 256; service++)
        sip_locate_add_srv(l, (uint8_t)service, &srv);
    sip_locate_add_address(l, &ip);
}

static void answer_everything(struct sip_locate *l)
{
    for (int answer = SIP_ANSWER_FOUND; answer <= SIP_ANSWER_FAILED; answer++) {
        for (int service = 0; service < 256; service++) {
            struct sip_question question = {.type = SIP_ASK_SRV, .service = (uint8_t)service};
            sip_locate_answered(l, &question, (enum sip_answer)answer);
            question.type = SIP_ASK_NAPTR;
            sip_locate_answered(l, &question, (enum sip_answer)answer);
            question.type = SIP_ASK_ADDRESSES;
            sip_locate_answered(l, &question, (enum sip_answer)answer);
        }
    }
}

static void the_same_service_is_asked_for_once(void **state)
{
    struct world *world =
        world_of("example.com. NAPTR 1 1 \"s\" \"SIP+D2U\" \"\" x.example.net.\n"
                 "example.com. NAPTR 1 2 \"s\" \"SIP+D2U\" \"\" X.example.net.\n"
                 "example.com. NAPTR 1 3 \"s\" \"SIP+D2U\" \"\" x.EXAMPLE.net.\n");
    struct sip_locate_client client = world_client("UDP");

    (void)state;
    (void)world_locate(world, "sip:example.com", &client);
    CHECK_SLICE(buffer_slice(&world->asked),
                "NAPTR example.com, SRV x.example.net, addresses example.com");
}

static void what_was_not_asked_changes_nothing(void **state)
{
    struct world *world = world_of("_sip._udp.example.com. SRV 0 0 5060 a.example.com.\n"
                                   "a.example.com. A 192.0.2.1\n"
                                   "evil.example.net. A 203.0.113.66\n");
    struct sip_locate_client client = world_client("UDP");
    struct sip_candidate candidate;
    struct sip_question question;
    struct sip_locate l;

    (void)state;
    world_start(world, &l, "sip:example.com", &client);
    add_everything(&l); /* before anything was asked */
    answer_everything(&l);
    while (sip_locate_next(&l, NULL, 0, &candidate) == SIP_LOCATE_WAIT) {
        assert_true(sip_locate_question(&l, &question));
        world_answer(world, &l, &question);
        add_everything(&l); /* after the answer */
        answer_everything(&l);
        world_answer(world, &l, &question); /* and the answer once more */
    }
    CHECK_SLICE(candidate.host, "a.example.com");
    add_everything(&l);
    answer_everything(&l);
    CHECK_SLICE(world_walk(world, &l), "no more");
}

CHECK_MAIN(CHECK_TEST(nothing_goes_in_circles), CHECK_TEST(aliases_are_followed),
           CHECK_TEST(failures_of_some_targets_leave_the_others),
           CHECK_TEST(records_that_lead_nowhere_are_not_used),
           CHECK_TEST(a_dot_beside_a_target_is_noise),
           CHECK_TEST(a_thousand_targets_are_not_all_tried),
           CHECK_TEST(the_best_of_too_many_targets_are_kept),
           CHECK_TEST(a_thousand_addresses_are_not_all_tried),
           CHECK_TEST(a_thousand_services_are_not_all_asked_for),
           CHECK_TEST(the_same_service_is_asked_for_once), CHECK_TEST(one_place_is_tried_once),
           CHECK_TEST(names_of_full_length_fill_the_room_and_no_more),
           CHECK_TEST(a_domain_too_long_for_dns_does_not_exist),
           CHECK_TEST(what_was_not_asked_changes_nothing))
