/*
 * The edge of another domain (RFC 5626 5): phones come to us, are registered at that domain, and
 * what it has for them comes back through us, along the flow that the Path of their REGISTER names.
 */
#ifndef TCHIN_SERVER_EDGE_H
#define TCHIN_SERVER_EDGE_H

#include "server/flow.h"
#include "server/request.h"

/*
 * A Route of ours that is a Path we gave: rq->edge_flow is where it leads, unless the request came
 * that way itself (5.3). SIP_GO_ON, also for other Routes; 403 for one that we did not give.
 */
enum sip_status edge_note_path(struct request *rq, const struct sip_uri *uri);

/* Whether it may pass, from whomever: along a flow of ours, or to the domain we are the edge of. */
bool edge_permits(const struct request *rq);

/* Whether its next hop is the domain that we are the edge of, at no port of the sender's choice. */
bool edge_leads_home(const struct request *rq);

/* What a REGISTER on its way to that domain needs beside its text. */
enum edge_path {
    EDGE_NO_PATH,   /* nothing: it is none, or did not come from the phone itself */
    EDGE_PATH,      /* a Path of ours */
    EDGE_NO_SUPPORT /* it would need one, and the phone knows nothing of that: 421 */
};
enum edge_path edge_path_of(const struct request *rq);

/*
 * The lines Path and Require (RFC 3327 5.2) for a REGISTER that leaves by the side of ours that
 * `place` names: "<", its URI with lr, and no more.
 */
void edge_write_path(const struct request *rq, struct slice place, struct buffer *out);

#endif
