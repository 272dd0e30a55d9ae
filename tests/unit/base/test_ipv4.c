/* What is an IPv4 address is what inet_pton says. */
#include "check.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/ipv4.h"

static bool is_parsed_as(const char *text, const uint8_t expected[IPV4_BYTES])
{
    uint8_t ip[IPV4_BYTES];

    return ipv4_parse(slice_of(text), ip) && memcmp(ip, expected, sizeof(ip)) == 0;
}

static void parses_what_inet_pton_parses(void **state)
{
    static const char *const texts[] = {
        "192.0.2.1", "0.0.0.0",  "255.255.255.255", "10.20.30.40", "",
        "1",         "1.2.3",    "1.2.3.",          "1.2.3.4.",    "1.2.3.4.5",
        ".1.2.3.4",  "1..2.3",   "256.0.0.1",       "1.2.3.256",   "1.2.3.1000",
        "01.2.3.4",  "1.2.3.00", "1.2.3.04",        "1.2.3.4 ",    " 1.2.3.4",
        "1.2.3.x",   "a.b.c.d",  "1.2.3.4:5",       "-1.2.3.4",    "1.2.3.4294967297",
        "1,2,3,4",   "1.2.3.:",  "1.2.3./",         "example.org", "::1",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        uint8_t expected[IPV4_BYTES], ip[IPV4_BYTES];
        bool is_one = inet_pton(AF_INET, texts[i], expected) == 1;
        CHECK_CASE(ipv4_parse(slice_of(texts[i]), ip) == is_one, texts[i]);
        CHECK_CASE(!is_one || is_parsed_as(texts[i], expected), texts[i]);
    }
}

static void reads_not_a_byte_too_many(void **state)
{
    uint8_t ip[IPV4_BYTES];

    (void)state;
    assert_false(ipv4_parse(SLICE_NONE, ip));
    assert_false(ipv4_parse(SLICE("1.2.3.4\0"), ip));
    assert_true(ipv4_parse((struct slice){"1.2.3.45", 7}, ip));
    assert_int_equal(ip[3], 4);
}

CHECK_MAIN(CHECK_TEST(parses_what_inet_pton_parses), CHECK_TEST(reads_not_a_byte_too_many))
