/* Escapes: RFC 3261 19.1.2 and 19.1.4. IPv6 addresses: RFC 5118 4.10. */
#include "sip/uri_text.h"

#include <arpa/inet.h>

#include "sip/grammar.h"
#include "sip/uri.h"

/* reserved = ";" / "/" / "?" / ":" / "@" / "&" / "=" / "+" / "$" / "," */
static bool is_reserved(unsigned c)
{
    return c != 0 && strchr(";/?:@&=+$,", (int)c) != NULL;
}

static bool is_escape(struct slice text)
{
    return text.len >= 3 && text.ptr[0] == '%' && sip_char_is(text.ptr[1], CHAR_HEXDIG)
           && sip_char_is(text.ptr[2], CHAR_HEXDIG);
}

unsigned sip_uri_take_char(struct slice *rest)
{
    struct slice text = *rest;

    if (!is_escape(text)) {
        *rest = slice_after(text, 1);
        return (unsigned char)text.ptr[0];
    }
    *rest = slice_after(text, 3);
    unsigned c = (unsigned)(ascii_hex_value(text.ptr[1]) * 16 + ascii_hex_value(text.ptr[2]));
    return is_reserved(c) ? c + SIP_STAYS_ESCAPED : c;
}

static unsigned lower(unsigned c)
{
    return c < SIP_STAYS_ESCAPED ? (unsigned char)ascii_lower((char)c) : c;
}

bool sip_uri_text_equal(struct slice a, struct slice b)
{
    while (a.len > 0 && b.len > 0) {
        if (sip_uri_take_char(&a) != sip_uri_take_char(&b))
            return false;
    }
    return a.len == b.len;
}

bool sip_uri_text_equal_nocase(struct slice a, struct slice b)
{
    while (a.len > 0 && b.len > 0) {
        if (lower(sip_uri_take_char(&a)) != lower(sip_uri_take_char(&b)))
            return false;
    }
    return a.len == b.len;
}

void sip_uri_unescape(struct slice text, struct buffer *out)
{
    while (text.len > 0)
        buffer_add_char(out, (char)sip_uri_take_char(&text));
}

bool sip_uri_read_ipv6(struct slice text, unsigned char out[SIP_IPV6_BYTES])
{
    char terminated[INET6_ADDRSTRLEN];
    struct buffer copy = buffer_over(terminated, sizeof(terminated));

    for (size_t i = 0; i < text.len; i++) {
        if (i < 2 || memcmp(text.ptr + i - 2, ":::", 3) != 0)
            buffer_add_char(&copy, text.ptr[i]);
    }
    buffer_add_char(&copy, '\0');
    return !copy.overflowed && inet_pton(AF_INET6, terminated, out) == 1;
}
