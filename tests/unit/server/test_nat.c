/* Who is taken to be behind a NAT, by what his request says and where it came from. */
#include "proxy_world.h"

#include "server/nat.h"

static void private_addresses_are_known(void **state)
{
    static const struct {
        const char *addr;
        bool is_private;
    } cases[] = {
        {"10.0.0.1",        true },
        {"10.255.255.255",  true },
        {"11.0.0.0",        false},
        {"172.15.255.255",  false},
        {"172.16.0.0",      true },
        {"172.31.255.255",  true },
        {"172.32.0.0",      false},
        {"192.168.0.1",     true },
        {"192.169.0.1",     false},
        {"100.63.255.255",  false},
        {"100.64.0.0",      true },
        {"100.127.255.255", true },
        {"100.128.0.0",     false},
        {"169.254.1.1",     true },
        {"127.0.0.1",       true },
        {"192.0.2.1",       false},
        {"fc00::1",         true },
        {"fdff::1",         true },
        {"fe80::1",         true },
        {"fec0::1",         false},
        {"::1",             true },
        {"2001:db8::1",     false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct net_addr addr;
        assert_true(net_addr_parse(slice_of(cases[i].addr), 5060, &addr));
        CHECK_CASE(nat_is_private(&addr) == cases[i].is_private, cases[i].addr);
    }
}

static void nobody_leads_inside_from_outside(void **state)
{
    static const struct {
        const char *from, *to;
        bool inside;
    } cases[] = {
        {"192.0.2.9",   "198.51.100.2",    false},
        {"192.0.2.9",   "127.0.0.1",       true },
        {"192.0.2.9",   "10.0.0.1",        true },
        {"192.0.2.9",   "169.254.169.254", true },
        {"10.0.0.2",    "10.0.0.1",        false},
        {"10.0.0.2",    "127.0.0.1",       true },
        {"127.0.0.1",   "127.0.0.9",       false},
        {"127.0.0.1",   "10.0.0.1",        false},
        {"2001:db8::9", "::1",             true },
        {"2001:db8::9", "fd00::1",         true },
        {"2001:db8::9", "::ffff:10.0.0.1", true },
        {"fd00::2",     "fd00::1",         false},
        {"::1",         "::1",             false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct net_addr from, to;
        assert_true(net_addr_parse(slice_of(cases[i].from), 5060, &from));
        assert_true(net_addr_parse(slice_of(cases[i].to), 5060, &to));
        CHECK_CASE(nat_leads_inside(&from, &to) == cases[i].inside, cases[i].to);
    }
}

static void a_nat_is_seen_by_what_a_request_says_of_its_sender(void **state)
{
    static const struct {
        const char *source, *vias, *contact;
        bool hides;
        const char *label;
    } cases[] = {
        {"192.0.2.9",   "10.0.0.2",                                        "10.0.0.2",      true,  "he names a private address of his own"},
        {"192.0.2.9",   "198.51.100.2",                                    "198.51.100.2",  true,  "or a public one that we do not see"   },
        {"192.0.2.9",   "192.0.2.9",                                       "192.0.2.9",     false, "he knows how he is seen"              },
        {"10.0.0.2",    "10.0.0.2",                                        "10.0.0.2",      false, "in the same network"                  },
        {"10.0.0.2",    "10.0.0.2",                                        "10.0.0.7",      false, "somebody else there"                  },
        {"192.0.2.9",   "192.0.2.9",                                       "198.51.100.2",  false, "somebody else in the open"            },
        {"192.0.2.9",   "10.0.0.2",                                        "198.51.100.2",  false, "the same, from behind a NAT"          },
        {"192.0.2.9",   "10.0.0.2",                                        "10.0.0.7",      true,  "somebody else behind it"              },
        {"192.0.2.9",   "phone.example",                                   "10.0.0.7",      true,  "a name in Via, and a private contact" },
        {"192.0.2.9",   "phone.example",                                   "phone.example", false, "names are for DNS"                    },
        {"192.0.2.9",   "a1b2.invalid",                                    "a1b2.invalid",  true,
         "but those that say that they are none"                                                                                          },
        {"192.0.2.9",   "10.0.0.2, SIP/2.0/UDP 10.0.0.3;branch=z9hG4bK2",  "10.0.0.3",      false,
         "a proxy came before us"                                                                                                         },
        {"2001:db8::9", "[fd00::2]",                                       "[fd00::2]",     true,  "so it is with IPv6"                   },
        {"192.0.2.9",   "192.0.2.9",                                       "127.0.0.1",     true,  "what he calls himself within"         },
        {"192.0.2.9",   "192.0.2.9, SIP/2.0/UDP 10.0.0.3;branch=z9hG4bK2", "127.0.0.1",     true,
         "a proxy does not change that"                                                                                                   },
        {"10.0.0.2",    "10.0.0.2",                                        "127.0.0.1",     true,  "nor that he is near"                  },
        {"2001:db8::9", "[2001:db8::9]",                                   "[::1]",         true,  "nor IPv6"                             },
        {"127.0.0.1",   "127.0.0.1",                                       "127.0.0.1",     false, "who is on this host may"              },
    };
    struct world *world = new_world();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        static struct sip_message msg;
        struct letter letter;
        char text[1024];
        int len =
            snprintf(text, sizeof(text),
                     "REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK1\r\n"
                     "From: <sip:a@example.org>;tag=a\r\nTo: <sip:a@example.org>\r\n"
                     "Call-ID: c\r\nCSeq: 1 REGISTER\r\nContact: <sip:a@%s>\r\n\r\n",
                     cases[i].vias, cases[i].contact);
        keep(&letter, (struct slice){text, (size_t)len});
        read_letter(&letter, &msg);
        struct request rq = {.w = &world->w, .settings = &world->settings, .msg = &msg};
        assert_true(net_addr_parse(slice_of(cases[i].source), 5060, &rq.from.remote));
        const struct sip_uri *contact = sip_address_uri(&msg.basics.contact.address);
        CHECK_CASE(nat_hides(&rq, contact) == cases[i].hides, cases[i].label);
        rq.source = slice_of(cases[i].source);
        CHECK_CASE(nat_hides(&rq, contact) == cases[i].hides, cases[i].label);
    }
}

CHECK_MAIN(CHECK_TEST(private_addresses_are_known), CHECK_TEST(nobody_leads_inside_from_outside),
           CHECK_TEST(a_nat_is_seen_by_what_a_request_says_of_its_sender))
