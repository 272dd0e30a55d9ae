/*
 * ( name-addr / addr-spec ) *( SEMI generic-param ): From, To, Contact, Route, Record-Route, Path,
 * Reply-To, Refer-To, P-Asserted-Identity, Service-Route. RFC 3261 20.10 and 25.1.
 */
#ifndef TCHIN_SIP_ADDRESS_H
#define TCHIN_SIP_ADDRESS_H

#include "base/slice.h"
#include "sip/uri.h"

struct sip_address {
    struct slice display; /* as written: tokens, or a quoted string with its quotes */
    struct slice uri;     /* between the angle brackets, or bare; sip and sips: well formed */
    struct sip_uri parts; /* the same, parsed: see sip_address_uri */
    bool has_brackets;
    struct slice params; /* the header's, from the first ";" on; a bare URI has none of its own */
    struct slice tag;    /* the first tag-param; empty: none */
};

/* One value. False: malformed, `out` untouched. */
bool sip_address_parse(struct slice value, struct sip_address *out) MUST_USE;

/* The same in place, without white space around: on false `out` is of no meaning. */
bool sip_address_read(struct slice value, struct sip_address *out) MUST_USE;

/* By the grammar alone, off the front of a text. On false `out` is of no meaning. */
bool eat_address(struct cursor *c, struct sip_address *out);

/*
 * The URI of a parsed address: no need to parse it again. NULL: a local tel number without its
 * context (RFC 3966 5.1.5), which an address may have and sip_uri_parse refuses.
 */
const struct sip_uri *sip_address_uri(const struct sip_address *address);

/* A header parameter: tag, q, expires, +sip.instance. False: there is none. */
bool sip_address_param(const struct sip_address *address, struct slice name, struct slice *value);

/* qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ), in thousandths. */
bool sip_qvalue_parse(struct slice text, uint16_t *out) MUST_USE;

/* A Contact: "*" or an address with q and expires (RFC 3261 20.10). */
struct sip_contact {
    bool is_star;
    struct sip_address address;
    bool has_q;
    uint16_t q_thousandths; /* of a meaning only if has_q */
    bool has_expires;
    uint32_t
        expires_s; /* likewise; what does not fit or is malformed counts as 3600 (RFC 3261 20.10) */
};

bool sip_contact_parse(struct slice value, struct sip_contact *out) MUST_USE;

/* The same in place: on false `out` is of no meaning. */
bool sip_contact_read(struct slice value, struct sip_contact *out) MUST_USE;

/* The same if it is of the usual sort (glance.h), and one alone. False says nothing. */
bool take_contact(struct slice value, struct sip_contact *out);

#endif
