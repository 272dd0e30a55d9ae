/*
 * What libwebsockets tells of a connection, and a message gathered from the pieces in which it
 * hands it over: frames, or as much of them as was read at a time.
 */
#include <stdlib.h>

#include "net/ws_inside.h"

enum { CLOSE_S = 5, FIRST_HELD_BYTES = 4096 };

static int open_it(struct ws *ws)
{
    ws->is_open = true;
    ws->host->opened(ws->owner);
    return 0;
}

static int end(struct ws *ws)
{
    bool is_news = !ws->is_ending && ws->host != NULL;

    ws->is_open = false;
    ws->is_ending = true;
    if (is_news)
        ws->host->ended(ws->owner);
    return 0;
}

/* libwebsockets answers, and would wait for ever until that can be written. */
static int peer_closes(struct ws *ws)
{
    lws_set_timeout(ws->wsi, PENDING_TIMEOUT_CLOSE_SEND, CLOSE_S);
    return end(ws);
}

static bool hold(struct ws *ws, struct slice piece)
{
    size_t size = ws->held_size > 0 ? ws->held_size : FIRST_HELD_BYTES;

    while (size < ws->held_len + piece.len)
        size *= 2;
    if (size > ws->held_size) {
        char *held = realloc(ws->held, size);
        if (held == NULL)
            return false;
        ws->held = held;
        ws->held_size = size;
    }
    if (piece.len > 0)
        memcpy(ws->held + ws->held_len, piece.ptr, piece.len);
    ws->held_len += piece.len;
    return true;
}

static void drop_held(struct ws *ws)
{
    free(ws->held);
    ws->held = NULL;
    ws->held_len = 0;
    ws->held_size = 0;
}

static int refuse_size(struct ws *ws, struct slice piece)
{
    size_t room = ws->service->settings.max_message_bytes - ws->held_len;

    if (!hold(ws, (struct slice){piece.ptr, room}))
        return -1;
    ws->is_deaf = true;
    ws->host->too_large(ws->owner, (struct slice){ws->held, ws->held_len});
    drop_held(ws);
    return 0;
}

static int deliver(struct ws *ws, struct slice piece)
{
    if (ws->held_len == 0) {
        ws->host->received(ws->owner, piece);
        return 0;
    }
    if (!hold(ws, piece))
        return -1;
    ws->host->holds(ws->owner, 0);
    if (ws->host != NULL)
        ws->host->received(ws->owner, (struct slice){ws->held, ws->held_len});
    drop_held(ws);
    return 0;
}

static int receive(struct ws *ws, struct slice piece)
{
    if (ws->is_deaf || !ws->is_open)
        return 0;
    if (piece.len > ws->service->settings.max_message_bytes - ws->held_len)
        return refuse_size(ws, piece);
    if (lws_is_final_fragment(ws->wsi))
        return deliver(ws, piece);
    if (!hold(ws, piece))
        return -1;
    ws->host->holds(ws->owner, ws->held_len);
    return 0;
}

static int handle(struct ws *ws, enum lws_callback_reasons reason, struct slice in)
{
    switch (reason) {
    case LWS_CALLBACK_HTTP: return ws_answer_page(ws, in);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return ws_judge_upgrade(ws, slice_of(in.ptr));
    case LWS_CALLBACK_ESTABLISHED: return open_it(ws);
    case LWS_CALLBACK_RECEIVE: return receive(ws, in);
    case LWS_CALLBACK_RECEIVE_PONG: ws->host->pong(ws->owner); return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE: ws->host->writable(ws->owner); return 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: return peer_closes(ws);
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP: return end(ws);
    default: return 0;
    }
}

static void forget(struct ws *ws)
{
    (void)end(ws);
    ws->wsi = NULL;
    if (ws->host == NULL)
        ws_free(ws);
}

/*
 * Of what is not about a connection of ours, only the beginning of TLS matters. What happens while
 * one is adopted shows in the end, too.
 */
int ws_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct ws *ws = wsi != NULL ? lws_get_opaque_user_data(wsi) : NULL;

    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS)
        return ws_set_up_tls(lws_context_user(lws_get_context(wsi)), user);
    if (ws == NULL)
        return 0;
    if (ws->host != NULL)
        net_loop_enter(ws->service->loop);
    ws->wsi = wsi;
    if (reason == LWS_CALLBACK_WSI_DESTROY) {
        forget(ws);
        return 0;
    }
    if (ws->host == NULL || ws->service->adopting == ws)
        return 0;
    ws->is_called = true;
    int result = handle(ws, reason, (struct slice){in, len});
    ws->is_called = false;
    if (ws->must_close)
        result = -1;
    ws->must_close = false;
    return result;
}
