#include "net/interfaces.h"
#include "net/source.h"
#include "sockets.h"

static void the_route_to_ourselves_begins_with_us(void **state)
{
    struct net_addr remote = sockets_addr("127.0.0.1", 5060);
    struct net_addr source;

    (void)state;
    assert_true(net_source_ask(&remote, &source));
    assert_int_equal(source.ip[0], 127);
    assert_int_equal(source.port, 0);
}

static void where_no_route_leads_there_is_no_source(void **state)
{
    struct net_addr nowhere = sockets_addr("255.255.255.255", 5060);
    struct hash_key key = {3, 4};
    struct net_source_cache cache;
    struct net_addr source;

    (void)state;
    net_source_cache_init(&cache, &key);
    assert_false(net_source_ask(&nowhere, &source));
    assert_false(net_source_find(&cache, &nowhere, 1, &source));
    assert_false(net_source_find(&cache, &nowhere, 2, &source));
}

static void an_answer_is_remembered_for_some_seconds(void **state)
{
    struct net_addr remote = sockets_addr("127.0.0.1", 5060);
    struct net_addr same_host = sockets_addr("127.0.0.1", 5061);
    struct net_addr source;
    struct hash_key key = {3, 4};
    struct net_source_cache cache;

    (void)state;
    net_source_cache_init(&cache, &key);
    assert_true(net_source_find(&cache, &remote, 1000, &source));
    for (size_t i = 0; i < SOURCE_CACHE_SLOTS; i++)
        cache.slots[i].local.ip[3] = 99; /* so that memory can be told from the system */
    assert_true(net_source_find(&cache, &same_host, 5999, &source));
    assert_int_equal(source.ip[3], 99);
    assert_true(net_source_find(&cache, &remote, 6000, &source));
    assert_int_equal(source.ip[3], 1);
}

static void our_addresses_are_known(void **state)
{
    static const struct {
        const char *host;
        bool ours;
    } cases[] = {
        {"127.0.0.1",   true },
        {"127.9.9.9",   true },
        {"203.0.113.9", false},
        {"2001:db8::9", false},
    };
    struct net_interfaces interfaces = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct net_addr addr = sockets_addr(cases[i].host, 5060);
        CHECK_CASE(net_interfaces_have(&interfaces, &addr, 1000) == cases[i].ours, cases[i].host);
    }
    struct net_addr loopback6 = sockets_addr("::1", 5060);
    assert_true(net_interfaces_have(&interfaces, &loopback6, 1000) == sockets_have("::1"));
}

static void the_list_of_addresses_is_read_again_when_it_is_old(void **state)
{
    struct net_addr stranger = sockets_addr("203.0.113.9", 0);
    struct net_interfaces interfaces = {.count = 1, .until_ms = 2000};

    (void)state;
    interfaces.addrs[0] = stranger;
    assert_true(net_interfaces_have(&interfaces, &stranger, 1999));
    assert_false(net_interfaces_have(&interfaces, &stranger, 2000));
}

CHECK_MAIN(CHECK_TEST(the_route_to_ourselves_begins_with_us),
           CHECK_TEST(where_no_route_leads_there_is_no_source),
           CHECK_TEST(an_answer_is_remembered_for_some_seconds),
           CHECK_TEST(our_addresses_are_known),
           CHECK_TEST(the_list_of_addresses_is_read_again_when_it_is_old))
