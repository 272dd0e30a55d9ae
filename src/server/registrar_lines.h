/*
 * What the answer to a REGISTER says beside the bindings: Path (RFC 3327 5.3), Require and
 * Flow-Timer (RFC 5626 5.4, 6), Service-Route (RFC 3608 6.3).
 */
#ifndef TCHIN_SERVER_REGISTRAR_LINES_H
#define TCHIN_SERVER_REGISTRAR_LINES_H

#include "server/contacts.h"

/* In the arena. Empty, as nearly always, or if there is no memory. */
struct slice registrar_lines(const struct request *rq, const struct contacts *contacts);

#endif
