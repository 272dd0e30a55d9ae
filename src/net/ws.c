/*
 * One WebSocket. It is freed when both have let go of it: its owner, and libwebsockets, which says
 * so when the loop has forgotten the socket.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "base/utf8.h"
#include "net/socket.h"
#include "net/tcp.h"
#include "net/ws_inside.h"

/* --- coming ----------------------------------------------------------------------------------- */

static struct ws *new_ws(struct ws_service *service, struct ws_kind kind,
                         const struct ws_host *host, void *owner)
{
    struct ws *ws = calloc(1, sizeof(*ws));

    if (ws == NULL)
        return NULL;
    ws->service = service;
    ws->kind = kind;
    ws->host = host;
    ws->owner = owner;
    list_add(&service->all, &ws->node);
    return ws;
}

struct ws *ws_adopt(struct ws_service *service, int fd, struct ws_kind kind,
                    const struct ws_host *host, void *owner)
{
    struct ws *ws = new_ws(service, kind, host, owner);

    if (ws == NULL) {
        close(fd);
        return NULL;
    }
    tcp_set_options(fd);
    const lws_adopt_desc_t socket = {.vh = kind.is_secure ? service->secure : service->plain,
                                     .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP
                                             | (kind.is_secure ? LWS_ADOPT_ALLOW_SSL : 0),
                                     .fd.sockfd = fd,
                                     .opaque = ws};
    service->adopting = ws;
    ws->wsi = lws_adopt_descriptor_vhost_via_info(&socket);
    service->adopting = NULL;
    return ws;
}

const char *ws_fault(const struct ws *ws)
{
    return ws->fault;
}

struct net_addr ws_local(const struct ws *ws)
{
    if (ws->wsi == NULL)
        return (struct net_addr){0};
    return net_socket_local(lws_get_socket_fd(ws->wsi));
}

void ws_free(struct ws *ws)
{
    list_remove(&ws->node);
    free(ws->held);
    free(ws);
}

/* --- going out -------------------------------------------------------------------------------- */

static bool make_room(struct ws_service *service, size_t len)
{
    char *output;

    if (service->output_size >= LWS_PRE + len)
        return true;
    output = realloc(service->output, LWS_PRE + len);
    if (output == NULL)
        return false;
    service->output = output;
    service->output_size = LWS_PRE + len;
    return true;
}

static bool write_frame(struct ws *ws, struct slice payload, enum lws_write_protocol kind)
{
    struct ws_service *service = ws->service;

    if (!ws->is_open || !make_room(service, payload.len))
        return false;
    if (payload.len > 0)
        memcpy(service->output + LWS_PRE, payload.ptr, payload.len);
    return lws_write(ws->wsi, (unsigned char *)service->output + LWS_PRE, payload.len, kind) >= 0;
}

/* RFC 7118 4.2: text, if it is. */
bool ws_send(struct ws *ws, struct slice message, bool *taken)
{
    *taken = false;
    if (!ws->is_open)
        return false;
    if (lws_partial_buffered(ws->wsi)) {
        (void)lws_callback_on_writable(ws->wsi);
        return true;
    }
    *taken = write_frame(ws, message, utf8_is_valid(message) ? LWS_WRITE_TEXT : LWS_WRITE_BINARY);
    return *taken;
}

/* libwebsockets tells nothing of the answer to an empty one. */
bool ws_ping(struct ws *ws)
{
    return lws_partial_buffered(ws->wsi) || write_frame(ws, SLICE("?"), LWS_WRITE_PING);
}

/* --- closing ---------------------------------------------------------------------------------- */

/* A time limit that it sets is noticed by libwebsockets only when it is woken. */
static void close_now(struct ws *ws)
{
    if (ws->is_ending)
        return;
    if (ws->is_called) {
        ws->must_close = true;
        return;
    }
    lws_set_timeout(ws->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
    lws_cancel_service(ws->service->context);
}

static void say_farewell(struct ws *ws, enum ws_status status)
{
    if (!ws->is_open)
        return;
    ws->is_open = false;
    lws_close_reason(ws->wsi, (enum lws_close_status)status, NULL, 0);
}

void ws_finish(struct ws *ws, enum ws_status status)
{
    say_farewell(ws, status);
    close_now(ws);
}

void ws_close(struct ws *ws, enum ws_status status)
{
    if (ws == NULL)
        return;
    ws->host = NULL;
    if (ws->wsi == NULL) {
        if (ws->is_ending)
            ws_free(ws);
        return;
    }
    say_farewell(ws, status);
    close_now(ws);
}

void ws_abort(struct ws *ws)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (ws != NULL && ws->wsi != NULL) {
        int fd = lws_get_socket_fd(ws->wsi);
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        (void)shutdown(fd, SHUT_RDWR);
        ws->is_open = false;
    }
    ws_close(ws, WS_GOING_AWAY);
}
