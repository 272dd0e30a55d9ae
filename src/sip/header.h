/*
 * Every header field that has a meaning here: one row each in the table of header.c, with its
 * compact form, its grammar, and whether it is a list. To add one is a row in the list below, a
 * row there, and a parser where the grammar is new.
 */
#ifndef TCHIN_SIP_HEADER_H
#define TCHIN_SIP_HEADER_H

#include "base/slice.h"

enum sip_header_id {
    SIP_UNKNOWN_HEADER,
    SIP_ACCEPT,
    SIP_ACCEPT_ENCODING,
    SIP_ACCEPT_LANGUAGE,
    SIP_ALERT_INFO,
    SIP_ALLOW,
    SIP_ALLOW_EVENTS,
    SIP_AUTHENTICATION_INFO,
    SIP_AUTHORIZATION,
    SIP_CALL_ID,
    SIP_CALL_INFO,
    SIP_CONTACT,
    SIP_CONTENT_DISPOSITION,
    SIP_CONTENT_ENCODING,
    SIP_CONTENT_LANGUAGE,
    SIP_CONTENT_LENGTH,
    SIP_CONTENT_TYPE,
    SIP_CSEQ,
    SIP_DATE,
    SIP_ERROR_INFO,
    SIP_EVENT,
    SIP_EXPIRES,
    SIP_FROM,
    SIP_IN_REPLY_TO,
    SIP_MAX_BREADTH,
    SIP_MAX_FORWARDS,
    SIP_MIME_VERSION,
    SIP_MIN_EXPIRES,
    SIP_MIN_SE,
    SIP_ORGANIZATION,
    SIP_P_ASSERTED_IDENTITY,
    SIP_PATH,
    SIP_PRIORITY,
    SIP_PRIVACY,
    SIP_PROXY_AUTHENTICATE,
    SIP_PROXY_AUTHORIZATION,
    SIP_PROXY_REQUIRE,
    SIP_RACK,
    SIP_REASON,
    SIP_RECORD_ROUTE,
    SIP_REFER_TO,
    SIP_REPLACES,
    SIP_REPLY_TO,
    SIP_REQUIRE,
    SIP_RETRY_AFTER,
    SIP_ROUTE,
    SIP_RSEQ,
    SIP_SERVER,
    SIP_SERVICE_ROUTE,
    SIP_SESSION_EXPIRES,
    SIP_SUBJECT,
    SIP_SUBSCRIPTION_STATE,
    SIP_SUPPORTED,
    SIP_TIMESTAMP,
    SIP_TO,
    SIP_UNSUPPORTED,
    SIP_USER_AGENT,
    SIP_VIA,
    SIP_WARNING,
    SIP_WWW_AUTHENTICATE,
    SIP_HEADER_ID_COUNT,
};

/* How often a field may occur, and whether one field may hold several values (RFC 3261 7.3.1). */
enum sip_header_arity { SIP_SINGLE, SIP_LIST, SIP_REPEATED /* several fields, no commas */ };

struct sip_header_row {
    struct slice name;
    char compact; /* 0: none */
    enum sip_header_arity arity;
    bool (*is_valid)(struct slice value); /* one value, by its grammar */
};

extern const struct sip_header_row sip_header_rows[SIP_HEADER_ID_COUNT];

static inline const struct sip_header_row *sip_header_row(enum sip_header_id id)
{
    return &sip_header_rows[id];
}

/*
 * Length, first and middle letter of a name make a number that no two names in the table have in
 * common. Bit 5, which tells lower case from upper, falls out of multiples of 8.
 */
#define SIP_HEADER_SLOT(len, first, middle) (((len)*19U + (first)*160U + (middle)*8U) % 256)

extern const uint8_t sip_header_slots[256];

/* Each name with a colon behind it, in at least 16 bytes: to be compared as a whole. */
extern const char sip_header_names[SIP_HEADER_ID_COUNT][24];

/* The one row that a name of `len` bytes, 1 at least, can be that of. */
static inline enum sip_header_id sip_header_candidate(const char *name, size_t len)
{
    unsigned char first = (unsigned char)name[0], middle = (unsigned char)name[len / 2];

    return (enum sip_header_id)sip_header_slots[SIP_HEADER_SLOT((unsigned)len, first, middle)];
}

enum sip_header_id sip_header_find_compact(struct slice name);

/* By full or compact name, whatever its case. SIP_UNKNOWN_HEADER: not in the table. */
static inline enum sip_header_id sip_header_find(struct slice name)
{
    if (name.len < 2)
        return sip_header_find_compact(name);

    enum sip_header_id id = sip_header_candidate(name.ptr, name.len);
    return slice_equal_nocase(name, sip_header_rows[id].name) ? id : SIP_UNKNOWN_HEADER;
}

#endif
