/*
 * The hop a REGISTER came by, as the bytes that its bindings keep. Whatever comes back from the
 * store is read as if a stranger had written it.
 */
#ifndef TCHIN_SERVER_FLOW_H
#define TCHIN_SERVER_FLOW_H

#include "base/buffer.h"
#include "transport/hop.h"

enum { FLOW_MAX_BYTES = 64 };

void flow_write(const struct hop *hop, uint32_t run, struct buffer *out);

/*
 * False: there is none, `out` untouched. A connection of another run of the process is gone, so
 * out->connection is 0 then.
 */
bool flow_read(struct slice bytes, uint32_t run, struct hop *out);

#endif
