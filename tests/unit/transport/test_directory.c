/* The directory of connections: who holds the one to an address. */
#include "check.h"

#include <pthread.h>

#include "transport/directory.h"

enum { THREADS = 4, ENTRIES = 500 };

static const struct hash_key key = {1, 2};

static struct directory *new_directory(void)
{
    struct directory *directory = directory_new(&key);

    CHECK_MADE(directory);
    check_later((void (*)(void *))directory_free, directory);
    return directory;
}

static struct directory_entry entry_to(uint16_t port, uint16_t worker, uint64_t connection)
{
    return (struct directory_entry){
        .flow = {.protocol = HOP_TCP,
                 .worker = worker,
                 .connection = connection,
                 .remote = {.family = 4, .port = port, .ip = {192, 0, 2, 1}}}
    };
}

static void a_listed_connection_is_found_by_protocol_and_address(void **state)
{
    struct directory *directory = new_directory();
    struct directory_entry entry = entry_to(5060, 3, 77);
    struct net_addr other = entry.flow.remote;
    struct hop hop;

    (void)state;
    other.port++;
    directory_add(directory, &entry);
    assert_true(directory_find(directory, HOP_TCP, &entry.flow.remote, SLICE_NONE, &hop));
    assert_int_equal(hop.worker, 3);
    assert_int_equal(hop.connection, 77);
    assert_false(directory_find(directory, HOP_UDP, &entry.flow.remote, SLICE_NONE, &hop));
    assert_false(directory_find(directory, HOP_TCP, &other, SLICE_NONE, &hop));
    directory_remove(directory, &entry);
}

static void one_that_was_removed_is_found_no_more(void **state)
{
    struct directory *directory = new_directory();
    struct directory_entry first = entry_to(5060, 1, 1), second = entry_to(5060, 2, 2);
    struct hop hop;

    (void)state;
    directory_add(directory, &first);
    directory_add(directory, &second);
    directory_remove(directory, &first);
    assert_true(directory_find(directory, HOP_TCP, &second.flow.remote, SLICE_NONE, &hop));
    assert_int_equal(hop.connection, 2);
    directory_remove(directory, &second);
    directory_remove(directory, &second); /* harmless */
    assert_false(directory_find(directory, HOP_TCP, &second.flow.remote, SLICE_NONE, &hop));
}

struct visitor {
    struct directory *directory;
    uint16_t worker;
    bool found_all;
};

static void *come_and_go(void *arg)
{
    struct visitor *visitor = arg;
    struct hop hop;

    visitor->found_all = true;
    for (uint16_t port = 1; port <= ENTRIES; port++) {
        uint16_t own_port = (uint16_t)(port * THREADS + visitor->worker);
        struct directory_entry entry = entry_to(own_port, visitor->worker, port);
        directory_add(visitor->directory, &entry);
        visitor->found_all &=
            directory_find(visitor->directory, HOP_TCP, &entry.flow.remote, SLICE_NONE, &hop)
            && hop.worker == visitor->worker && hop.connection == port;
        directory_remove(visitor->directory, &entry);
    }
    return NULL;
}

static void several_threads_find_their_own(void **state)
{
    struct directory *directory = new_directory();
    struct visitor visitors[THREADS];
    pthread_t threads[THREADS];

    (void)state;
    for (uint16_t i = 0; i < THREADS; i++) {
        visitors[i] = (struct visitor){.directory = directory, .worker = i};
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &visitors[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(visitors[i].found_all);
    }
}

CHECK_MAIN(CHECK_TEST(a_listed_connection_is_found_by_protocol_and_address),
           CHECK_TEST(one_that_was_removed_is_found_no_more),
           CHECK_TEST(several_threads_find_their_own))
