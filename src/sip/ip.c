/* Addresses from records and from text, and back to text. */
#include "sip/ip.h"

#include <arpa/inet.h>

#include "base/ipv4.h"
#include "sip/grammar.h"
#include "sip/uri_text.h"

enum { IPV6_BYTES = 16, MAPPED_BYTES = 12 };

static const char mapped_prefix[MAPPED_BYTES] = {[10] = (char)0xff, [11] = (char)0xff};

bool sip_ip_from_bytes(struct slice bytes, struct sip_ip *out)
{
    if (bytes.len == IPV6_BYTES && memcmp(bytes.ptr, mapped_prefix, MAPPED_BYTES) == 0)
        bytes = slice_after(bytes, MAPPED_BYTES);
    if (bytes.len != IPV4_BYTES && bytes.len != IPV6_BYTES)
        return false;
    *out = (struct sip_ip){.family = bytes.len == IPV4_BYTES ? 4 : 6};
    memcpy(out->bytes, bytes.ptr, bytes.len);
    return true;
}

bool sip_ip_parse(struct slice text, struct sip_ip *out)
{
    unsigned char bytes[SIP_IPV6_BYTES];

    if (ipv4_parse(text, bytes))
        return sip_ip_from_bytes((struct slice){(const char *)bytes, IPV4_BYTES}, out);
    return sip_is_ipv6(text) && sip_uri_read_ipv6(text, bytes)
           && sip_ip_from_bytes((struct slice){(const char *)bytes, IPV6_BYTES}, out);
}

void sip_ip_write(const struct sip_ip *ip, struct buffer *out)
{
    char text[INET6_ADDRSTRLEN];

    if (inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->bytes, text, sizeof(text)) != NULL)
        buffer_add_text(out, text);
}

bool sip_ip_equal(const struct sip_ip *a, const struct sip_ip *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool sip_ip_is_one_host(const struct sip_ip *ip)
{
    static const uint8_t zeros[IPV6_BYTES];
    static const uint8_t broadcast[IPV4_BYTES] = {255, 255, 255, 255};

    if (memcmp(ip->bytes, zeros, sizeof(zeros)) == 0)
        return false;
    if (ip->family == 6)
        return ip->bytes[0] != 0xff;
    return (ip->bytes[0] & 0xf0) != 0xe0 && memcmp(ip->bytes, broadcast, IPV4_BYTES) != 0;
}
