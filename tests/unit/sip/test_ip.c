/* Addresses: from text, from records, and back. */
#include "check.h"

#include "sip/ip.h"

static void reads_literals_and_writes_them(void **state)
{
    static const struct {
        const char *text;
        const char *written; /* NULL: it is none */
    } cases[] = {
        {"192.0.2.1",                                                         "192.0.2.1"         },
        {"2001:DB8::1",                                                       "2001:db8::1"       },
        {"2001:db8:0:0:0:0:0:1",                                              "2001:db8::1"       },
        {"::ffff:192.0.2.1",                                                  "192.0.2.1"         },
        {"::192.0.2.1",                                                       "::192.0.2.1"       },
        {"2001:db8:::192.0.2.1",                                              "2001:db8::c000:201"}, /* RFC 5118 4.10 */
        {"::",                                                                "::"                },
        {"",                                                                  NULL                },
        {"192.0.2",                                                           NULL                },
        {"192.0.2.256",                                                       NULL                },
        {"192.0.2.1.5",                                                       NULL                },
        {"192.0.2.1 ",                                                        NULL                },
        {"0x7f.1",                                                            NULL                },
        {"2130706433",                                                        NULL                },
        {"example.com",                                                       NULL                },
        {"[::1]",                                                             NULL                },
        {"::1%lo",                                                            NULL                },
        {"1::2::3",                                                           NULL                },
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999",                      NULL                },
        {"1111:1111:1111:1111:1111:1111:1111:111111111111111111111111111111", NULL                },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char memory[64];
        struct buffer out = buffer_over(memory, sizeof(memory));
        struct sip_ip ip;
        bool is_literal = sip_ip_parse(slice_of(cases[i].text), &ip);
        CHECK_CASE(is_literal == (cases[i].written != NULL), cases[i].text);
        if (!is_literal)
            continue;
        sip_ip_write(&ip, &out);
        CHECK_SLICE(buffer_slice(&out), cases[i].written);
    }
}

/* inet_pton would not see what is behind it. */
static void a_nul_hides_nothing(void **state)
{
    struct sip_ip ip;

    (void)state;
    assert_false(sip_ip_parse(SLICE("192.0.2.1\0x"), &ip));
    assert_false(sip_ip_parse(SLICE("192.0.2.1\0"), &ip));
    assert_false(sip_ip_parse(SLICE("::1\0x"), &ip));
}

static void records_have_4_or_16_bytes(void **state)
{
    static const char bytes[32] = {1, 2, 3, 4, 5};
    static const char mapped[16] = {[10] = (char)0xff, [11] = (char)0xff, 1, 2, 3, 4};
    struct sip_ip ip, same;

    (void)state;
    for (size_t len = 0; len <= sizeof(bytes); len++)
        assert_int_equal(sip_ip_from_bytes((struct slice){bytes, len}, &ip), len == 4 || len == 16);
    assert_true(sip_ip_from_bytes((struct slice){bytes, 4}, &ip));
    assert_true(sip_ip_from_bytes((struct slice){mapped, 16}, &same));
    assert_true(sip_ip_equal(&ip, &same));
    assert_true(sip_ip_from_bytes((struct slice){bytes, 16}, &same));
    assert_false(sip_ip_equal(&ip, &same));
}

static void tells_hosts_from_groups(void **state)
{
    static const struct {
        const char *text;
        bool is_one_host;
    } cases[] = {
        {"192.0.2.1",       true },
        {"127.0.0.1",       true },
        {"223.255.255.255", true },
        {"224.0.0.1",       false},
        {"239.255.255.255", false},
        {"240.0.0.1",       true },
        {"0.0.0.0",         false},
        {"255.255.255.255", false},
        {"::",              false},
        {"::1",             true },
        {"ff02::1",         false},
        {"fe80::1",         true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sip_ip ip;
        assert_true(sip_ip_parse(slice_of(cases[i].text), &ip));
        CHECK_CASE(sip_ip_is_one_host(&ip) == cases[i].is_one_host, cases[i].text);
    }
}

CHECK_MAIN(CHECK_TEST(reads_literals_and_writes_them), CHECK_TEST(a_nul_hides_nothing),
           CHECK_TEST(records_have_4_or_16_bytes), CHECK_TEST(tells_hosts_from_groups))
