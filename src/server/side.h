/*
 * A side of ours: one of our addresses and the transport that messages come and leave by there. How
 * it is called in every Via and Record-Route that we write (RFC 3261 16.6 steps 4 and 8), RFC 5658.
 */
#ifndef TCHIN_SERVER_SIDE_H
#define TCHIN_SERVER_SIDE_H

#include "transport/hop.h"

enum { SIDE_MAX_TEXT = 96, SIDE_MAX_KNOWN = 8 };

struct side {
    enum hop_protocol protocol;
    struct net_addr local;
    char via_text[SIDE_MAX_TEXT];
    char route_text[SIDE_MAX_TEXT];
    struct slice via;   /* SIP/2.0/UDP 192.0.2.1:5060;branch= */
    struct slice route; /* <sip:192.0.2.1:5060;lr;tk= and then the token, and ">" */
};

/* Those that were written last. Zeroed: none. */
struct sides {
    struct side known[SIDE_MAX_KNOWN];
};

/* That of `hop`, in `sides`, until it is asked for another. */
const struct side *side_of(struct sides *sides, const struct hop *hop);

#endif
