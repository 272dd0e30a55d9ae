/* A flood of lines that strangers cause, and what the log says of it. */
#include "check.h"

#include <stdio.h>
#include <unistd.h>

#include "base/timer_wheel.h"
#include "server/log_limit.h"

struct world {
    struct log log;
    struct log_batch batch;
    struct log_limit limit;
    FILE *file;
    char text[1 << 16];
};

static const struct hash_key key = {1, 2};
static struct world the_world;

static struct world *start_over(void)
{
    struct world *world = &the_world;

    *world = (struct world){.file = tmpfile()};
    CHECK_MADE(world->file);
    world->log = (struct log){.fd = fileno(world->file), .level = LOG_INFO};
    log_batch_init(&world->batch, &world->log);
    return world;
}

static void close_file(struct world *world)
{
    fclose(world->file);
}

/* How many of `count` lines of one host are written. */
static size_t cause(struct world *world, enum log_kind kind, const char *host, size_t count,
                    uint64_t now_ms)
{
    struct net_addr source;
    size_t written = 0;

    assert_true(net_addr_parse(slice_of(host), 1000, &source));
    for (size_t i = 0; i < count; i++) {
        source.port++;
        written += log_limit_permits(&world->limit, &key, kind, &source, now_ms);
    }
    return written;
}

static const char *reported(struct world *world, uint64_t now_ms)
{
    assert_true(log_limit_report(&world->limit, &world->batch, now_ms) == TIMER_NEVER);
    log_flush(&world->batch);
    ssize_t len = pread(world->log.fd, world->text, sizeof(world->text) - 1, 0);
    assert_true(len >= 0);
    world->text[len] = '\0';
    return world->text;
}

static void a_host_has_a_few_lines_a_minute_and_is_told_of(void **state)
{
    struct world *world = start_over();

    (void)state;
    assert_int_equal(cause(world, LOG_HANDSHAKES, "192.0.2.7", 1000, 5000), LOG_LIMIT_LINES);
    assert_int_equal(log_limit_report(&world->limit, &world->batch, 5000), 65000);
    assert_int_equal(cause(world, LOG_HANDSHAKES, "192.0.2.7", 5, 64999), 0);
    assert_non_null(
        strstr(reported(world, 65000), "kind=\"handshake failed\" count=985 source=192.0.2.7\n"));
    assert_int_equal(cause(world, LOG_HANDSHAKES, "192.0.2.7", 3, 65000), 3);
    assert_null(strstr(reported(world, 200000), "count=3 "));
    close_file(world);
}

static void kinds_and_hosts_do_not_share(void **state)
{
    struct world *world = start_over();

    (void)state;
    (void)cause(world, LOG_HANDSHAKES, "192.0.2.7", 1000, 0);
    assert_int_equal(cause(world, LOG_REFUSALS, "192.0.2.7", 5, 0), 5);
    assert_int_equal(cause(world, LOG_HANDSHAKES, "192.0.2.8", 5, 0), 5);
    close_file(world);
}

static void a_network_of_ipv6_is_one_host(void **state)
{
    struct world *world = start_over();
    size_t written = 0;
    char host[32];

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(host, sizeof(host), "2001:db8:0:1::%x", i);
        written += cause(world, LOG_PASSWORDS, host, 1, 0);
    }
    assert_int_equal(written, LOG_LIMIT_LINES);
    assert_non_null(strstr(reported(world, LOG_LIMIT_MS), "count=80 source=2001:db8:0:1::/64\n"));
    close_file(world);
}

static void however_many_hosts_there_are_the_lines_are_bounded(void **state)
{
    struct world *world = start_over();
    size_t written = 0;
    char host[32];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        snprintf(host, sizeof(host), "10.0.%d.%d", i / 256, i % 256);
        written += cause(world, LOG_REFUSALS, host, 1, 0);
    }
    assert_int_equal(written, LOG_LIMIT_LINES * LOG_LIMIT_PLACES);
    assert_non_null(strstr(reported(world, LOG_LIMIT_MS), " and others\""));
    close_file(world);
}

CHECK_MAIN(CHECK_TEST(a_host_has_a_few_lines_a_minute_and_is_told_of),
           CHECK_TEST(kinds_and_hosts_do_not_share), CHECK_TEST(a_network_of_ipv6_is_one_host),
           CHECK_TEST(however_many_hosts_there_are_the_lines_are_bounded))
