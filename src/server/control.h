/*
 * The control socket DATA/control: tchin asks and changes users and bindings of a running server
 * through it, since while tchind runs it is the only writer of the database. One JSON object a
 * line, each answered by one or more lines; who may open the socket may do everything.
 */
#ifndef TCHIN_SERVER_CONTROL_H
#define TCHIN_SERVER_CONTROL_H

#include "server/server.h"

struct control;

/* Serves in a thread of its own. NULL: `fault` says why. */
struct control *control_start(struct server *server, const char *folder,
                              struct buffer *fault) MUST_USE;
void control_stop(struct control *control);

#endif
