/*
 * What carries the bytes of a connection: TCP, TLS on top of it, or a WebSocket. One of them is not
 * NULL as long as the connection lives. The calls are those of net/tcp.h.
 */
#ifndef TCHIN_TRANSPORT_WIRE_H
#define TCHIN_TRANSPORT_WIRE_H

#include "net/tls.h"
#include "net/ws.h"
#include "transport/outbox.h"

struct wire {
    struct tcp *tcp;
    struct tls *tls;
    struct ws *ws;
};

static inline bool wire_is_up(const struct wire *wire)
{
    return wire->tcp != NULL || wire->tls != NULL || wire->ws != NULL;
}

static inline struct net_addr wire_local(const struct wire *wire)
{
    if (wire->ws != NULL)
        return ws_local(wire->ws);
    return wire->tls != NULL ? tls_local(wire->tls) : tcp_local(wire->tcp);
}

/* TCP is connected, and hands are being shaken. For one that is not open yet. */
static inline bool wire_is_shaking(const struct wire *wire)
{
    return wire->ws != NULL || (wire->tls != NULL && tls_is_connected(wire->tls));
}

/* Of what has come in part, below the messages. A WebSocket tells itself what it holds. */
static inline size_t wire_held_bytes(const struct wire *wire)
{
    return wire->tls != NULL ? tls_held_bytes(wire->tls) : 0;
}

/* Why hands were not shaken; NULL: it was not that. */
static inline const char *wire_fault(const struct wire *wire)
{
    if (wire->ws != NULL)
        return ws_fault(wire->ws);
    return wire->tls != NULL ? tls_fault(wire->tls) : NULL;
}

/* A WebSocket takes messages, one at a time and each as a whole. */
static inline bool MUST_USE wire_write_messages(struct ws *ws, const struct outbox *box,
                                                size_t *written)
{
    struct slice message;
    bool taken = true;

    *written = 0;
    while (taken && outbox_look(box, *written, &message)) {
        if (!ws_send(ws, message, &taken))
            return false;
        *written += taken ? message.len : 0;
    }
    return true;
}

static inline bool MUST_USE wire_write(struct wire *wire, const struct outbox *box, size_t *written)
{
    if (wire->ws != NULL)
        return wire_write_messages(wire->ws, box, written);
    return wire->tls != NULL ? tls_write(wire->tls, outbox_unwritten(box), written)
                             : tcp_write(wire->tcp, outbox_unwritten(box), written);
}

static inline void wire_finish(struct wire *wire)
{
    if (wire->ws != NULL)
        ws_finish(wire->ws, WS_TOO_BIG);
    else if (wire->tls != NULL)
        tls_finish(wire->tls);
    else
        tcp_finish(wire->tcp);
}

static inline void wire_close(struct wire *wire)
{
    ws_close(wire->ws, WS_GOING_AWAY);
    tls_close(wire->tls);
    tcp_close(wire->tcp);
    *wire = (struct wire){0};
}

static inline void wire_abort(struct wire *wire)
{
    ws_abort(wire->ws);
    tls_abort(wire->tls);
    tcp_abort(wire->tcp);
    *wire = (struct wire){0};
}

#endif
