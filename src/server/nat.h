/* Whether a NAT stands between us and who sent a request, as far as the request tells. */
#ifndef TCHIN_SERVER_NAT_H
#define TCHIN_SERVER_NAT_H

#include "server/request.h"

/* An address of RFC 1918, 6598, 3927, 4193 or 4291 2.5.6, or of the host itself: not for others. */
bool nat_is_private(const struct net_addr *addr);

/*
 * Whether what somebody at `from` asks for would come out where he cannot reach himself: at `to` in
 * a private network, or on this host.
 */
bool nat_leads_inside(const struct net_addr *from, const struct net_addr *to);

/* Whether it came to us from who made it: RFC 5626 5.1. */
bool nat_is_first_hop(const struct sip_message *msg);

/*
 * Whether the place that `contact` of this request names cannot be reached from here, but only by
 * the flow that the request came by.
 */
bool nat_hides(const struct request *rq, const struct sip_uri *contact);

#endif
