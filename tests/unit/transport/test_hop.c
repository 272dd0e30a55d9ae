#include "check.h"
#include "transport/hop.h"

static void protocols_have_the_names_of_via(void **state)
{
    enum hop_protocol found;

    (void)state;
    CHECK_SLICE(hop_protocol_name(HOP_UDP), "UDP");
    CHECK_SLICE(hop_protocol_name(HOP_TCP), "TCP");
    assert_true(hop_protocol_find(SLICE("tcp"), &found));
    assert_int_equal(found, HOP_TCP);
    assert_true(hop_protocol_find(SLICE("Udp"), &found));
    assert_int_equal(found, HOP_UDP);
    assert_false(hop_protocol_find(SLICE("TLS-SCTP"), &found));
    assert_false(hop_protocol_find(SLICE(""), &found));
}

static void streams_alone_are_reliable(void **state)
{
    (void)state;
    assert_true(hop_is_reliable(&(struct hop){.protocol = HOP_TCP}));
    assert_false(hop_is_reliable(&(struct hop){.protocol = HOP_UDP}));
}

CHECK_MAIN(CHECK_TEST(protocols_have_the_names_of_via), CHECK_TEST(streams_alone_are_reliable))
