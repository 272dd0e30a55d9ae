/* Whom one may reach through us: this host is 192.0.2.200 and 192.0.2.201, 5060 our port. */
#include "proxy_world.h"

#include "server/reach.h"

static void nobody_reaches_further_than_where_he_is(void **state)
{
    static const struct {
        const char *namer, *to;
        bool may;
        const char *label;
    } cases[] = {
        {"198.51.100.2", "203.0.113.9",     true,  "elsewhere is for everybody"         },
        {"198.51.100.2", "10.0.0.1",        true,  "and private networks of our users"  },
        {"198.51.100.2", "127.0.0.1",       false, "but this host is not"               },
        {"198.51.100.2", "127.255.255.254", false, "by any of its names"                },
        {"198.51.100.2", "192.0.2.201",     false, "nor by the one that all see it by"  },
        {"198.51.100.2", "169.254.169.254", false, "nor its link"                       },
        {"10.0.0.2",     "127.0.0.1",       false, "whoever is near is elsewhere, too"  },
        {"2001:db8::2",  "::1",             false, "so it is with IPv6"                 },
        {"2001:db8::2",  "fe80::7",         false, "and its links"                      },
        {"2001:db8::2",  "::ffff:7f00:1",   false, "which may hold IPv4"                },
        {"fe80::2",      "fe80::7",         true,  "those on a link are for each other" },
        {"169.254.7.2",  "169.254.7.3",     true,  "in both families"                   },
        {"169.254.7.2",  "127.0.0.1",       false, "but are not on this host"           },
        {"127.0.0.1",    "127.0.0.2",       true,  "who is may reach it"                },
        {"127.0.0.1",    "::1",             true,  "all of it"                          },
        {"192.0.2.201",  "127.0.0.1",       true,  "by whichever name he is seen"       },
        {"127.0.0.1",    "169.254.169.254", true,  "and its link"                       },
        {"192.0.2.200",  "127.0.0.1",       false, "but for our listener, who is not he"},
        {"",             "127.0.0.1",       false, "and nobody is not"                  },
        {"",             "203.0.113.9",     true,  "though he may name who is elsewhere"},
    };
    struct world *world = new_world();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct net_addr namer = {0}, to;
        assert_true(net_addr_parse(slice_of(cases[i].namer), 5060, &namer)
                    || cases[i].namer[0] == '\0');
        assert_true(net_addr_parse(slice_of(cases[i].to), 9, &to));
        CHECK_CASE(reach_permits(&world->w, &namer, &to) == cases[i].may, cases[i].label);
    }
}

static void what_comes_from_ourselves_was_named_by_nobody(void **state)
{
    static const struct {
        const char *via;
        bool is_known;
    } cases[] = {
        {"192.0.2.200:5060", false},
        {"192.0.2.9:5060",   true },
        {"phone.example",    true },
    };
    struct world *world = new_world();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        static struct sip_message msg;
        struct letter letter;
        char text[512];
        int len = snprintf(text, sizeof(text),
                           "MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bK1\r\n"
                           "From: <sip:a@example.org>;tag=a\r\nTo: <sip:a@b>\r\n"
                           "Call-ID: c\r\nCSeq: 1 MESSAGE\r\n\r\n",
                           cases[i].via);
        keep(&letter, (struct slice){text, (size_t)len});
        read_letter(&letter, &msg);
        struct request rq = {.w = &world->w, .settings = &world->settings, .msg = &msg};
        assert_true(net_addr_parse(SLICE("192.0.2.201"), 40000, &rq.from.remote));
        struct net_addr namer = reach_namer(&rq);
        CHECK_CASE((namer.family != 0) == cases[i].is_known, cases[i].via);
    }
}

CHECK_MAIN(CHECK_TEST(nobody_reaches_further_than_where_he_is),
           CHECK_TEST(what_comes_from_ourselves_was_named_by_nobody))
