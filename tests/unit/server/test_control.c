/* The control socket: who may open it, and that no client is waited for. */
#include "server/control.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "net/local.h"
#include "store/user.h"

struct world {
    struct settings settings;
    struct server server;
    struct control *control;
    int fd;
};

static void stop(void *world)
{
    struct world *w = world;

    if (w->fd >= 0)
        close(w->fd);
    control_stop(w->control);
    store_close(w->server.store);
    free(w);
}

static int ask_folder(void)
{
    int fd = net_local_connect(check_folder(), "control");
    const struct timeval patience = {.tv_sec = 5};

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

static struct world *start(void)
{
    struct world *w = calloc(1, sizeof(*w));
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));
    enum err err;

    CHECK_MADE(w);
    w->fd = -1;
    check_later(stop, w);
    settings_init(&w->settings);
    atomic_init(&w->server.settings, &w->settings);
    w->server.log = (struct log){.fd = -1, .level = LOG_ERROR};
    const struct store_settings settings = {
        .folder = check_folder(), .log = &w->server.log, .max_bindings = 100, .max_users = 100000};
    w->server.store = store_open(&settings, 1, &err, &fault);
    CHECK_MADE(w->server.store);
    w->control = control_start(&w->server, check_folder(), &fault);
    CHECK_MADE(w->control);
    w->fd = ask_folder();
    return w;
}

static void check_answer(int fd, const char *question, const char *expected)
{
    char answer[256];
    size_t len = strlen(question);

    assert_int_equal(send(fd, question, len, MSG_NOSIGNAL), len);
    ssize_t got = recv(fd, answer, sizeof(answer), 0);
    assert_true(got > 0);
    CHECK_SLICE(((struct slice){answer, (size_t)got}), expected);
}

static void lines_are_answered_however_they_are_split(void **state)
{
    struct world *w = start();

    (void)state;
    check_answer(w->fd, "{\"do\":\"user-list\"}\n", "{\"ok\":true}\n");
    assert_int_equal(send(w->fd, "{\"do\":\"use", 10, MSG_NOSIGNAL), 10);
    usleep(20000);
    check_answer(w->fd, "r-list\"}\n", "{\"ok\":true}\n");
    /* Two at once. */
    assert_int_equal(send(w->fd, "{\"do\":\"user-list\"}\n{\"do\":\"user-", 31, MSG_NOSIGNAL), 31);
    usleep(20000);
    check_answer(w->fd, "", "{\"ok\":true}\n");
    check_answer(w->fd, "list\"}\n", "{\"ok\":true}\n");
}

static void the_socket_is_ours_alone_and_goes_with_us(void **state)
{
    struct world *w = start();
    char path[512];
    struct stat st;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/control", check_folder());
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    control_stop(w->control);
    w->control = NULL;
    assert_int_not_equal(stat(path, &st), 0);
}

static void the_socket_of_a_dead_process_is_replaced(void **state)
{
    (void)state;
    int dead = net_local_listen(check_folder(), "control");
    assert_true(dead >= 0);
    close(dead);
    assert_true(net_local_connect(check_folder(), "control") < 0);
    struct world *w = start();
    check_answer(w->fd, "{\"do\":\"user-list\"}\n", "{\"ok\":true}\n");
}

static void a_line_without_end_is_hung_up_on(void **state)
{
    struct world *w = start();
    char text[8192], answer;

    (void)state;
    memset(text, ' ', sizeof(text));
    assert_int_equal(send(w->fd, text, sizeof(text), MSG_NOSIGNAL), sizeof(text));
    assert_int_equal(recv(w->fd, &answer, 1, 0), 0);
}

/* It answers others while one has much to read and does not. */
static void who_does_not_read_holds_up_nobody(void **state)
{
    static const char list[] = "{\"do\":\"user-list\"}\n";
    struct world *w = start();

    (void)state;
    struct user *users = calloc(20000, sizeof(*users));
    check_later(free, users);
    CHECK_MADE(users);
    for (int i = 0; i < 20000; i++)
        users[i].aor_len = (uint16_t)snprintf(users[i].aor, USER_MAX_NAME, "u%d@x.org", i);
    assert_int_equal(user_import(w->server.store, users, 20000), ERR_NONE);
    assert_int_equal(send(w->fd, list, sizeof(list) - 1, MSG_NOSIGNAL), sizeof(list) - 1);
    usleep(100000);

    int other = ask_folder();
    check_answer(other, "{\"do\":\"nothing\"}\n",
                 "{\"error\":\"this is no command that the server knows\"}\n");
    close(other);
}

static void more_clients_than_there_are_seats_are_turned_away(void **state)
{
    struct world *w = start();
    int fds[20];
    char byte;
    size_t turned_away = 0;

    (void)state;
    (void)w;
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = ask_folder();
    usleep(200000);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        turned_away += recv(fds[i], &byte, 1, MSG_DONTWAIT) == 0;
        close(fds[i]);
    }
    assert_int_equal(turned_away, ARRAY_LEN(fds) - 15); /* one of the 16 seats is w->fd's */
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    struct server server = {.worker_count = 0};
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));

    (void)state;
    assert_null(control_start(&server, "/nonexistent", &fault));
    CHECK_SLICE(buffer_slice(&fault),
                "cannot listen on /nonexistent/control: No such file or directory");
}

CHECK_MAIN(CHECK_TEST(lines_are_answered_however_they_are_split),
           CHECK_TEST(the_socket_is_ours_alone_and_goes_with_us),
           CHECK_TEST(the_socket_of_a_dead_process_is_replaced),
           CHECK_TEST(a_line_without_end_is_hung_up_on),
           CHECK_TEST(who_does_not_read_holds_up_nobody),
           CHECK_TEST(more_clients_than_there_are_seats_are_turned_away),
           CHECK_TEST(a_folder_that_is_not_there_is_named))
