/* Via: what it says, and what a server adds to it. */
#include "check.h"

#include <stdio.h>

#include "sip/via.h"

static void accepts_what_the_grammar_accepts(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        const char *label;
    } cases[] = {
        {"SIP/2.0/UDP a.example",                                  true,  "the least there is"                 },
        {"SIP / 2.0 / TCP  a.example",                             true,  "space is allowed around SLASH"      },
        {"SIP  / 2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw",  true,  "and folds"                          },
        {"SIP/2.0/UDP a.example : 5060 ;ttl=1",                    true,  "and around COLON and SEMI"          },
        {"sip/2.0/udp a",                                          true,  "names have no case"                 },
        {"SIP/2.0/UNKNOWN a",                                      true,  "transports are not counted up"      },
        {"SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111", true,  "IPv6 in brackets"                   },
        {"SIP/2.0/UDP a;received=2001:db8::9",                     true,  "received may be a bare IPv6 address"},
        {"SIP/2.0/UDP a;rport",                                    true,  "rport may stand alone"              },
        {"SIP/2.0/UDP a;rport=5061;x=\"y;z\"",                     true,  "or have a value; others pass"       },
        {"SIP/2.0/UDP a;ttl=255",                                  true,  "ttl has 8 bits"                     },

        {"",                                                       false, "nothing is not a Via"               },
        {"SIP/2.0/UDP",                                            false, "sent-by is missing"                 },
        {"SIP/2.0/UDPa.example",                                   false, "space is asked for before sent-by"  },
        {"SIP/7.0/UDP a",                                          false, "another version"                    },
        {"SIP/2.0/UDP 2001:db8::9",                                false, "IPv6 without brackets"              },
        {"SIP/2.0/UDP a.example:65536",                            false, "a port has 16 bits"                 },
        {"SIP/2.0/UDP a.example:",                                 false, "COLON promises a port"              },
        {"SIP/2.0/UDP a.example;branch=",                          false, "EQUAL promises a value"             },
        {"SIP/2.0/UDP 192.0.2.15;;,;,,",                           false, "RFC 4475 3.1.2.1"                   },
        {"SIP/2.0/UDP a;ttl=256",                                  false, "ttl has no more than 8 bits"        },
        {"SIP/2.0/UDP a;rport=65536",                              false, "rport is a port"                    },
        {"SIP/2.0/UDP a, SIP/2.0/UDP b",                           false, "two of them"                        },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_via via;
        CHECK_CASE(sip_via_parse(slice_of(cases[i].text), &via) == cases[i].valid, cases[i].label);
    }
}

static void says_what_the_via_says(void **state)
{
    struct sip_via via;

    (void)state;
    assert_true(sip_via_parse(SLICE("SIP/2.0/TCP [2001:db8::9:1]:6050 ;branch=z9hG4bKas3;branch=2"
                                    ";received=[2001:db8::9:255];maddr=[ff02::1];ttl=16;rport=99"),
                              &via));
    CHECK_SLICE(via.transport, "TCP");
    CHECK_SLICE(via.host, "2001:db8::9:1");
    assert_true(via.host_is_ipv6);
    assert_int_equal(via.port, 6050);
    CHECK_SLICE(via.branch, "z9hG4bKas3");
    CHECK_SLICE(via.received, "2001:db8::9:255");
    CHECK_SLICE(via.maddr, "ff02::1");
    assert_int_equal(via.ttl, 16);
    assert_true(via.wants_rport);
    assert_int_equal(via.rport, 99);
    assert_int_equal(via.params.ptr[0], ';');
}

static void what_is_absent_is_empty(void **state)
{
    struct sip_via via;

    (void)state;
    assert_true(sip_via_parse(SLICE("SIP/2.0/UDP a;rport"), &via));
    assert_int_equal(via.port, 0);
    assert_int_equal(via.branch.len + via.received.len + via.maddr.len, 0);
    assert_true(via.wants_rport);
    assert_int_equal(via.rport, 0);
    assert_true(sip_via_parse(SLICE("SIP/2.0/UDP a"), &via));
    assert_false(via.wants_rport);
    assert_int_equal(via.params.len, 0);
}

static void a_malformed_one_leaves_out_untouched(void **state)
{
    struct sip_via via = {.port = 7};

    (void)state;
    assert_false(sip_via_parse(SLICE("SIP/2.0/UDP a:5060;ttl=x"), &via));
    assert_int_equal(via.port, 7);
}

static void the_server_adds_where_the_request_came_from(void **state)
{
    static const struct {
        const char *value;
        const char *source_host;
        const char *stamped;
        const char *label;
    } cases[] = {
        {"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",             "192.0.2.1",
         "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",                                                                  "nothing, if sent-by says it"                            },
        {"SIP/2.0/UDP bobspc.biloxi.com:5060",                     "192.0.2.4",
         "SIP/2.0/UDP bobspc.biloxi.com:5060;received=192.0.2.4",                                                       "RFC 3261 18.2.1"                                        },
        {"SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff", "192.0.2.1",
         "SIP/2.0/UDP 10.1.1.1:4540;rport=9988;branch=z9hG4bKkjshdyff;received=192.0.2.1",                              "RFC 3581 4"                                             },
        {"SIP/2.0/UDP 192.0.2.1;rport",                            "192.0.2.1",
         "SIP/2.0/UDP 192.0.2.1;rport=9988;received=192.0.2.1",                                                         "rport asks for received too"                            },
        {"SIP/2.0/UDP a;received=6.6.6.6;rport=1;x;rport",         "192.0.2.1",
         "SIP/2.0/UDP a;rport=9988;x;received=192.0.2.1",                                                               "what the sender put there is replaced"                  },
        {"SIP/2.0/UDP 192.0.2.1;received=6.6.6.6",                 "192.0.2.1",   "SIP/2.0/UDP 192.0.2.1",
         "or removed"                                                                                                                                                            },
        {"SIP / 2.0/UDP a ; x = \"y\" ;branch=b",                  "2001:db8::9",
         "SIP / 2.0/UDP a ; x = \"y\" ;branch=b;received=2001:db8::9",                                                  "other bytes stay as they are; RFC 5118 4.5: no brackets"},
        {"SIP/2.0/UDP [2001:DB8::9];branch=b",                     "2001:db8::9", "SIP/2.0/UDP [2001:DB8::9];branch=b",
         "addresses have no case"                                                                                                                                                },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[256];
        struct buffer out = buffer_over(text, sizeof(text));
        struct slice value = slice_of(cases[i].value);
        struct sip_via via;
        CHECK_CASE(sip_via_parse(value, &via), cases[i].label);
        sip_via_stamp(&via, value, slice_of(cases[i].source_host), 9988, &out);
        CHECK_CASE(slice_equal(buffer_slice(&out), slice_of(cases[i].stamped)), cases[i].label);
    }
}

/* The short way and the one that looks at each parameter, on the same bytes. */
static void both_ways_of_stamping_say_the_same(void **state)
{
    static const char *const pieces[] = {
        ";rport",    " ; rport", ";rport=5",  ";RPORT = 7 ", ";branch=z9hG4bK7",
        "; x=\"y\"", ";ttl=1",   ";rportx=1", ";x=rport",
    };

    (void)state;
    for (unsigned i = 0; i < 9 * 9 * 9 * 9; i++) {
        char value[128], fast[160], slow[160];
        struct buffer fast_out = buffer_over(fast, sizeof(fast));
        struct buffer slow_out = buffer_over(slow, sizeof(slow));
        struct sip_via via;
        snprintf(value, sizeof(value), "SIP/2.0/UDP a%s%s%s%s", pieces[i % 9], pieces[i / 9 % 9],
                 pieces[i / 81 % 9], pieces[i / 729]);
        struct slice text = slice_trim(slice_of(value));
        CHECK_CASE(sip_via_parse(text, &via), value);
        sip_via_stamp(&via, text, SLICE("192.0.2.1"), 9, &fast_out);
        via.has_more_to_replace = true;
        sip_via_stamp(&via, text, SLICE("192.0.2.1"), 9, &slow_out);
        CHECK_CASE(slice_equal(buffer_slice(&fast_out), buffer_slice(&slow_out)), value);
    }
}

static void a_branch_is_of_rfc_3261_if_more_than_the_cookie_is_there(void **state)
{
    (void)state;
    assert_true(sip_branch_is_rfc3261(SLICE("z9hG4bK1")));
    assert_false(sip_branch_is_rfc3261(SLICE("z9hG4bK"))); /* RFC 4475 3.2.1 */
    assert_false(sip_branch_is_rfc3261(SLICE("390skdjuw")));
    assert_false(sip_branch_is_rfc3261(SLICE_NONE));
}

CHECK_MAIN(CHECK_TEST(accepts_what_the_grammar_accepts), CHECK_TEST(says_what_the_via_says),
           CHECK_TEST(what_is_absent_is_empty), CHECK_TEST(a_malformed_one_leaves_out_untouched),
           CHECK_TEST(the_server_adds_where_the_request_came_from),
           CHECK_TEST(both_ways_of_stamping_say_the_same),
           CHECK_TEST(a_branch_is_of_rfc_3261_if_more_than_the_cookie_is_there))
