/*
 * The canonical form of an address of record: RFC 3261 10.3 step 5. URIs that are equal have the
 * same, so that it can be the key of a table.
 */
#include <arpa/inet.h>

#include "sip/grammar.h"
#include "sip/tel.h"
#include "sip/uri.h"
#include "sip/uri_text.h"

static void write_lower(struct slice text, struct buffer *out)
{
    char *room = buffer_take(out, text.len);

    for (size_t i = 0; room != NULL && i < text.len; i++)
        room[i] = ascii_lower(text.ptr[i]);
}

static void write_ipv6(struct slice host, struct buffer *out)
{
    unsigned char address[SIP_IPV6_BYTES];
    char text[INET6_ADDRSTRLEN];

    buffer_add_char(out, '[');
    if (sip_uri_read_ipv6(host, address)
        && inet_ntop(AF_INET6, address, text, sizeof(text)) != NULL)
        buffer_add_text(out, text);
    else
        write_lower(host, out);
    buffer_add_char(out, ']');
}

/*
 * A character that the grammar allows bare is written so, also if it is reserved: 10.3 has "any
 * escaped characters" resolved. The others would make another address of it.
 */
static void write_user(struct slice user, struct buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";

    for (;;) {
        const char *end = run_end(user.ptr, slice_end(user), CHAR_USER);
        buffer_add(out, slice_between(user.ptr, end));
        user = slice_between(end, slice_end(user));
        if (user.len == 0)
            return;
        unsigned char c = (unsigned char)sip_uri_take_char(&user);
        if (sip_char_is((char)c, CHAR_USER)) {
            buffer_add_char(out, (char)c);
        } else {
            const char escape[] = {'%', digits[c >> 4], digits[c & 15]};
            buffer_add(out, (struct slice){escape, sizeof(escape)});
        }
    }
}

static void write_user_at(const struct sip_uri *uri, struct buffer *out)
{
    if (uri->user.ptr == NULL)
        return;
    write_user(uri->user, out);
    buffer_add_char(out, '@');
}

void sip_uri_write_aor_at(const struct sip_uri *uri, struct slice host, struct buffer *out)
{
    write_user_at(uri, out);
    buffer_add(out, host);
}

static void write_sip_aor(const struct sip_uri *uri, struct buffer *out)
{
    write_user_at(uri, out);
    if (uri->host_is_ipv6)
        write_ipv6(uri->host, out);
    else
        write_lower(uri->host, out);
}

/* RFC 3966 5.1.5: a local number and its context together are what is unique. */
static void write_tel_aor(const struct sip_uri *uri, struct buffer *out)
{
    struct slice context;

    sip_tel_write_number(uri->user, out);
    if (sip_tel_is_global(uri->user) || !sip_uri_param(uri, SLICE("phone-context"), &context))
        return;
    buffer_add_text(out, ";phone-context=");
    if (sip_tel_is_global(context))
        sip_tel_write_number(context, out);
    else
        write_lower(context, out);
}

void sip_uri_write_aor(const struct sip_uri *uri, struct buffer *out)
{
    switch (uri->scheme) {
    case SIP_SCHEME_SIP:
    case SIP_SCHEME_SIPS: write_sip_aor(uri, out); break;
    case SIP_SCHEME_TEL: write_tel_aor(uri, out); break;
    case SIP_SCHEME_OTHER: buffer_add(out, uri->text); break;
    }
}
