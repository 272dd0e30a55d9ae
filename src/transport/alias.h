/*
 * The alias of a connection that a peer has opened by TLS: it stands for the place where that
 * listens, for requests to whom it has proved to be. RFC 5923.
 */
#ifndef TCHIN_TRANSPORT_ALIAS_H
#define TCHIN_TRANSPORT_ALIAS_H

#include "transport/connection.h"

/*
 * Whether its peer could have an alias, and has none yet: it has connected to us, and proved who it
 * is (RFC 5923 9.2).
 */
bool alias_is_possible(const struct connection *c) MUST_USE;

/* Lists it at `port` of its peer's address, too, if alias_is_possible. */
void alias_add(struct connection *c, uint16_t port);

/* Harmless where there is none. */
void alias_remove(struct connection *c);

#endif
