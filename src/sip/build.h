/*
 * Building messages: a response from the request it answers (RFC 3261 8.2.6), a CANCEL or an ACK
 * from the INVITE it belongs to (9.1, 17.1.1.3), and header fields one by one.
 *
 * All write into a buffer; whether it was large enough is seen at the end (buffer->overflowed).
 */
#ifndef TCHIN_SIP_BUILD_H
#define TCHIN_SIP_BUILD_H

#include "base/buffer.h"
#include "sip/message.h"

/* What a response is made of beside the request. */
struct sip_reply {
    uint16_t status;
    struct slice reason;     /* empty: the phrase that goes with the status */
    struct slice top_via;    /* the topmost Via as sip_via_stamp left it; empty: as received */
    struct slice to_tag;     /* added to To if it has none; empty: none is added (100) */
    bool wants_record_route; /* RFC 3261 12.1.1: a 1xx or 2xx that may begin a dialog */
};

/*
 * Status line, Vias in their order, From, To, Call-ID, CSeq, and Timestamp in a 100. More header
 * fields may follow, then sip_build_end. Works on an answerable request that failed its check.
 */
void sip_build_reply(struct buffer *out, const struct sip_message *request,
                     const struct sip_reply *reply);

void sip_build_request_line(struct buffer *out, struct slice method, struct slice uri);

/* Name: value CRLF */
void sip_build_header(struct buffer *out, struct slice name, struct slice value);
void sip_build_number(struct buffer *out, struct slice name, uint64_t value);

/* Content-Length, and the empty line; with a body, its Content-Type before and itself behind. */
void sip_build_end(struct buffer *out);
void sip_build_body(struct buffer *out, struct slice content_type, struct slice body);

/* The CANCEL for an INVITE that we sent: RFC 3261 9.1, with `reason` if it is not empty. */
void sip_build_cancel(struct buffer *out, const struct sip_message *invite, struct slice reason);

/* The ACK for a final response other than 2xx to an INVITE that we sent: RFC 3261 17.1.1.3. */
void sip_build_ack(struct buffer *out, const struct sip_message *invite,
                   const struct sip_message *response);

#endif
