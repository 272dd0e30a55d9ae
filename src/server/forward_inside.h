/* What the files of forwarding share: private to forward.c and forward_route.c. */
#ifndef TCHIN_SERVER_FORWARD_INSIDE_H
#define TCHIN_SERVER_FORWARD_INSIDE_H

#include "server/forward.h"
#include "sip/edit.h"

struct editing {
    struct request *rq;
    const struct forwarding *forwarding;
    struct slice target; /* its URI as a Request-URI may be */
    bool is_strict;      /* the first Route is that of a strict router: step 6 */
    struct buffer texts; /* what is put in, one text behind the other */
    struct sip_edits edits;
};

static inline struct slice forward_text_since(const struct editing *e, size_t start)
{
    return slice_after(buffer_slice(&e->texts), start);
}

/* --- forward_route.c: the steps, and what is said of them --------------------------------------
 */

bool forward_replace_uri(struct editing *e);
bool forward_edit_routes(struct editing *e);

/* RFC 3261 16.6 step 4: whether the request that leaves has sips in its URI or its first Route. */
bool forward_leaves_as_sips(const struct editing *e);

#endif
