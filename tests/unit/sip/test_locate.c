/* Finding servers, rule by rule: RFC 3263 4.1, 4.2 and 5, RFC 7984. */
#include "locate_world.h"

#define SRV_FOR_ALL                                                                                \
    "_sips._tcp.example.com. IN SRV 0 0 5061 s.example.com.\n"                                     \
    "_sip._tcp.example.com. IN SRV 0 0 5062 t.example.com.\n"                                      \
    "_sip._udp.example.com. IN SRV 0 0 5063 u.example.com.\n"                                      \
    "s.example.com. IN A 192.0.2.1\n"                                                              \
    "t.example.com. IN A 192.0.2.2\n"                                                              \
    "u.example.com. IN A 192.0.2.3\n"                                                              \
    "example.com. IN A 192.0.2.9\n"

#define NAPTR_FOR_ALL                                                                              \
    "example.com. IN NAPTR 50 50 \"s\" \"SIPS+D2T\" \"\" _sips._tcp.example.com.\n"                \
    "example.com. IN NAPTR 90 50 \"s\" \"SIP+D2T\" \"\" _sip._tcp.example.com.\n"                  \
    "example.com. IN NAPTR 100 50 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.com.\n"

struct search {
    const char *uri;
    const char *transports;
    const char *zone;
    const char *asked;
    const char *found;
    const char *label;
};

static void check_text(struct slice text, const char *expected, const char *label)
{
    if (!slice_equal(text, slice_of(expected)))
        print_error("%s: \"%.*s\" is not \"%s\"\n", label, SLICE_ARGS(text), expected);
    CHECK_CASE(slice_equal(text, slice_of(expected)), label);
}

static void check_search(const struct search *search)
{
    struct sip_locate_client client = world_client(search->transports);
    struct world *world = world_of(search->zone);

    check_text(world_locate(world, search->uri, &client), search->found, search->label);
    check_text(buffer_slice(&world->asked), search->asked, search->label);
}

#define CHECK_SEARCHES(searches)                                                                   \
    for (size_t i = 0; i < ARRAY_LEN(searches); i++)                                               \
    check_search(&(searches)[i])

static void a_literal_asks_nothing(void **state)
{
    static const struct search searches[] = {
        {"sip:192.0.2.7",                         "TLS TCP UDP", "", "", "UDP 192.0.2.7:5060, no more",     "sip: UDP"            },
        {"sips:192.0.2.7",                        "TLS TCP UDP", "", "", "TLS 192.0.2.7:5061, no more",     "sips: TLS"           },
        {"sip:192.0.2.7:5070",                    "TCP UDP",     "", "", "UDP 192.0.2.7:5070, no more",     "its port"            },
        {"sip:192.0.2.7;transport=tcp",           "UDP TCP",     "", "", "TCP 192.0.2.7:5060, no more",
         "its transport"                                                                                                          },
        {"sip:[2001:db8::7]:5070",                "UDP",         "", "", "UDP [2001:db8::7]:5070, no more", "IPv6"                },
        {"sip:[::ffff:192.0.2.7]",                "UDP",         "", "", "UDP 192.0.2.7:5060, no more",     "IPv4-mapped"         },
        {"sip:a@example.com;maddr=192.0.2.8",     "UDP",         "", "", "UDP 192.0.2.8:5060, no more",
         "maddr is the target"                                                                                                    },
        {"sip:a@example.com;maddr=[2001:db8::8]", "UDP",         "", "", "UDP [2001:db8::8]:5060, no more",
         "in brackets"                                                                                                            },
        {"sip:192.0.2.7;transport=ws",            "WS",          "", "", "WS 192.0.2.7:80, no more",        "WebSocket"           },
        {"sips:192.0.2.7;transport=ws",           "WSS",         "", "", "WSS 192.0.2.7:443, no more",      "secure"              },
        {"sip:224.0.1.75",                        "UDP",         "", "", "no more",                         "a group is no server"},
        {"sip:0.0.0.0",                           "UDP",         "", "", "no more",                         "nor is nobody"       },
        {"sip:[ff02::1]",                         "UDP",         "", "", "no more",                         "nor a group of IPv6" },
        {"sip:255.255.255.255",                   "UDP",         "", "", "no more",                         "nor everybody"       },
    };

    (void)state;
    CHECK_SEARCHES(searches);
}

static void the_transport_follows_the_uri(void **state)
{
    static const struct search searches[] = {
        {"sip:192.0.2.7;transport=tls",  "UDP TLS",    "", "", "TLS 192.0.2.7:5061, no more",
         "deprecated, and in use"                                                                                          },
        {"sips:192.0.2.7;transport=tcp", "TCP TLS",    "", "", "TLS 192.0.2.7:5061, no more",
         "sips is TLS over it"                                                                                             },
        {"sips:192.0.2.7;transport=TLS", "TCP TLS",    "", "", "TLS 192.0.2.7:5061, no more",
         "whatever its case"                                                                                               },
        {"sips:192.0.2.7;transport=udp", "UDP TLS",    "", "", "cannot",                      "sips over UDP is nothing"   },
        {"sips:192.0.2.7",               "UDP TCP WS", "", "", "cannot",                      "we have nothing secure"     },
        {"sips:192.0.2.7",               "WS WSS",     "", "", "WSS 192.0.2.7:443, no more",  "but this"                   },
        {"sip:192.0.2.7;transport=tcp",  "UDP",        "", "", "cannot",                      "we do not speak TCP"        },
        {"sip:192.0.2.7;transport=sctp", "UDP TCP",    "", "", "cannot",                      "nor SCTP"                   },
        {"sip:192.0.2.7",                "TCP TLS",    "", "", "TCP 192.0.2.7:5060, no more",
         "without UDP, what we prefer"                                                                                     },
        {"tel:+15551234",                "UDP",        "", "", "cannot",                      "no host in it"              },
        {"sip:192.0.2.7",                "",           "", "", "cannot",                      "we have no transport at all"},
    };

    (void)state;
    CHECK_SEARCHES(searches);
}

static void a_port_leads_to_addresses_alone(void **state)
{
    static const struct search searches[] = {
        {"sip:example.com:5060",               "TLS TCP UDP", NAPTR_FOR_ALL SRV_FOR_ALL, "addresses example.com",
         "UDP 192.0.2.9:5060 example.com, no more",                                                                                                          "even the default one"           },
        {"sips:example.com:5061",              "TLS TCP UDP", NAPTR_FOR_ALL SRV_FOR_ALL, "addresses example.com",
         "TLS 192.0.2.9:5061 example.com, no more",                                                                                                          "sips"                           },
        {"sip:example.com:7000;transport=tcp", "TCP UDP",     NAPTR_FOR_ALL SRV_FOR_ALL,
         "addresses example.com",                                                                                 "TCP 192.0.2.9:7000 example.com, no more", "and a transport"                },
        {"sip:example.com:5060",               "UDP",         "example.com. FAIL A\n",   "addresses example.com", "later",
         "failure is no absence"                                                                                                                                                              },
        {"sip:example.com:5060",               "UDP",         "",                        "addresses example.com", "no more",                                 "absence is"                     },
        {"sip:example.com.:5060",              "UDP",         SRV_FOR_ALL,               "addresses example.com",
         "UDP 192.0.2.9:5060 example.com, no more",                                                                                                          "the dot at the end is not asked"},
    };

    (void)state;
    CHECK_SEARCHES(searches);
}

static void a_transport_leads_to_its_srv_records(void **state)
{
    static const struct search searches[] = {
        {"sip:example.com;transport=tcp",  "TLS TCP UDP", NAPTR_FOR_ALL SRV_FOR_ALL,
         "SRV _sip._tcp.example.com, addresses t.example.com",                                                       "TCP 192.0.2.2:5062 t.example.com, no more", "no NAPTR"                     },
        {"sips:example.com;transport=tcp", "TLS TCP UDP", NAPTR_FOR_ALL SRV_FOR_ALL,
         "SRV _sips._tcp.example.com, addresses s.example.com",                                                      "TLS 192.0.2.1:5061 s.example.com, no more", "sips"                         },
        {"sip:example.com;transport=tls",  "TLS TCP UDP", NAPTR_FOR_ALL SRV_FOR_ALL,
         "SRV _sips._tcp.example.com, addresses s.example.com",                                                      "TLS 192.0.2.1:5061 s.example.com, no more", "tls"                          },
        {"sip:example.com;transport=tcp",  "TCP UDP",     "example.com. A 192.0.2.9\n",
         "SRV _sip._tcp.example.com, addresses example.com",                                                         "TCP 192.0.2.9:5060 example.com, no more",   "without SRV, the domain's own"},
        {"sip:example.com;transport=ws",   "WS",          "example.com. A 192.0.2.9\n",
         "SRV _sip._ws.example.com, addresses example.com",                                                          "WS 192.0.2.9:80 example.com, no more",
         "RFC 7118 5.5"                                                                                                                                                                          },
        {"sip:example.com;transport=tcp",  "TCP",
         "_sip._tcp.example.com. FAIL SRV\nexample.com. A 192.0.2.9\n",                 "SRV _sip._tcp.example.com",
         "later",                                                                                                                                                 "failure is no absence"        },
        {"sip:example.com;transport=udp",  "UDP",
         "_sip._udp.example.com. SRV 0 0 0 .\nexample.com. A 192.0.2.9\n",              "SRV _sip._udp.example.com", "no more",                                   "decidedly not available"      },
    };

    (void)state;
    CHECK_SEARCHES(searches);
}

static void naptr_tells_the_transport(void **state)
{
    static const struct search searches[] = {
        {"sip:example.com",  "UDP TCP TLS", NAPTR_FOR_ALL SRV_FOR_ALL,
         "NAPTR example.com, SRV _sips._tcp.example.com, addresses s.example.com",                                                                                       "TLS 192.0.2.1:5061 s.example.com, no more",                                   "their order, not ours"              },
        {"sip:example.com",  "UDP TCP",     NAPTR_FOR_ALL SRV_FOR_ALL,
         "NAPTR example.com, SRV _sip._tcp.example.com, addresses t.example.com",                                                                                        "TCP 192.0.2.2:5062 t.example.com, no more",                                   "what we do not speak is passed over"},
        {"sips:example.com", "UDP TCP TLS",
         "example.com. NAPTR 1 1 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.com.\n" NAPTR_FOR_ALL
             SRV_FOR_ALL,                                                                      "NAPTR example.com, SRV _sips._tcp.example.com, addresses s.example.com",
         "TLS 192.0.2.1:5061 s.example.com, no more",                                                                                                                                                                                                   "for sips, only SIPS"                },
        {"sip:example.com",  "UDP TCP",
         "example.com. NAPTR 1 20 \"s\" \"SIP+D2U\" \"\" u.example.net.\n"
         "example.com. NAPTR 1 10 \"S\" \"sip+d2t\" \"\" t.example.net.\n"
         "t.example.net. SRV 0 0 5060 a.example.net.\n"
         "u.example.net. SRV 0 0 5070 a.example.net.\n"
         "a.example.net. A 192.0.2.1\n",                                                       "NAPTR example.com, SRV t.example.net, SRV u.example.net, addresses a.example.net, "
         "addresses a.example.net",                                                                                              "TCP 192.0.2.1:5060 a.example.net, UDP 192.0.2.1:5070 a.example.net, no more",
         "of one order, by preference, in any domain"                                                                                                                                                                                                                                        },
        {"sip:example.com",  "TCP UDP",
         "example.com. NAPTR 1 1 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.com.\n"
         "example.com. NAPTR 1 1 \"s\" \"SIP+D2T\" \"\" _sip._tcp.example.com.\n" SRV_FOR_ALL,
         "NAPTR example.com, SRV _sip._tcp.example.com, SRV _sip._udp.example.com, "
         "addresses t.example.com, addresses u.example.com",                                                                                                             "TCP 192.0.2.2:5062 t.example.com, UDP 192.0.2.3:5063 u.example.com, no more",
         "of one preference, as we prefer"                                                                                                                                                                                                                                                   },
        {"sip:example.com",  "TCP",         NAPTR_FOR_ALL "example.com. A 192.0.2.9\n",
         "NAPTR example.com, SRV _sip._tcp.example.com, addresses example.com",                                                                                          "TCP 192.0.2.9:5060 example.com, no more",                                     "without SRV, by that transport"     },
        {"sip:example.com",  "UDP",         "example.com. FAIL NAPTR\n" SRV_FOR_ALL,           "NAPTR example.com",
         "later",                                                                                                                                                                                                                                       "failure is no absence"              },
        {"sip:example.com",  "UDP TCP",
         "example.com. NAPTR 1 1 \"s\" \"SIP+D2T\" \"\" _sip._tcp.example.com.\n"
         "_sip._tcp.example.com. FAIL SRV\nexample.com. A 192.0.2.9\n",                        "NAPTR example.com, SRV _sip._tcp.example.com",                           "later",                                                                       "nor is it here"                     },
        {"sip:example.com",  "WS WSS",
         "example.com. NAPTR 1 1 \"s\" \"SIPS+D2W\" \"\" ws.example.com.\n"
         "ws.example.com. SRV 0 0 443 s.example.com.\n" SRV_FOR_ALL,
         "NAPTR example.com, SRV ws.example.com, addresses s.example.com",                                                                                               "WSS 192.0.2.1:443 s.example.com, no more",                                    "RFC 7118 10.2"                      },
    };

    (void)state;
    CHECK_SEARCHES(searches);
}

static void naptr_records_of_no_use_are_as_none(void **state)
{
    static const char *const records[] = {
        "example.com. NAPTR 1 1 \"u\" \"E2U+sip\" \"!^.*$!sip:x@example.net!\" .\n",
        "example.com. NAPTR 1 1 \"s\" \"SIP+D2U\" \"!^.*$!x.example.net!\" .\n",
        "example.com. NAPTR 1 1 \"s\" \"SIP+D2U\" \"!^.*$!x!\" x.example.net.\n",
        "example.com. NAPTR 1 1 \"s\" \"SIP+D2U\" \"\" .\n",
        "example.com. NAPTR 1 1 \"a\" \"SIP+D2U\" \"\" x.example.net.\n",
        "example.com. NAPTR 1 1 \"\" \"SIP+D2U\" \"\" example.com.\n", /* round in circles */
        "example.com. NAPTR 1 1 \"sa\" \"SIP+D2U\" \"\" x.example.net.\n",
        "example.com. NAPTR 1 1 \"s\" \"SIP+D2T\" \"\" x.example.net.\n",
        "example.com. NAPTR 1 1 \"s\" \"SIPS+D2U\" \"\" x.example.net.\n",
        "example.com. NAPTR 1 1 \"s\" \"SIP+D2S\" \"\" x.example.net.\n",
        "example.com. NAPTR 1 1 \"s\" \"SIP+D2UU\" \"\" x.example.net.\n",
        "example.com. NAPTR 1 1 \"s\" \"\" \"\" x.example.net.\n",
        "",
    };
    struct sip_locate_client client = world_client("UDP");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(records); i++) {
        char zone[1024];
        struct buffer text = buffer_over(zone, sizeof(zone) - 1);
        buffer_add_text(&text, records[i]);
        buffer_add_text(&text, SRV_FOR_ALL "x.example.net. SRV 0 0 1 s.example.com.\n");
        zone[text.len] = '\0';
        struct world *world = world_of(zone);
        check_text(world_locate(world, "sip:example.com", &client),
                   "UDP 192.0.2.3:5063 u.example.com, no more", records[i]);
        check_text(buffer_slice(&world->asked),
                   "NAPTR example.com, SRV _sip._udp.example.com, addresses u.example.com",
                   records[i]);
    }
}

static void without_naptr_every_transport_is_asked_for(void **state)
{
    static const struct search searches[] = {
        {"sip:example.com",  "TCP UDP",     SRV_FOR_ALL,
         "NAPTR example.com, SRV _sip._tcp.example.com, SRV _sip._udp.example.com, "
         "addresses t.example.com, addresses u.example.com",                                                                                          "TCP 192.0.2.2:5062 t.example.com, UDP 192.0.2.3:5063 u.example.com, no more",
         "in our order"                                                                                                                                                                                                                                               },
        {"sips:example.com", "TCP UDP TLS", SRV_FOR_ALL,
         "NAPTR example.com, SRV _sips._tcp.example.com, addresses s.example.com",                                                                    "TLS 192.0.2.1:5061 s.example.com, no more",                                   "for sips what is secure"        },
        {"sip:example.com",  "TCP UDP",
         "_sip._udp.example.com. SRV 0 0 5063 u.example.com.\n"
         "u.example.com. A 192.0.2.3\n",                                   "NAPTR example.com, SRV _sip._tcp.example.com, SRV _sip._udp.example.com, "
         "addresses u.example.com",                                                                           "UDP 192.0.2.3:5063 u.example.com, no more",                                   "one of them"                    },
        {"sip:example.com",  "TCP UDP",     "example.com. A 192.0.2.9\n",
         "NAPTR example.com, SRV _sip._tcp.example.com, SRV _sip._udp.example.com, "
         "addresses example.com",                                                                                                                     "UDP 192.0.2.9:5060 example.com, no more",                                     "none of them: UDP"              },
        {"sips:example.com", "TCP UDP TLS", "example.com. A 192.0.2.9\n",
         "NAPTR example.com, SRV _sips._tcp.example.com, addresses example.com",                                                                      "TLS 192.0.2.9:5061 example.com, no more",                                     "none of them: TLS"              },
        {"sip:example.com",  "TCP UDP",
         "_sip._tcp.example.com. FAIL SRV\nexample.com. A 192.0.2.9\n",    "NAPTR example.com, SRV _sip._tcp.example.com, SRV _sip._udp.example.com", "later",
         "failure is no absence"                                                                                                                                                                                                                                      },
        {"sip:example.com",  "TCP UDP",
         "_sip._tcp.example.com. FAIL SRV\n_sip._udp.example.com. SRV 0 0 5063 u.example.com.\n"
         "u.example.com. A 192.0.2.3\n",                                   "NAPTR example.com, SRV _sip._tcp.example.com, SRV _sip._udp.example.com, "
         "addresses u.example.com",                                                                           "UDP 192.0.2.3:5063 u.example.com, later",                                     "but what another found is tried"},
        {"sip:example.com",  "TCP UDP",
         "_sip._tcp.example.com. SRV 0 0 0 .\nexample.com. A 192.0.2.9\n", "NAPTR example.com, SRV _sip._tcp.example.com, SRV _sip._udp.example.com, "
         "addresses example.com",                                           "UDP 192.0.2.9:5060 example.com, no more",                                     "no TCP there: UDP"              },
        {"sip:example.com",  "TCP UDP",
         "_sip._udp.example.com. SRV 0 0 0 .\nexample.com. A 192.0.2.9\n", "NAPTR example.com, SRV _sip._tcp.example.com, SRV _sip._udp.example.com", "no more",
         "no UDP there: nothing"                                                                                                                                                                                                                                      },
    };

    (void)state;
    CHECK_SEARCHES(searches);
}

/* RFC 7984 4: never interleaved; the order among them is the resolver's. */
static void all_addresses_of_one_target_come_before_those_of_the_next(void **state)
{
    static const struct search searches[] = {
        {"sip:example.com;transport=tcp", "TCP",
         "_sip._tcp.example.com. 300 IN SRV 20 1 5060 sip-2.example.com.\n"
         "_sip._tcp.example.com. 300 IN SRV 10 1 5060 sip-1.example.com.\n"
         "sip-1.example.com. 300 IN AAAA 2001:db8:58:c02::face\n"
         "sip-1.example.com. 300 IN A 192.0.2.45\n"
         "sip-2.example.com. 300 IN AAAA 2001:db8:58:c02::dead\n"
         "sip-2.example.com. 300 IN A 192.0.2.75\n", "SRV _sip._tcp.example.com, addresses sip-1.example.com, addresses sip-2.example.com",
         "TCP [2001:db8:58:c02::face]:5060 sip-1.example.com, "
         "TCP 192.0.2.45:5060 sip-1.example.com, "
         "TCP [2001:db8:58:c02::dead]:5060 sip-2.example.com, "
         "TCP 192.0.2.75:5060 sip-2.example.com, no more", "RFC 7984 4"},
    };

    (void)state;
    CHECK_SEARCHES(searches);
}

static void a_family_that_we_do_not_have_is_passed_over(void **state)
{
    struct sip_locate_client client = world_client("UDP");
    const char *zone = "example.com. AAAA 2001:db8::1\nexample.com. A 192.0.2.1\n";

    (void)state;
    client.has_ipv6 = false;
    CHECK_SLICE(world_locate(world_of(zone), "sip:example.com:5060", &client),
                "UDP 192.0.2.1:5060 example.com, no more");
    CHECK_SLICE(world_locate(world_of(zone), "sip:[2001:db8::1]", &client), "no more");
    client.has_ipv6 = true;
    client.has_ipv4 = false;
    CHECK_SLICE(world_locate(world_of(zone), "sip:example.com:5060", &client),
                "UDP [2001:db8::1]:5060 example.com, no more");
}

/* The second question is asked only when the first server has failed. */
static void asks_no_more_than_the_next_candidate_needs(void **state)
{
    struct world *world = world_of("_sip._udp.example.com. SRV 1 0 5060 a.example.com.\n"
                                   "_sip._udp.example.com. SRV 2 0 5060 b.example.com.\n"
                                   "a.example.com. A 192.0.2.1\n"
                                   "b.example.com. A 192.0.2.2\n");
    struct sip_locate_client client = world_client("UDP");
    struct sip_candidate candidate;
    struct sip_locate l;

    (void)state;
    world_start(world, &l, "sip:example.com", &client);
    assert_int_equal(world_next(world, &l, &candidate), SIP_LOCATED);
    CHECK_SLICE(candidate.host, "a.example.com");
    assert_int_equal(world->question_count, 3);
    assert_int_equal(world_next(world, &l, &candidate), SIP_LOCATED);
    CHECK_SLICE(candidate.host, "b.example.com");
    assert_int_equal(world->question_count, 4);
    CHECK_SLICE(sip_locate_domain(&l), "example.com");
    assert_int_equal(world_next(world, &l, &candidate), SIP_LOCATE_NO_MORE);
    assert_int_equal(world_next(world, &l, &candidate), SIP_LOCATE_NO_MORE);
}

/* The preferred transport has answered; nobody waits for the others. */
static void the_preferred_service_does_not_wait_for_the_others(void **state)
{
    struct world *world = world_of(SRV_FOR_ALL);
    struct sip_locate_client client = world_client("TCP UDP");
    struct sip_question questions[2], addresses;
    struct sip_candidate candidate;
    struct sip_locate l;

    (void)state;
    world_start(world, &l, "sip:example.com", &client);
    assert_int_equal(sip_locate_next(&l, NULL, 0, &candidate), SIP_LOCATE_WAIT);
    assert_true(sip_locate_question(&l, &questions[0]));
    assert_false(sip_locate_question(&l, &questions[1])); /* NAPTR is to be awaited */
    world_answer(world, &l, &questions[0]);
    assert_int_equal(sip_locate_next(&l, NULL, 0, &candidate), SIP_LOCATE_WAIT);
    assert_true(sip_locate_question(&l, &questions[0]));
    assert_true(sip_locate_question(&l, &questions[1]));
    world_answer(world, &l, &questions[0]);
    assert_int_equal(sip_locate_next(&l, NULL, 0, &candidate), SIP_LOCATE_WAIT);
    assert_true(sip_locate_question(&l, &addresses));
    assert_int_equal(addresses.type, SIP_ASK_ADDRESSES);
    world_answer(world, &l, &addresses);
    assert_int_equal(sip_locate_next(&l, NULL, 0, &candidate), SIP_LOCATED);
    assert_int_equal(candidate.transport, SIP_TCP);
    assert_int_equal(sip_locate_next(&l, NULL, 0, &candidate), SIP_LOCATE_WAIT);
    assert_false(sip_locate_question(&l, &addresses));
    world_answer(world, &l, &questions[1]);
    assert_int_equal(world_next(world, &l, &candidate), SIP_LOCATED);
    assert_int_equal(candidate.transport, SIP_UDP);
}

/* RFC 3263 5 */
static void a_response_finds_its_way_back(void **state)
{
    static const struct {
        const char *via;
        const char *asked;
        const char *found;
    } cases[] = {
        {"SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1",                        "",                                                     "UDP 192.0.2.7:5060, no more"              },
        {"SIP/2.0/TCP 192.0.2.7:5070",                                   "",                                                     "TCP 192.0.2.7:5070, no more"              },
        {"SIP/2.0/TLS [2001:db8::7]",                                    "",                                                     "TLS [2001:db8::7]:5061, no more"          },
        {"SIP/2.0/TCP example.com:7000",                                 "addresses example.com",
         "TCP 192.0.2.9:7000 example.com, no more"                                                                                                                          },
        {"SIP/2.0/TCP example.com",                                      "SRV _sip._tcp.example.com, addresses t.example.com",
         "TCP 192.0.2.2:5062 t.example.com, no more"                                                                                                                        },
        {"SIP/2.0/UDP example.com;maddr=192.0.2.66;received=192.0.2.67",
         "SRV _sip._udp.example.com, addresses u.example.com",                                                                   "UDP 192.0.2.3:5063 u.example.com, no more"},
        {"SIP/2.0/TLS example.com",                                      "SRV _sips._tcp.example.com, addresses s.example.com",
         "TLS 192.0.2.1:5061 s.example.com, no more"                                                                                                                        },
        {"SIP/2.0/UDP u.example.com",                                    "SRV _sip._udp.u.example.com, addresses u.example.com",
         "UDP 192.0.2.3:5060 u.example.com, no more"                                                                                                                        },
        {"SIP/2.0/WSS df7jal23ls0d.invalid",                             "",                                                     "cannot"                                   },
        {"SIP/2.0/SCTP example.com",                                     "",                                                     "cannot"                                   },
    };
    struct sip_locate_client client = world_client("TLS TCP UDP WSS");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world *world = world_of(SRV_FOR_ALL);
        struct sip_locate l;
        struct sip_via via;
        CHECK_CASE(sip_via_parse(slice_of(cases[i].via), &via), cases[i].via);
        sip_locate_start_response(&l, &via, &client, 1);
        CHECK_SLICE(world_walk(world, &l), cases[i].found);
        CHECK_SLICE(buffer_slice(&world->asked), cases[i].asked);
    }
}

CHECK_MAIN(CHECK_TEST(a_literal_asks_nothing), CHECK_TEST(the_transport_follows_the_uri),
           CHECK_TEST(a_port_leads_to_addresses_alone),
           CHECK_TEST(a_transport_leads_to_its_srv_records), CHECK_TEST(naptr_tells_the_transport),
           CHECK_TEST(naptr_records_of_no_use_are_as_none),
           CHECK_TEST(without_naptr_every_transport_is_asked_for),
           CHECK_TEST(all_addresses_of_one_target_come_before_those_of_the_next),
           CHECK_TEST(a_family_that_we_do_not_have_is_passed_over),
           CHECK_TEST(asks_no_more_than_the_next_candidate_needs),
           CHECK_TEST(the_preferred_service_does_not_wait_for_the_others),
           CHECK_TEST(a_response_finds_its_way_back))
