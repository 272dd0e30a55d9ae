/* Waiting for a connection to open before anything is sent by it. */
#include "world.h"

struct waiting {
    struct transport_waiter waiter;
    size_t told;
    bool is_open;
};

static void told(struct transport_waiter *waiter, bool is_open)
{
    struct waiting *waiting = CONTAINER_OF(waiter, struct waiting, waiter);

    waiting->told++;
    waiting->is_open = is_open;
}

static void prepare(struct waiting *waiting)
{
    *waiting = (struct waiting){.waiter.told = told};
    list_init(&waiting->waiter.node);
}

static int listening(void)
{
    int fd = sockets_bound(SOCK_STREAM, "127.0.0.1");

    assert_int_equal(listen(fd, 10), 0);
    return fd;
}

static struct hop hop_to(int fd)
{
    return (struct hop){.protocol = HOP_TCP, .listener = 1, .remote = net_socket_local(fd)};
}

static void await_with(struct world *world, struct hop *hop, struct waiting *waiting)
{
    prepare(waiting);
    enum transport_opening opening = transport_await(world->transport, hop, &waiting->waiter);
    CHECK_MADE(opening != TRANSPORT_CANNOT ? world : NULL);
    assert_int_equal(opening, TRANSPORT_OPENING);
}

static void all_who_wait_are_told_that_it_is_open_and_send_by_it(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int fd = listening();
    struct hop hop = hop_to(fd);
    struct waiting first, second;

    (void)state;
    await_with(world, &hop, &first);
    assert_true(hop.connection != 0);
    await_with(world, &hop, &second);
    assert_int_equal(first.told, 0);
    world_idle(world, 50);
    assert_int_equal(first.told, 1);
    assert_int_equal(second.told, 1);
    assert_true(first.is_open && second.is_open);
    assert_int_equal(transport_connection_count(world->transport), 1);
    assert_int_equal(transport_await(world->transport, &hop, &first.waiter), TRANSPORT_READY);
    assert_int_equal(world->counts[WORLD_CLOSED], 0);
}

static void who_waits_for_one_that_is_refused_is_told_so(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int fd = sockets_bound(SOCK_STREAM, "127.0.0.1"); /* it does not listen */
    struct hop hop = hop_to(fd);
    struct waiting waiting;

    (void)state;
    await_with(world, &hop, &waiting);
    world_idle(world, 50);
    assert_int_equal(waiting.told, 1);
    assert_false(waiting.is_open);
    assert_int_equal(transport_connection_count(world->transport), 0);
    assert_int_equal(world->counts[WORLD_CLOSED], 0);
}

static void one_given_up_is_closed_unless_somebody_else_waits(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int fd = listening();
    struct hop hop = hop_to(fd);
    struct waiting first, second;

    (void)state;
    await_with(world, &hop, &first);
    await_with(world, &hop, &second);
    list_remove(&first.waiter.node);
    transport_give_up(world->transport, &hop);
    assert_int_equal(transport_connection_count(world->transport), 1);
    list_remove(&second.waiter.node);
    transport_give_up(world->transport, &hop);
    assert_int_equal(transport_connection_count(world->transport), 0);
    world_idle(world, 50);
    assert_int_equal(first.told + second.told, 0);
}

static void one_that_has_something_to_send_is_not_given_up(void **state)
{
    struct world *world = world_of("127.0.0.1");
    int fd = listening();
    struct hop hop = hop_to(fd);
    struct waiting waiting;

    (void)state;
    await_with(world, &hop, &waiting);
    world_send(world, &hop, SLICE("SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
    list_remove(&waiting.waiter.node);
    transport_give_up(world->transport, &hop);
    world_idle(world, 50);
    assert_int_equal(transport_connection_count(world->transport), 1);
    assert_int_equal(world->counts[WORLD_UNREACHABLE], 0);
}

static void datagrams_and_what_others_hold_need_no_waiting(void **state)
{
    struct world *world = world_of("127.0.0.1");
    struct hop datagram = {.protocol = HOP_UDP, .remote = sockets_addr("127.0.0.1", 9)};
    struct hop of_others = {.protocol = HOP_TCP, .worker = 7, .connection = 5};
    struct hop gone = {.protocol = HOP_TCP, .connection = 5};
    struct waiting waiting;

    (void)state;
    prepare(&waiting);
    assert_int_equal(transport_await(world->transport, &datagram, &waiting.waiter),
                     TRANSPORT_READY);
    assert_int_equal(transport_await(world->transport, &of_others, &waiting.waiter),
                     TRANSPORT_READY);
    assert_int_equal(transport_await(world->transport, &gone, &waiting.waiter), TRANSPORT_CANNOT);
}

CHECK_MAIN(CHECK_TEST(all_who_wait_are_told_that_it_is_open_and_send_by_it),
           CHECK_TEST(who_waits_for_one_that_is_refused_is_told_so),
           CHECK_TEST(one_given_up_is_closed_unless_somebody_else_waits),
           CHECK_TEST(one_that_has_something_to_send_is_not_given_up),
           CHECK_TEST(datagrams_and_what_others_hold_need_no_waiting))
