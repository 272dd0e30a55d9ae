/* How a 200 to REGISTER tells what bindings there are: RFC 3261 10.3, step 8. */
#ifndef TCHIN_SERVER_BINDINGS_H
#define TCHIN_SERVER_BINDINGS_H

#include "base/buffer.h"
#include "server/worker.h"
#include "store/location.h"

/*
 * The Contact lines, `lines` and Date. All of them or none: a list with holes would be believed, so
 * look whether it has overflowed. With the GRUUs of the user `gruu_aor` (RFC 5627 5.2; empty:
 * none).
 */
void bindings_write(struct worker *w, const struct binding_list *bindings, struct slice gruu_aor,
                    struct slice lines, struct buffer *out);

#endif
