/* What a REGISTER wants changed: RFC 3261 10.3 steps 6 and 7, and the Path of RFC 3327. */
#ifndef TCHIN_SERVER_CONTACTS_H
#define TCHIN_SERVER_CONTACTS_H

#include "server/flow.h"
#include "server/request.h"
#include "store/location.h"

enum { CONTACTS_MAX = 64 };

/* The request's own bytes, or in its arena, or in here: it stays where it was filled. */
struct contacts {
    struct location_changes changes; /* without an AoR and a limit; of a query, nothing */
    struct binding items[CONTACTS_MAX];
    struct slice path;  /* which all of them have; empty: none */
    bool uses_outbound; /* a reg-id counts: RFC 5626 6 */
    char flow[FLOW_MAX_BYTES];
    char bound_flow[FLOW_MAX_BYTES]; /* of those that nothing else leads to */
};

/*
 * SIP_GO_ON, or why not: 400 for a misplaced "*", 403 for a contact that is the user himself, 423
 * if too brief, 439 for a reg-id that the first hop knows nothing of, 500 without memory.
 */
enum sip_status contacts_read(struct request *rq, struct contacts *out);

/* The values of Path as one list; empty if there are none. SIP_GO_ON, 400 or 500. */
enum sip_status contacts_read_path(struct request *rq, struct slice *out);

/* Whether there is anything to change. */
bool contacts_are_wanted(const struct contacts *contacts);

#endif
