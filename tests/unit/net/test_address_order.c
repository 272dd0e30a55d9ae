#include "check.h"
#include "net/address_order.h"

static struct net_addr addr_of(const char *text)
{
    struct net_addr addr = {0};

    if (text != NULL)
        assert_true(net_addr_parse(slice_of(text), 0, &addr));
    return addr;
}

/* The examples of RFC 6724 10.2 that need no knowledge of interfaces, and what they leave out. */
static void addresses_are_ordered_as_rfc_6724_says(void **state)
{
    static const struct {
        const char *first;
        const char *first_source;
        const char *second;
        const char *second_source;
        const char *label;
    } cases[] = {
        {"198.51.100.121",    "198.51.100.117",    "2001:db8:1::1",     NULL,                "avoid unusable destinations"},
        {"2001:db8:1::1",     "2001:db8:1::2",     "198.51.100.121",    "169.254.13.78",     "matching scope"             },
        {"198.51.100.121",    "198.51.100.117",    "2001:db8:1::1",     "fe80::1",           "matching scope, IPv4"       },
        {"2001:db8:1::1",     "2001:db8:1::2",     "10.1.2.3",          "10.1.2.4",          "higher precedence"          },
        {"fe80::1",           "fe80::2",           "2001:db8:1::1",     "2001:db8:1::2",     "smaller scope"              },
        {"2001:db8:1::1",     "2001:db8:1::2",     "2001:db8:3ffe::1",  "2001:db8:3f44::2",
         "longest matching prefix"                                                                                        },
        {"2002:c633:6401::1", "2002:c633:6401::2", "2001:db8:1::1",     "2002:c633:6401::2",
         "matching label"                                                                                                 },
        {"2001:db8:1::1",     "2001:db8:1::2",     "2002:c633:6401::1", "2002:c633:6401::2",
         "higher precedence than 6to4"                                                                                    },
        {"::1",               "::1",               "127.0.0.1",         "127.0.0.1",         "loopback"                   },
        {"198.51.100.121",    "198.51.100.117",    "fd00::1",           "fd00::2",           "IPv4 before unique local"   },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct address_candidate best = {addr_of(cases[i].first), addr_of(cases[i].first_source)};
        struct address_candidate other = {addr_of(cases[i].second),
                                          addr_of(cases[i].second_source)};
        struct address_candidate in_order[] = {best, other};
        struct address_candidate reversed[] = {other, best};
        address_order_sort(in_order, 2);
        address_order_sort(reversed, 2);
        CHECK_CASE(net_addr_equal(&in_order[0].addr, &best.addr), cases[i].label);
        CHECK_CASE(net_addr_equal(&reversed[0].addr, &best.addr), cases[i].label);
    }
}

static void equals_stay_in_their_order(void **state)
{
    struct net_addr source = addr_of("198.51.100.117");
    struct address_candidate candidates[] = {
        {addr_of("198.51.100.9"),   source},
        {addr_of("198.51.100.116"), source},
        {addr_of("192.0.2.1"),      source}
    };

    (void)state;
    address_order_sort(candidates, ARRAY_LEN(candidates));
    assert_int_equal(candidates[0].addr.ip[3], 9);
    assert_int_equal(candidates[1].addr.ip[3], 116);
    assert_int_equal(candidates[2].addr.ip[3], 1);
}

static void what_has_no_route_goes_last(void **state)
{
    struct net_addr addrs[] = {addr_of("255.255.255.255"), addr_of("127.0.0.1")};

    (void)state;
    address_order(addrs, ARRAY_LEN(addrs)); /* a broadcast needs a permission that we do not have */
    assert_int_equal(addrs[0].ip[0], 127);
    address_order(addrs, 0);
}

CHECK_MAIN(CHECK_TEST(addresses_are_ordered_as_rfc_6724_says),
           CHECK_TEST(equals_stay_in_their_order), CHECK_TEST(what_has_no_route_goes_last))
