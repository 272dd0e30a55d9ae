/*
 * STUN beside SIP on one UDP port: a binding request (RFC 8489) tells a phone how the world sees
 * it, and keeps its NAT open (RFC 5626 8). What is answered follows from the request alone.
 */
#ifndef TCHIN_SIP_STUN_H
#define TCHIN_SIP_STUN_H

#include "base/buffer.h"

enum { STUN_MAX_ANSWER = 128 };

/* Where the request came from. */
struct stun_source {
    const unsigned char *ip; /* 4 or 16 bytes */
    bool is_ipv6;
    uint16_t port;
};

/* RFC 5626 8: the first byte of a STUN message is 0 or 1 here, that of SIP never. */
static inline bool stun_is_likely(struct slice datagram)
{
    return datagram.len > 0 && (unsigned char)datagram.ptr[0] < 2;
}

/*
 * Writes the answer: where it came from, or 420 for an attribute that would have to be understood.
 * False: it is no sound binding request, and gets none.
 */
bool stun_answer(struct slice request, const struct stun_source *source,
                 struct buffer *out) MUST_USE;

#endif
