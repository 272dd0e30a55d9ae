#include "check.h"
#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static void literals_are_parsed_and_written_as_the_system_writes_them(void **state)
{
    static const struct {
        const char *text;
        uint8_t family; /* 0: not a literal */
        const char *written;
    } cases[] = {
        {"192.0.2.1",                                         4, "192.0.2.1:5060"                 },
        {"0.0.0.0",                                           4, "0.0.0.0:5060"                   },
        {"255.255.255.255",                                   4, "255.255.255.255:5060"           },
        {"2001:DB8::9",                                       6, "[2001:db8::9]:5060"             },
        {"2001:db8:0:0:0:0:0:9",                              6, "[2001:db8::9]:5060"             },
        {"::",                                                6, "[::]:5060"                      },
        {"::ffff:192.0.2.1",                                  4, "192.0.2.1:5060"                 },
        {"2001:db8::192.0.2.1",                               6, "[2001:db8::c000:201]:5060"      },
        {"2001:db8:::192.0.2.1",                              6, "[2001:db8::c000:201]:5060"      },
        {"2001:db8:::1",                                      0, "a third colon is for IPv4 alone"},
        {"2001:db8::::192.0.2.1",                             0, "four colons"                    },
        {":::2001:db8::192.0.2.1",                            0, "two gaps"                       },
        {"[2001:db8::9]",                                     0, "brackets belong to the URI"     },
        {"192.0.2",                                           0, "three numbers"                  },
        {"192.0.2.1.",                                        0, "a dot too many"                 },
        {"192.0.2.256",                                       0, "a number too large"             },
        {" 192.0.2.1",                                        0, "space"                          },
        {"",                                                  0, "nothing"                        },
        {"example.org",                                       0, "a name"                         },
        {"fe80::1%lo",                                        0, "a zone"                         },
        {"0000:0000:0000:0000:0000:ffff:255.255.255.2555555", 0, "much too long"                  },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[64];
        struct buffer out = buffer_over(text, sizeof(text));
        struct net_addr addr = {0};
        bool parsed = net_addr_parse(slice_of(cases[i].text), 5060, &addr);
        CHECK_CASE(parsed == (cases[i].family != 0), cases[i].text);
        CHECK_CASE(addr.family == cases[i].family, cases[i].text);
        if (!parsed)
            continue;
        net_addr_write(&addr, &out);
        CHECK_SLICE(buffer_slice(&out), cases[i].written);
    }
}

static void a_nul_inside_is_no_address(void **state)
{
    struct net_addr addr;

    (void)state;
    assert_false(net_addr_parse(SLICE("192.0.2.1\0.example"), 1, &addr));
    assert_false(net_addr_parse(SLICE("192.0.2.1\0"), 1, &addr));
}

/* Small numbers, so that the texts are often nearly right. */
static unsigned next_random(void)
{
    static unsigned state = 1;

    state = state * 1103515245U + 12345U;
    return state >> 16;
}

/* IPv4 is read and written by hand, since most messages bring some: it must not differ. */
static void ipv4_is_read_as_inet_pton_reads_it(void **state)
{
    static const char bytes[] = "0011225569....:a ";

    (void)state;
    for (int round = 0; round < 300000; round++) {
        char text[17];
        size_t len = next_random() % sizeof(text);
        uint8_t ip[4];
        struct net_addr addr;
        for (size_t i = 0; i < len; i++)
            text[i] = bytes[next_random() % (sizeof(bytes) - 1)];
        text[len] = '\0';
        bool is_ipv4 = inet_pton(AF_INET, text, ip) == 1;
        bool parsed = net_addr_parse((struct slice){text, len}, 7, &addr) && addr.family == 4;
        CHECK_CASE(parsed == is_ipv4, text);
        if (parsed)
            CHECK_CASE(memcmp(addr.ip, ip, sizeof(ip)) == 0 && addr.port == 7, text);
    }
}

static void ipv4_is_written_as_inet_ntop_writes_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 300000; i++) {
        struct net_addr addr = {.family = 4};
        char text[INET_ADDRSTRLEN], expected[INET_ADDRSTRLEN];
        struct buffer out = buffer_over(text, sizeof(text));
        for (int octet = 0; octet < 4; octet++)
            addr.ip[octet] = (uint8_t)(i < 256 ? i : next_random());
        net_addr_write_host(&addr, &out);
        assert_non_null(inet_ntop(AF_INET, addr.ip, expected, sizeof(expected)));
        CHECK_SLICE(buffer_slice(&out), expected);
    }
}

static struct net_addr parsed(const char *text, uint16_t port)
{
    struct net_addr addr = {0};

    assert_true(net_addr_parse(slice_of(text), port, &addr));
    return addr;
}

static void the_systems_form_and_back_is_the_same(void **state)
{
    static const char *const texts[] = {"192.0.2.1", "0.0.0.0", "2001:db8::9", "::1"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct net_addr addr = parsed(texts[i], 65535);
        struct net_addr again;
        struct sockaddr_storage sa;
        addr.scope_id = addr.family == 6 ? 7 : 0;
        CHECK_CASE(net_addr_to_sockaddr(&addr, &sa) > 0, texts[i]);
        CHECK_CASE(net_addr_from_sockaddr((struct sockaddr *)&sa, &again), texts[i]);
        CHECK_CASE(net_addr_equal(&addr, &again), texts[i]);
    }
}

static void the_data_of_a_record_is_an_address(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *expected; /* NULL: none */
    } cases[] = {
        {"\xc0\0\2\1",                               4,  "192.0.2.1"  },
        {"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09", 16, "2001:db8::9"},
        {"\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1",   16, "127.0.0.1"  },
        {"\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0",     15, NULL         },
        {"",                                         0,  NULL         },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice bytes = {cases[i].bytes, cases[i].len};
        struct net_addr addr;
        bool is_one = net_addr_from_bytes(bytes, &addr);
        assert_true(is_one == (cases[i].expected != NULL));
        if (!is_one)
            continue;
        struct net_addr expected = parsed(cases[i].expected, 0);
        CHECK_CASE(net_addr_equal(&addr, &expected), cases[i].expected);
    }
}

static void other_families_are_refused(void **state)
{
    struct sockaddr sa = {.sa_family = AF_UNIX};
    struct net_addr addr;

    (void)state;
    assert_false(net_addr_from_sockaddr(&sa, &addr));
}

static void the_port_makes_two_addresses_of_one_host(void **state)
{
    struct net_addr a = parsed("192.0.2.1", 5060);
    struct net_addr b = parsed("192.0.2.1", 5061);
    struct net_addr c = parsed("192.0.2.2", 5060);
    struct hash_key key = {1, 2};

    (void)state;
    assert_true(net_addr_same_host(&a, &b));
    assert_false(net_addr_equal(&a, &b));
    assert_false(net_addr_same_host(&a, &c));
    assert_true(net_addr_hash(&key, &a) == net_addr_hash(&key, &a));
    assert_true(net_addr_hash(&key, &a) != net_addr_hash(&key, &b));
}

static void kinds_of_addresses_are_told_apart(void **state)
{
    static const struct {
        const char *text;
        bool wildcard;
        bool multicast;
        bool loopback;
        bool link_local;
        bool private;
    } cases[] = {
        {"0.0.0.0",         true,  false, false, false, false},
        {"::",              true,  false, false, false, false},
        {"192.0.2.1",       false, false, false, false, false},
        {"2001:db8::1",     false, false, false, false, false},
        {"224.0.1.75",      false, true,  false, false, false},
        {"239.255.255.255", false, true,  false, false, false},
        {"240.0.0.1",       false, false, false, false, false},
        {"255.255.255.255", false, true,  false, false, false},
        {"ff02::1",         false, true,  false, false, false},
        {"126.255.0.1",     false, false, false, false, false},
        {"127.0.0.1",       false, false, true,  false, false},
        {"127.255.0.1",     false, false, true,  false, false},
        {"::1",             false, false, true,  false, false},
        {"::2",             false, false, false, false, false},
        {"169.254.255.1",   false, false, false, true,  false},
        {"169.253.0.1",     false, false, false, false, false},
        {"fe80::1",         false, false, false, true,  false},
        {"febf::1",         false, false, false, true,  false},
        {"fec0::1",         false, false, false, false, false},
        {"10.255.0.1",      false, false, false, false, true },
        {"172.15.0.1",      false, false, false, false, false},
        {"172.31.255.1",    false, false, false, false, true },
        {"192.168.0.1",     false, false, false, false, true },
        {"192.169.0.1",     false, false, false, false, false},
        {"100.127.0.1",     false, false, false, false, true },
        {"100.128.0.1",     false, false, false, false, false},
        {"fdff::1",         false, false, false, false, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct net_addr addr = parsed(cases[i].text, 5060);
        CHECK_CASE(net_addr_is_wildcard(&addr) == cases[i].wildcard, cases[i].text);
        CHECK_CASE(net_addr_is_multicast(&addr) == cases[i].multicast, cases[i].text);
        CHECK_CASE(net_addr_is_loopback(&addr) == cases[i].loopback, cases[i].text);
        CHECK_CASE(net_addr_is_link_local(&addr) == cases[i].link_local, cases[i].text);
        CHECK_CASE(net_addr_is_private(&addr) == cases[i].private, cases[i].text);
    }
}

CHECK_MAIN(CHECK_TEST(literals_are_parsed_and_written_as_the_system_writes_them),
           CHECK_TEST(a_nul_inside_is_no_address), CHECK_TEST(ipv4_is_read_as_inet_pton_reads_it),
           CHECK_TEST(ipv4_is_written_as_inet_ntop_writes_it),
           CHECK_TEST(the_systems_form_and_back_is_the_same),
           CHECK_TEST(the_data_of_a_record_is_an_address), CHECK_TEST(other_families_are_refused),
           CHECK_TEST(the_port_makes_two_addresses_of_one_host),
           CHECK_TEST(kinds_of_addresses_are_told_apart))
