/* Which addresses may be tried side by side: RFC 8305 4 and 5. */
#include "locate_world.h"

static void begin(struct world *world, struct sip_locate *l)
{
    struct sip_locate_client client = world_client("TCP UDP");

    world_start(world, l, "sip:example.com;transport=tcp", &client);
}

/* The last digit of each address as it is yielded, a dot before those that are not beside the last.
 */
static void check_order(const char *zone, const char *expected)
{
    struct world *world = world_of(zone);
    struct sip_locate l;
    struct sip_candidate found;
    char text[64];
    struct buffer order = buffer_over(text, sizeof(text));

    begin(world, &l);
    assert_false(sip_locate_beside(&l));
    for (;;) {
        bool is_beside = sip_locate_beside(&l);
        if (world_next(world, &l, &found) != SIP_LOCATED)
            break;
        if (!is_beside)
            buffer_add_char(&order, '.');
        buffer_add_u64(&order, found.ip.bytes[found.ip.family == 4 ? 3 : 15]);
    }
    assert_false(sip_locate_beside(&l));
    CHECK_SLICE(buffer_slice(&order), expected);
}

static void addresses_of_one_name_are_one_family_after_the_other(void **state)
{
    (void)state;
    check_order("example.com. IN AAAA 2001:db8::1\nexample.com. IN AAAA 2001:db8::2\n"
                "example.com. IN A 192.0.2.3\nexample.com. IN A 192.0.2.4\n",
                ".1324");
    check_order("example.com. IN A 192.0.2.1\nexample.com. IN A 192.0.2.2\n", ".12");
    check_order("example.com. IN A 192.0.2.1\n", ".1");
    check_order("", "");
}

static void those_of_another_server_wait_their_turn(void **state)
{
    (void)state;
    check_order("_sip._tcp.example.com. IN SRV 1 0 5060 a.example.com.\n"
                "_sip._tcp.example.com. IN SRV 2 0 5060 b.example.com.\n"
                "a.example.com. IN A 192.0.2.1\na.example.com. IN AAAA 2001:db8::2\n"
                "b.example.com. IN A 192.0.2.3\nb.example.com. IN AAAA 2001:db8::4\n",
                ".12.34");
}

CHECK_MAIN(CHECK_TEST(addresses_of_one_name_are_one_family_after_the_other),
           CHECK_TEST(those_of_another_server_wait_their_turn))
