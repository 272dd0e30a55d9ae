/*
 * What carries the bytes of a connection: TCP, or TLS on top of it. One of the two is not NULL as
 * long as the connection lives. The calls are those of net/tcp.h.
 */
#ifndef TCHIN_TRANSPORT_WIRE_H
#define TCHIN_TRANSPORT_WIRE_H

#include "net/tls.h"

struct wire {
    struct tcp *tcp;
    struct tls *tls;
};

static inline bool wire_is_up(const struct wire *wire)
{
    return wire->tcp != NULL || wire->tls != NULL;
}

static inline struct net_addr wire_local(const struct wire *wire)
{
    return wire->tls != NULL ? tls_local(wire->tls) : tcp_local(wire->tcp);
}

/* TCP is connected, and hands are being shaken. For one that is not open yet. */
static inline bool wire_is_shaking(const struct wire *wire)
{
    return wire->tls != NULL && tls_is_connected(wire->tls);
}

/* Why hands were not shaken; NULL: it was not that. */
static inline const char *wire_fault(const struct wire *wire)
{
    return wire->tls != NULL ? tls_fault(wire->tls) : NULL;
}

static inline bool MUST_USE wire_write(struct wire *wire, struct slice bytes, size_t *written)
{
    return wire->tls != NULL ? tls_write(wire->tls, bytes, written)
                             : tcp_write(wire->tcp, bytes, written);
}

static inline void wire_finish(struct wire *wire)
{
    if (wire->tls != NULL)
        tls_finish(wire->tls);
    else
        tcp_finish(wire->tcp);
}

static inline void wire_close(struct wire *wire)
{
    tls_close(wire->tls);
    tcp_close(wire->tcp);
    *wire = (struct wire){0};
}

static inline void wire_abort(struct wire *wire)
{
    tls_abort(wire->tls);
    tcp_abort(wire->tcp);
    *wire = (struct wire){0};
}

#endif
