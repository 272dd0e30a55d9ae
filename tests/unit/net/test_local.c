/* Unix sockets in folders, however long their paths. */
#include "net/local.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void a_folder_may_have_any_path(void **state)
{
    char folder[1024];
    char byte = 0;

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/%0200d", check_folder(), 7);
    assert_int_equal(mkdir(folder, 0700), 0);
    int listener = net_local_listen(folder, "talk");
    assert_true(listener >= 0);
    int one = net_local_connect(folder, "talk");
    assert_true(one >= 0);
    int other = accept(listener, NULL, NULL);
    assert_int_equal(send(one, "a", 1, 0), 1);
    assert_int_equal(recv(other, &byte, 1, 0), 1);
    assert_int_equal(byte, 'a');
    close(one);
    close(other);

    net_local_remove(folder, "talk");
    assert_int_equal(net_local_connect(folder, "talk"), -ENOENT);
    close(listener);
}

static void a_socket_that_nobody_serves_says_so_and_is_replaced(void **state)
{
    (void)state;
    int first = net_local_listen(check_folder(), "talk");
    assert_true(first >= 0);
    close(first);
    assert_int_equal(net_local_connect(check_folder(), "talk"), -ECONNREFUSED);
    int second = net_local_listen(check_folder(), "talk");
    assert_true(second >= 0);
    int client = net_local_connect(check_folder(), "talk");
    assert_true(client >= 0);
    close(client);
    close(second);
}

static void what_cannot_be_is_an_error(void **state)
{
    char name[200];

    (void)state;
    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(net_local_listen("/nonexistent", "talk"), -ENOENT);
    assert_int_equal(net_local_connect("/dev/null", "talk"), -ENOTDIR);
    assert_int_equal(net_local_listen(check_folder(), name), -ENAMETOOLONG);
    assert_int_equal(net_local_connect(check_folder(), name), -ENAMETOOLONG);
    net_local_remove("/nonexistent", "talk");
}

CHECK_MAIN(CHECK_TEST(a_folder_may_have_any_path),
           CHECK_TEST(a_socket_that_nobody_serves_says_so_and_is_replaced),
           CHECK_TEST(what_cannot_be_is_an_error))
