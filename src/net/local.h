/*
 * Unix sockets, by folder and name. The path of a folder may be longer than a socket's address can
 * be, so they are reached through a descriptor of the folder.
 */
#ifndef TCHIN_NET_LOCAL_H
#define TCHIN_NET_LOCAL_H

#include <stdbool.h>

#include "base/macros.h"

/*
 * Listens, non-blocking, for programs of the same user alone. Takes the place of a socket that is
 * there: it must be known that nobody serves it. Returns a descriptor, or -errno.
 */
int net_local_listen(const char *folder, const char *name) MUST_USE;

/* Returns a descriptor that blocks, or -errno. */
int net_local_connect(const char *folder, const char *name) MUST_USE;

/* Takes the socket out of the folder. */
void net_local_remove(const char *folder, const char *name);

#endif
