/*
 * The thread behind the control socket. It polls: clients are few, and none of them is waited for,
 * neither to ask nor to read what it was answered.
 */
#include "server/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/local.h"
#include "server/control_desk.h"

enum { MAX_CLIENTS = 16, MAX_LINE = 8192, IDLE_MS = 60000, STUCK_MS = 15 * 60000, NAP_MS = 1000 };

#define SOCKET_NAME "control"

struct client {
    int fd; /* -1: nobody */
    uint64_t active_ms;
    struct control_desk desk;
    size_t sent; /* of what the desk has answered */
    size_t len;
    char text[MAX_LINE]; /* what came and was not asked yet */
};

struct control {
    struct server *server;
    const char *folder; /* stays with the settings it came from */
    int listener;
    int stop_event;
    pthread_t thread;
    struct client clients[MAX_CLIENTS];
};

static void *run(void *arg);

static uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct control *control_start(struct server *server, const char *folder, struct buffer *fault)
{
    struct control *c = calloc(1, sizeof(*c));
    int error = ENOMEM;

    if (c == NULL)
        goto fail;
    c->server = server;
    c->folder = folder;
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        c->clients[i].fd = -1;
    c->listener = net_local_listen(folder, SOCKET_NAME);
    c->stop_event = eventfd(0, EFD_CLOEXEC);
    error = c->listener < 0 ? -c->listener : c->stop_event < 0 ? errno : 0;
    if (error == 0)
        error = pthread_create(&c->thread, NULL, run, c);
    if (error == 0)
        return c;
    if (c->listener >= 0)
        close(c->listener);
    if (c->stop_event >= 0)
        close(c->stop_event);
    free(c);

fail:
    buffer_printf(fault, "cannot listen on %.300s/" SOCKET_NAME ": %s", folder, strerror(error));
    return NULL;
}

static void hang_up(struct client *client)
{
    if (client->fd < 0)
        return;
    close(client->fd);
    client->fd = -1;
    control_desk_fini(&client->desk);
}

void control_stop(struct control *control)
{
    const uint64_t one = 1;

    if (control == NULL)
        return;
    while (write(control->stop_event, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    pthread_join(control->thread, NULL);
    net_local_remove(control->folder, SOCKET_NAME);
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        hang_up(&control->clients[i]);
    close(control->listener);
    close(control->stop_event);
    free(control);
}

/* --- its thread --------------------------------------------------------------------------------
 */

static bool has_answer(const struct client *client)
{
    return client->sent < client->desk.answer_len;
}

static void accept_client(struct control *c, uint64_t now_ms)
{
    int fd = accept4(c->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    for (size_t i = 0; fd >= 0 && i < MAX_CLIENTS; i++) {
        struct client *client = &c->clients[i];
        if (client->fd >= 0)
            continue;
        client->fd = fd;
        client->len = 0;
        client->sent = 0;
        client->active_ms = now_ms;
        control_desk_init(&client->desk, c->server->store, &c->server->log, c->server,
                          server_settings(c->server)->max_users);
        return;
    }
    if (fd >= 0)
        close(fd); /* there are too many */
}

/* Asks for the whole lines that have come, until there is an answer to send. */
static void ask_lines(struct client *client)
{
    struct slice text = {client->text, client->len};
    size_t end;

    while (client->desk.answer_len == 0 && (end = slice_find(text, '\n')) < text.len) {
        control_desk_ask(&client->desk, (struct slice){text.ptr, end});
        text = slice_after(text, end + 1);
    }
    memmove(client->text, text.ptr, text.len);
    client->len = text.len;
}

static void receive(struct client *client)
{
    ssize_t got = recv(client->fd, client->text + client->len, MAX_LINE - client->len, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        hang_up(client);
        return;
    }
    client->len += (size_t)got;
    ask_lines(client);
    if (client->len == MAX_LINE && client->desk.answer_len == 0) /* a line too long */
        hang_up(client);
}

static void send_answer(struct client *client)
{
    struct control_desk *desk = &client->desk;
    ssize_t count = send(client->fd, desk->answer + client->sent, desk->answer_len - client->sent,
                         MSG_NOSIGNAL);

    if (count < 0 && errno != EAGAIN && errno != EINTR) {
        hang_up(client);
        return;
    }
    client->sent += count > 0 ? (size_t)count : 0;
    if (has_answer(client))
        return;
    client->sent = 0;
    desk->answer_len = 0;
    ask_lines(client);
}

static void serve_client(struct client *client, short events, uint64_t now_ms)
{
    uint64_t patience_ms = has_answer(client) ? STUCK_MS : IDLE_MS;

    if (events != 0) {
        client->active_ms = now_ms;
        if (has_answer(client))
            send_answer(client);
        else
            receive(client);
    } else if (now_ms - client->active_ms > patience_ms) {
        hang_up(client);
    }
    if (client->fd >= 0 && client->desk.is_lost)
        hang_up(client);
}

/* Returns how long to wait for events: for ever, if there is nobody to grow idle. */
static int list_events(const struct control *c, struct pollfd fds[MAX_CLIENTS])
{
    int nap_ms = -1;

    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        const struct client *client = &c->clients[i];
        fds[i] = (struct pollfd){.fd = client->fd, .events = has_answer(client) ? POLLOUT : POLLIN};
        if (client->fd >= 0)
            nap_ms = NAP_MS;
    }
    return nap_ms;
}

static void *run(void *arg)
{
    struct control *c = arg;
    struct pollfd fds[MAX_CLIENTS + 2];
    struct pollfd *listener = &fds[MAX_CLIENTS], *stop = &fds[MAX_CLIENTS + 1];

    *listener = (struct pollfd){.fd = c->listener, .events = POLLIN};
    *stop = (struct pollfd){.fd = c->stop_event, .events = POLLIN};
    for (;;) {
        int nap_ms = list_events(c, fds);
        if (poll(fds, ARRAY_LEN(fds), nap_ms) < 0)
            continue; /* a signal, or no memory for a moment */
        if (stop->revents != 0)
            return NULL;
        uint64_t now_ms = clock_ms();
        for (size_t i = 0; i < MAX_CLIENTS; i++) {
            if (c->clients[i].fd >= 0)
                serve_client(&c->clients[i], fds[i].revents, now_ms);
        }
        if (listener->revents != 0)
            accept_client(c, now_ms);
    }
}
