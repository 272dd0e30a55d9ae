/* Each side of ours is called by its own address and transport, however many there are. */
#include "server/side.h"

#include <stdio.h>

#include "check.h"

static struct hop hop_at(enum hop_protocol protocol, const char *host, uint16_t port)
{
    struct hop hop = {.protocol = protocol};

    assert_true(net_addr_parse(slice_of(host), port, &hop.local));
    return hop;
}

static void a_side_is_called_by_its_transport_and_address(void **state)
{
    static const struct {
        enum hop_protocol protocol;
        const char *host;
        uint16_t port;
        const char *via, *route;
    } cases[] = {
        {HOP_UDP, "192.0.2.1",                              5060,
         "SIP/2.0/UDP 192.0.2.1:5060;branch=",                                 "<sip:192.0.2.1:5060;lr;tk="                                              },
        {HOP_TCP, "192.0.2.1",                              5060,
         "SIP/2.0/TCP 192.0.2.1:5060;branch=",                                 "<sip:192.0.2.1:5060;transport=tcp;lr;tk="                                },
        {HOP_UDP, "2001:db8::1",                            65535,
         "SIP/2.0/UDP [2001:db8::1]:65535;branch=",                            "<sip:[2001:db8::1]:65535;lr;tk="                                         },
        {HOP_TCP, "2001:db8:1111:1111:1111:1111:1111:1111", 65535,
         "SIP/2.0/TCP [2001:db8:1111:1111:1111:1111:1111:1111]:65535;branch=", "<sip:[2001:db8:1111:1111:1111:1111:1111:1111]:65535;transport=tcp;lr;tk="},
    };
    struct sides sides = {0};

    (void)state;
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            struct hop hop = hop_at(cases[i].protocol, cases[i].host, cases[i].port);
            CHECK_CASE(slice_equal(side_of(&sides, &hop)->via, slice_of(cases[i].via)),
                       cases[i].via);
            CHECK_CASE(slice_equal(side_of(&sides, &hop)->route, slice_of(cases[i].route)),
                       cases[i].route);
        }
    }
}

static void sides_that_share_a_place_are_told_apart(void **state)
{
    struct sides sides = {0};

    (void)state;
    for (unsigned i = 0; i < 64 * SIDE_MAX_KNOWN; i++) {
        char host[16], route[40];
        snprintf(host, sizeof(host), "192.0.%u.%u", 2 + i / 7 % 2, i % 7);
        snprintf(route, sizeof(route), "<sip:%s:%u;lr;tk=", host, 5060 + i % 3);
        struct hop hop = hop_at(HOP_UDP, host, (uint16_t)(5060 + i % 3));
        CHECK_CASE(slice_equal(side_of(&sides, &hop)->route, slice_of(route)), route);
    }
}

CHECK_MAIN(CHECK_TEST(a_side_is_called_by_its_transport_and_address),
           CHECK_TEST(sides_that_share_a_place_are_told_apart))
