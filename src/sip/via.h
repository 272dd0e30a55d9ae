/* Via: RFC 3261 20.42, with the rport of RFC 3581. */
#ifndef TCHIN_SIP_VIA_H
#define TCHIN_SIP_VIA_H

#include "base/buffer.h"
#include "base/slice.h"
#include "sip/grammar.h"

struct sip_via {
    struct slice transport; /* UDP, TCP, TLS, SCTP, WS, WSS or another token */
    struct slice host;      /* sent-by; an IPv6 address without its brackets */
    bool host_is_ipv6;
    uint16_t port;       /* 0: none */
    struct slice params; /* from the first ";" on */
    struct slice branch;
    struct slice received; /* without brackets, though RFC 5118 4.5 has seen some */
    struct slice maddr;
    uint8_t ttl;      /* 0: none */
    bool wants_rport; /* the parameter is there, with or without a value */
    uint16_t rport;   /* 0: without a value */

    struct slice rport_text;  /* the parameter as it stands there, from before its ";" on */
    bool has_more_to_replace; /* a received, or one more rport */
};

/* One via-parm, in place: on false `out` is of no meaning. */
bool sip_via_read(struct slice value, struct sip_via *out) MUST_USE;

/* The same if it is of the usual sort (glance.h). False says nothing. */
bool take_via(struct slice value, struct sip_via *out);

/* The same by the grammar alone, off the front of a text. On false `out` is of no meaning. */
bool eat_via(struct cursor *c, struct sip_via *out);

/* One via-parm. False: malformed, `out` untouched. */
bool sip_via_parse(struct slice value, struct sip_via *out) MUST_USE;

/*
 * Writes the value anew with what the server that received it has to add: `received` with the
 * source address if the sent-by differs from it or rport was asked for (RFC 3261 18.2.1, RFC 3581
 * 4), and the port in `rport`. What a sender put there itself is replaced. `value` is the text
 * that `via` was parsed from.
 */
void sip_via_stamp(const struct sip_via *via, struct slice value, struct slice source_host,
                   uint16_t source_port, struct buffer *out);

/* Whether a branch begins with the magic cookie of RFC 3261 8.1.1.7. */
bool sip_branch_is_rfc3261(struct slice branch);

#endif
