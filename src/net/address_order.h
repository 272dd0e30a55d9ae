/* Which of several addresses to try first: RFC 6724 6. */
#ifndef TCHIN_NET_ADDRESS_ORDER_H
#define TCHIN_NET_ADDRESS_ORDER_H

#include "net/addr.h"

enum { ADDRESS_ORDER_MAX = 32 };

/* `source` is the address of ours that a packet to `addr` leaves from; family 0: there is none. */
struct address_candidate {
    struct net_addr addr;
    struct net_addr source;
};

/* The best one first; those that no rule tells apart stay in their order. */
void address_order_sort(struct address_candidate *candidates, size_t count);

/* The same, the system being asked for the sources. ADDRESS_ORDER_MAX at most. */
void address_order(struct net_addr *addrs, size_t count);

#endif
