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

static struct slice write_flow(const struct hop *hop, bool is_bound, char text[FLOW_MAX_BYTES])
{
    const struct flow flow = {*hop, is_bound};
    struct buffer out = buffer_over(text, FLOW_MAX_BYTES);

    flow_write(&flow, 77, &out);
    assert_false(out.overflowed);
    return buffer_slice(&out);
}

static bool read_all(struct slice bytes, uint32_t run, struct flow *out)
{
    return flow_read(&bytes, run, out) && bytes.len == 0;
}

static void check_hop(const struct hop *hop, const struct hop *expected)
{
    assert_int_equal(hop->protocol, expected->protocol);
    assert_int_equal(hop->worker, expected->worker);
    assert_int_equal(hop->listener, expected->listener);
    assert_true(hop->connection == expected->connection);
    assert_true(net_addr_equal(&hop->local, &expected->local));
    assert_true(net_addr_equal(&hop->remote, &expected->remote));
}

static void a_flow_is_read_as_it_was_written(void **state)
{
    const struct hop *const hops[] = {&ipv4, &ipv6};
    char text[FLOW_MAX_BYTES];

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(hops); i++) {
        struct flow flow;
        assert_true(read_all(write_flow(hops[i / 2], i % 2 == 1, text), 77, &flow));
        assert_int_equal(flow.is_bound, i % 2);
        check_hop(&flow.hop, hops[i / 2]);
    }
}

static void one_is_read_off_the_front(void **state)
{
    char text[FLOW_MAX_BYTES] = {0};
    struct slice bytes = write_flow(&ipv4, true, text);
    struct flow flow;

    (void)state;
    bytes.len += 3;
    assert_true(flow_read(&bytes, 77, &flow));
    assert_int_equal(bytes.len, 3);
}

/* As the version before this one wrote it: protocol, worker, listener, run, connection, addresses.
 */
static void a_flow_of_the_first_version_is_read(void **state)
{
    static const char bytes[] = "\1\1\0\3\0\2\0\0\0\115\x11\x22\x33\x44\x55\x66\x77\x88"
                                "\4\x13\xc4\xc0\0\2\1\4\x9c\x40\xc0\0\2\2";
    struct flow flow;

    (void)state;
    assert_true(read_all((struct slice){bytes, sizeof(bytes) - 1}, 77, &flow));
    assert_false(flow.is_bound);
    check_hop(&flow.hop, &ipv4);
    for (size_t len = 0; len < sizeof(bytes) - 1; len++)
        assert_false(read_all((struct slice){bytes, len}, 77, &flow));
}

static void the_connection_of_another_run_is_gone(void **state)
{
    char text[FLOW_MAX_BYTES];
    struct flow flow;

    (void)state;
    assert_true(read_all(write_flow(&ipv4, false, text), 78, &flow));
    assert_true(flow.hop.connection == 0);
    assert_true(net_addr_equal(&flow.hop.remote, &ipv4.remote));
}

static void what_is_cut_is_no_flow(void **state)
{
    char text[FLOW_MAX_BYTES] = {0};
    struct slice bytes = write_flow(&ipv4, false, text);
    struct flow flow;

    (void)state;
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(read_all((struct slice){text, len}, 77, &flow));
    text[0] = 3;
    assert_false(read_all(bytes, 77, &flow));
}

CHECK_MAIN(CHECK_TEST(a_flow_is_read_as_it_was_written), CHECK_TEST(one_is_read_off_the_front),
           CHECK_TEST(a_flow_of_the_first_version_is_read),
           CHECK_TEST(the_connection_of_another_run_is_gone), CHECK_TEST(what_is_cut_is_no_flow))
