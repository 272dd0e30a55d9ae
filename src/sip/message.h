/*
 * A message as text: start line, header fields, body (RFC 3261 7), as slices into the bytes that
 * were received. Nothing is copied, and nothing but the start line and the limits of the header
 * fields is looked at until somebody asks.
 *
 * sip_message_parse finds the lines. sip_message_check then looks at the header fields that every
 * element depends on (RFC 3261 8.1.1, 16.3 step 1) and fills `basics`.
 */
#ifndef TCHIN_SIP_MESSAGE_H
#define TCHIN_SIP_MESSAGE_H

#include "base/slice.h"
#include "sip/address.h"
#include "sip/header.h"
#include "sip/method.h"
#include "sip/via.h"

_Static_assert(SIP_HEADER_ID_COUNT <= 64, "repeated_ids has a bit for each");

enum {
    SIP_MAX_MESSAGE = 65535, /* bytes */
    SIP_MAX_HEADERS = 255,   /* header fields in one message */
};

struct sip_header {
    struct slice name;  /* as written; empty: a line without a name and a colon */
    struct slice value; /* trimmed; folds inside are left as they are */
    uint8_t id;         /* enum sip_header_id */
    uint8_t next;       /* the next field of the same id, as an index; 0: none (0 is never next) */
};

/*
 * What sip_message_check found in the header fields that every element depends on. Of a message
 * that did not pass, what precedes the fault is filled and the rest is zero, but for from, to and
 * contact: these are of no meaning.
 */
struct sip_basics {
    struct sip_via via;    /* the topmost */
    struct slice via_text; /* what it was parsed from: one value, perhaps of many in its field */
    struct slice from_tag;
    struct slice to_tag; /* empty: none */
    struct slice call_id;
    uint32_t cseq;
    struct slice cseq_method;
    enum sip_method cseq_method_id;
    uint8_t max_forwards;
    bool has_max_forwards;
    uint16_t contact_count; /* of a request: how many there are, "*" included */
    struct sip_address from;
    struct sip_address to;
    struct sip_contact contact; /* the first of a request, if there is one */
};

struct sip_message {
    struct slice bytes; /* from the first of the start line to the last of the body */
    bool is_request;
    bool has_folds; /* a header field goes on in another line: RFC 3261 7.3.1 */

    struct slice method; /* of a request */
    enum sip_method method_id;
    struct slice uri; /* the Request-URI, as written; request_uri has it parsed */

    uint16_t status; /* of a response */
    struct slice reason;

    struct slice body;   /* as long as Content-Length says; without one, to the end */
    uint32_t header_end; /* offset of the empty line that ends the header fields */

    uint64_t repeated_ids; /* a bit for each id that more than one field has */
    uint16_t header_count;
    uint8_t first[SIP_HEADER_ID_COUNT]; /* index of the first field of each id, plus 1; 0: none */

    struct sip_basics basics;   /* from its `from` on, parsing leaves everything as it was */
    struct sip_uri request_uri; /* text is empty: there is none, or it is none by sip_uri_parse */
    uint8_t last[SIP_HEADER_ID_COUNT]; /* as `first`, of those in `repeated_ids` alone */
    struct sip_header headers[SIP_MAX_HEADERS];
};

/* What is wrong with a message, as one would tell its sender. */
struct sip_fault {
    uint16_t status;    /* 400, 505 ... */
    const char *phrase; /* names the header field: "Malformed CSeq". Static text. */
};

/*
 * Reads a whole message: a datagram, or what sip_stream cut out of a stream. A body longer than
 * Content-Length says is cut there (RFC 3261 18.3); a shorter one is a fault.
 *
 * False: `fault` says what is wrong; if `out->is_request` and the fields that a response needs can
 * be found in `out`, it can be answered (sip_message_is_answerable). What precedes the fault has
 * been read.
 */
bool sip_message_parse(struct slice bytes, struct sip_message *out,
                       struct sip_fault *fault) MUST_USE;

/*
 * Checks and fills `basics`: the mandatory fields are there, once each and well formed: Via, From,
 * To, Call-ID, CSeq, Max-Forwards and Content-Length (where present), Contact (likewise), and a
 * CSeq that names the method of the request. RFC 2543 is forgiven: a missing tag, branch or
 * Max-Forwards is no fault. The Request-URI is checked by who routes by it.
 */
bool sip_message_check(struct sip_message *msg, struct sip_fault *fault) MUST_USE;

/*
 * Whether a malformed request can be told so: it has the Via that leads a response back and is no
 * ACK. From, To, Call-ID and CSeq are copied if they are there (RFC 4475 3.3.1): without them the
 * answer still tells whoever reads it what is missing.
 */
bool sip_message_is_answerable(const struct sip_message *msg);

/* The first header field of that id; NULL: there is none. */
const struct sip_header *sip_message_header(const struct sip_message *msg, enum sip_header_id id);

/* The next field of the same id; NULL: that was the last. */
const struct sip_header *sip_message_next(const struct sip_message *msg,
                                          const struct sip_header *header);

/* The value of the first field of that id; an empty slice with a NULL pointer: there is none. */
struct slice sip_message_value(const struct sip_message *msg, enum sip_header_id id);

/* The first header field of that name, known or not, whatever its case. */
const struct sip_header *sip_message_named(const struct sip_message *msg, struct slice name);

/*
 * The single values of a list header, however they are spread over lines and commas (RFC 3261
 * 7.3.1). Commas inside quotes or angle brackets do not separate.
 */
struct sip_values {
    const struct sip_message *msg;
    const struct sip_header *header; /* the field that the value last given stands in */
    struct slice rest;
};

struct sip_values sip_values_of(const struct sip_message *msg, enum sip_header_id id);

/* False: no more. Empty list elements are passed over. */
bool sip_values_next(struct sip_values *values, struct slice *out);

/*
 * The same for the text of one list: the next value of `rest`, which is moved on behind its comma.
 * False: no more.
 */
bool sip_list_next(struct slice *rest, struct slice *out);

/* Whether a list header of tokens (Require, Supported ...) names `token`, whatever its case. */
bool sip_message_lists(const struct sip_message *msg, enum sip_header_id id, struct slice token);

#endif
