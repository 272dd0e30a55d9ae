/*
 * What is read at a glance, and the same read by the grammar alone: whether the two agree about a
 * text, in all that they say of it. For the unit test and the fuzz target.
 */
#ifndef TCHIN_TESTS_GLANCE_TWIN_H
#define TCHIN_TESTS_GLANCE_TWIN_H

#include "sip/address.h"
#include "sip/via.h"

static inline bool is_same(struct slice a, struct slice b)
{
    return a.len == b.len && (a.ptr == b.ptr || a.len == 0) && (a.ptr == NULL) == (b.ptr == NULL);
}

static inline bool is_same_uri(const struct sip_uri *a, const struct sip_uri *b)
{
    return is_same(a->text, b->text) && a->scheme == b->scheme && is_same(a->user, b->user)
           && is_same(a->password, b->password) && is_same(a->host, b->host)
           && a->host_is_ipv6 == b->host_is_ipv6 && a->port == b->port
           && is_same(a->params, b->params) && is_same(a->headers, b->headers);
}

static inline bool is_same_address(const struct sip_address *a, const struct sip_address *b)
{
    return is_same(a->display, b->display) && is_same(a->uri, b->uri)
           && is_same_uri(&a->parts, &b->parts) && a->has_brackets == b->has_brackets
           && is_same(a->params, b->params) && is_same(a->tag, b->tag);
}

static inline bool is_same_via(const struct sip_via *a, const struct sip_via *b)
{
    return is_same(a->transport, b->transport) && is_same(a->host, b->host)
           && a->host_is_ipv6 == b->host_is_ipv6 && a->port == b->port
           && is_same(a->params, b->params) && is_same(a->branch, b->branch)
           && is_same(a->received, b->received) && is_same(a->maddr, b->maddr) && a->ttl == b->ttl
           && a->wants_rport == b->wants_rport && a->rport == b->rport
           && is_same(a->rport_text, b->rport_text)
           && a->has_more_to_replace == b->has_more_to_replace;
}

static inline bool agree_on_uri(struct slice text)
{
    struct cursor c = cursor_over(text);
    struct sip_uri usual, any;
    bool ok = sip_uri_parse(text, &usual);

    return (eat_uri(&c, &any) && at_end(&c)) == ok && (!ok || is_same_uri(&usual, &any));
}

static inline bool agree_on_address(struct slice text)
{
    struct cursor c = cursor_over(text);
    struct sip_address usual, any;
    bool ok = sip_address_read(text, &usual);

    return (eat_address(&c, &any) && at_end(&c)) == ok && (!ok || is_same_address(&usual, &any));
}

static inline bool agree_on_via(struct slice text)
{
    struct cursor c = cursor_over(text);
    struct sip_via usual, any;
    bool ok = sip_via_read(text, &usual);

    return (eat_via(&c, &any) && at_end(&c)) == ok && (!ok || is_same_via(&usual, &any));
}

#endif
