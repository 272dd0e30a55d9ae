/* Flows: written and read back, and what is no flow. */
#include "check.h"

#include "server/flow.h"

static const struct hop ipv4 = {
    .protocol = HOP_TCP,
    .worker = 3,
    .listener = 2,
    .connection = 0x1122334455667788,
    .local = {.family = 4, .port = 5060,  .ip = {192, 0, 2, 1}},
    .remote = {.family = 4, .port = 40000, .ip = {192, 0, 2, 2}},
};
static const struct hop ipv6 = {
    .protocol = HOP_UDP,
    .local = {.family = 6, .port = 5060, .ip = {0x20, 1, 0xd, 0xb8}          },
    .remote = {.family = 6, .port = 5070, .ip = {0x20, 1, 0xd, 0xb8, [15] = 9}},
};

static struct slice write_flow(const struct hop *hop, char text[FLOW_MAX_BYTES])
{
    struct buffer out = buffer_over(text, FLOW_MAX_BYTES);

    flow_write(hop, 77, &out);
    assert_false(out.overflowed);
    return buffer_slice(&out);
}

static void a_flow_is_read_as_it_was_written(void **state)
{
    const struct hop *const hops[] = {&ipv4, &ipv6};
    char text[FLOW_MAX_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hops); i++) {
        struct hop hop;
        assert_true(flow_read(write_flow(hops[i], text), 77, &hop));
        assert_int_equal(hop.protocol, hops[i]->protocol);
        assert_int_equal(hop.worker, hops[i]->worker);
        assert_int_equal(hop.listener, hops[i]->listener);
        assert_true(hop.connection == hops[i]->connection);
        assert_true(net_addr_equal(&hop.local, &hops[i]->local));
        assert_true(net_addr_equal(&hop.remote, &hops[i]->remote));
    }
}

static void the_connection_of_another_run_is_gone(void **state)
{
    char text[FLOW_MAX_BYTES];
    struct hop hop;

    (void)state;
    assert_true(flow_read(write_flow(&ipv4, text), 78, &hop));
    assert_true(hop.connection == 0);
    assert_true(net_addr_equal(&hop.remote, &ipv4.remote));
}

static void what_is_cut_or_longer_is_no_flow(void **state)
{
    char text[FLOW_MAX_BYTES] = {0};
    struct slice flow = write_flow(&ipv4, text);
    struct hop hop;

    (void)state;
    for (size_t len = 0; len < flow.len; len++)
        assert_false(flow_read((struct slice){text, len}, 77, &hop));
    assert_false(flow_read((struct slice){text, flow.len + 1}, 77, &hop));
}

CHECK_MAIN(CHECK_TEST(a_flow_is_read_as_it_was_written),
           CHECK_TEST(the_connection_of_another_run_is_gone),
           CHECK_TEST(what_is_cut_or_longer_is_no_flow))
