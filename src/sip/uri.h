/*
 * URIs: sip and sips in full (RFC 3261 19.1), tel (RFC 3966), any other scheme as opaque text.
 */
#ifndef TCHIN_SIP_URI_H
#define TCHIN_SIP_URI_H

#include "base/buffer.h"
#include "base/slice.h"
#include "sip/param.h"

enum sip_scheme { SIP_SCHEME_SIP, SIP_SCHEME_SIPS, SIP_SCHEME_TEL, SIP_SCHEME_OTHER };

struct sip_uri {
    struct slice text; /* all of it */
    enum sip_scheme scheme;
    struct slice user; /* as written, escapes included; of tel: the number. NULL pointer: none */
    struct slice password; /* NULL pointer: none */
    struct slice host;     /* an IPv6 address without its brackets */
    bool host_is_ipv6;
    uint16_t port;        /* 0: none */
    struct slice params;  /* from the first ";" on */
    struct slice headers; /* after the "?" */
};

/* The whole of `text` must be one URI. False: it is not, `out` untouched. */
bool sip_uri_parse(struct slice text, struct sip_uri *out) MUST_USE;

/* The same in place: on false `out` is of no meaning. */
bool sip_uri_read(struct slice text, struct sip_uri *out) MUST_USE;

/* The scheme as written, without its colon. */
static inline struct slice sip_uri_scheme_text(const struct sip_uri *uri)
{
    return (struct slice){uri->text.ptr, slice_find(uri->text, ':')};
}

/* Whether a text that is a URI has the scheme sips. */
static inline bool sip_uri_is_sips(struct slice text)
{
    return text.len > 5 && slice_equal_nocase((struct slice){text.ptr, 5}, SLICE("sips:"));
}

/* As much as the grammar lets a URI have; what may follow it is the caller's to know. */
bool eat_uri(struct cursor *c, struct sip_uri *out);

/*
 * RFC 3261 19.1.4; tel as RFC 3966 4; others byte for byte. Of more than SIP_URI_MAX_PARTS
 * parameters or headers none are compared: such URIs are equal byte for byte or not at all.
 */
enum { SIP_URI_MAX_PARTS = 64 };
bool sip_uri_equal(const struct sip_uri *a, const struct sip_uri *b);

bool sip_uri_find_param(struct slice params, struct slice name, struct slice *value);

/* A URI parameter by name, the first; `value` as written, NULL pointer if it stands alone. */
static inline bool sip_uri_param(const struct sip_uri *uri, struct slice name, struct slice *value)
{
    return uri->params.len > 0 && sip_uri_find_param(uri->params, name, value);
}

/* The next of `rest`, which starts as uri->params or uri->headers and moves on. False: no more. */
bool sip_uri_param_next(struct slice *rest, struct sip_param *out);
bool sip_uri_header_next(struct slice *rest, struct sip_param *out);

/* Writes `text` with its %HH resolved: once, never again. */
void sip_uri_unescape(struct slice text, struct buffer *out);

/*
 * The canonical form by which an address of record is looked up (RFC 3261 10.3 step 5): no
 * parameters, no port, no password, escapes that need not be resolved, host in lower case, and
 * without a scheme: alice@example.org, or example.org where there is no user. Of a tel URI it is
 * the number without visual separators, of a local one with its context; others stay as they are.
 */
void sip_uri_write_aor(const struct sip_uri *uri, struct buffer *out);

/* The same of a sip URI, with `host`, which is in that form already, in place of its own. */
void sip_uri_write_aor_at(const struct sip_uri *uri, struct slice host, struct buffer *out);

#endif
