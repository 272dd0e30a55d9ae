/* What is to be published: read back by who looks for servers, it leads to the same ones. */
#include "locate_world.h"

#include "sip/locate_zone.h"

static const struct sip_zone_service all_services[] = {
    {SIP_TLS, 5061},
    {SIP_TCP, 5060},
    {SIP_UDP, 5060},
    {SIP_WSS, 8443}
};

/* example.org on sip.example.org, with an address of each family */
static struct sip_zone zone_of(const struct sip_zone_service *services, size_t count)
{
    static struct sip_ip addresses[2];

    assert_true(sip_ip_parse(SLICE("2001:db8::1"), &addresses[0]));
    assert_true(sip_ip_parse(SLICE("192.0.2.1"), &addresses[1]));
    return (struct sip_zone){SLICE("example.org"),
                             SLICE("sip.example.org"),
                             services,
                             count,
                             addresses,
                             ARRAY_LEN(addresses),
                             3600};
}

static const char *written(const struct sip_zone *zone)
{
    static char memory[WORLD_TEXT];
    struct buffer out = buffer_over(memory, sizeof(memory) - 1);

    sip_zone_write(zone, &out);
    assert_false(out.overflowed);
    memory[out.len] = '\0';
    return memory;
}

static void has_a_line_for_each_record(void **state)
{
    struct sip_zone zone = zone_of(all_services, ARRAY_LEN(all_services));

    (void)state;
    assert_string_equal(
        written(&zone),
        "example.org. 3600 IN NAPTR 10 10 \"s\" \"SIPS+D2T\" \"\" _sips._tcp.example.org.\n"
        "example.org. 3600 IN NAPTR 20 20 \"s\" \"SIP+D2T\" \"\" _sip._tcp.example.org.\n"
        "example.org. 3600 IN NAPTR 20 30 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.org.\n"
        "example.org. 3600 IN NAPTR 10 40 \"s\" \"SIPS+D2W\" \"\" _sips._ws.example.org.\n"
        "_sips._tcp.example.org. 3600 IN SRV 0 0 5061 sip.example.org.\n"
        "_sip._tcp.example.org. 3600 IN SRV 0 0 5060 sip.example.org.\n"
        "_sip._udp.example.org. 3600 IN SRV 0 0 5060 sip.example.org.\n"
        "_sips._ws.example.org. 3600 IN SRV 0 0 8443 sip.example.org.\n"
        "sip.example.org. 3600 IN AAAA 2001:db8::1\n"
        "sip.example.org. 3600 IN A 192.0.2.1\n");
}

#define BOTH(transport, port)                                                                      \
    transport " [2001:db8::1]:" port " sip.example.org, " transport " 192.0.2.1:" port             \
              " sip.example.org, "

static void leads_back_to_the_server(void **state)
{
    static const struct {
        const char *uri;
        const char *transports;
        const char *found;
    } cases[] = {
        {"sip:example.org",  "UDP TCP TLS", BOTH("TLS",             "5061") "no more" },
        {"sips:example.org", "UDP TCP TLS", BOTH("TLS",             "5061") "no more" },
        {"sip:example.org",  "UDP TCP",     BOTH("TCP",             "5060") BOTH("UDP", "5060") "no more"},
        {"sip:example.org",                  "UDP",               BOTH("UDP",               "5060") "no more"        },
        {"sip:example.org;transport=udp",                  "UDP", BOTH("UDP", "5060") "no more"},
        {"sips:example.org;transport=ws",                  "WSS", BOTH("WSS", "8443") "no more"        },
        {"sip:example.org",                  "WSS",               BOTH("WSS",               "8443") "no more"},
        {"sip:sip.example.org",                  "UDP",           BOTH("UDP",           "5060") "no more"        },
    };
    struct sip_zone zone = zone_of(all_services, ARRAY_LEN(all_services));

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_locate_client client = world_client(cases[i].transports);
        CHECK_SLICE(world_locate(world_of(written(&zone)), cases[i].uri, &client), cases[i].found);
    }
}

/* RFC 2543 knew no NAPTR: RFC 3263 4.1 wants the SRV records beside them. */
static void leads_there_without_its_naptr_records(void **state)
{
    struct sip_zone zone = zone_of(all_services, ARRAY_LEN(all_services));
    struct sip_locate_client client = world_client("UDP TCP");
    const char *srvs = strstr(written(&zone), "_sips._tcp.example.org. 3600");

    (void)state;
    CHECK_SLICE(world_locate(world_of(srvs), "sip:example.org", &client),
                BOTH("UDP", "5060") BOTH("TCP", "5060") "no more");
}

static void two_ports_of_one_transport_are_two_targets(void **state)
{
    static const struct sip_zone_service services[] = {
        {SIP_UDP, 5060},
        {SIP_UDP, 5070}
    };
    struct sip_zone zone = zone_of(services, ARRAY_LEN(services));
    struct sip_locate_client client = world_client("UDP");
    struct world *world = world_of(written(&zone));

    (void)state;
    world_locate(world, "sip:example.org", &client);
    CHECK_SLICE(buffer_slice(&world->asked),
                "NAPTR example.org, SRV _sip._udp.example.org, addresses sip.example.org, "
                "addresses sip.example.org");
    assert_non_null(memmem(world->found.ptr, world->found.len, ":5060 ", 6));
    assert_non_null(memmem(world->found.ptr, world->found.len, ":5070 ", 6));
}

static void what_does_not_fit_is_noticed(void **state)
{
    struct sip_zone zone = zone_of(all_services, ARRAY_LEN(all_services));
    char memory[100];
    struct buffer out = buffer_over(memory, sizeof(memory));

    (void)state;
    sip_zone_write(&zone, &out);
    assert_true(out.overflowed);
}

CHECK_MAIN(CHECK_TEST(has_a_line_for_each_record), CHECK_TEST(leads_back_to_the_server),
           CHECK_TEST(leads_there_without_its_naptr_records),
           CHECK_TEST(two_ports_of_one_transport_are_two_targets),
           CHECK_TEST(what_does_not_fit_is_noticed))
