/* WebSockets among the connections: RFC 7118. Each of their messages is one of SIP. */
#ifndef TCHIN_TRANSPORT_WEB_H
#define TCHIN_TRANSPORT_WEB_H

#include "transport/connection.h"

/* What a connection is told by its WebSocket. */
extern const struct ws_host web_host;

/* When its peer is pinged, if it says nothing until then; TIMER_NEVER: it is no WebSocket. */
uint64_t web_ping_due_ms(const struct connection *c);

/* The time has come: RFC 7118 6. False: it is broken, or the peer has not answered the last one. */
bool web_ping(struct connection *c, uint64_t now_ms) MUST_USE;

#endif
