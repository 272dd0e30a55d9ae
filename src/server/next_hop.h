/*
 * From a URI to where a request for it is sent: RFC 3263 4. A literal address is known at once; for
 * the places behind a name DNS has to be asked.
 */
#ifndef TCHIN_SERVER_NEXT_HOP_H
#define TCHIN_SERVER_NEXT_HOP_H

#include "server/target.h"
#include "transport/locator.h"

/*
 * Where a target leads that is not reached by a flow: RFC 3261 16.6 step 7. SIP_LOCATED: `out` is
 * the place, and the only one. SIP_LOCATE_WAIT: it is to be searched for. All else: nothing we can
 * send to, as an unknown transport, a group or broadcast address. A name that is one of our domains
 * leads to ourselves, whatever DNS says.
 */
enum sip_locate_result next_hop_find(const struct request *rq, const struct target *target,
                                     struct sip_locate *search, struct sip_candidate *out);

/*
 * Whether a URI says where it leads by itself: to an address, by UDP. So does nearly every one that
 * is followed.
 */
bool next_hop_is_plain(const struct request *rq, const struct sip_uri *uri,
                       struct net_addr *out) MUST_USE;

/*
 * The search that next_hop_find has begun, for a name that somebody seen at `namer` has given, for
 * locator_next. `go_on` is called as locator_new says. All requests of a call draw the same
 * servers. NULL: no memory.
 */
struct locator *next_hop_search(const struct request *rq, const struct sip_locate *search,
                                const struct net_addr *namer, void *owner,
                                void (*go_on)(struct locator *l)) MUST_USE;

/* Who has named what DNS is asked for, as net/dns.h wants to know it. */
uint64_t next_hop_asker(const struct worker *w, const struct net_addr *namer);

/* Whether it can be sent to without waiting: by datagrams, or by a connection there is. */
bool next_hop_is_open(struct worker *w, const struct sip_candidate *place);

/*
 * Chooses the way to a place, which somebody seen at `namer` has named: see reach.h. SIP_GO_ON;
 * 403: he may not have us send there; 503: we have no socket for it.
 */
enum sip_status next_hop_choose(struct worker *w, const struct sip_candidate *place,
                                const struct net_addr *namer, struct hop *out) MUST_USE;

#endif
