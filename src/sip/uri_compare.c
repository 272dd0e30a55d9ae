/* When two URIs are the same. sip and sips: RFC 3261 19.1.4. tel: RFC 3966 4. */
#include "sip/tel.h"
#include "sip/uri.h"
#include "sip/uri_text.h"

/* Of an IPv6 address the address counts, not how it is written. */
static bool host_equal(const struct sip_uri *a, const struct sip_uri *b)
{
    unsigned char address[2][SIP_IPV6_BYTES];

    if (a->host_is_ipv6 != b->host_is_ipv6)
        return false;
    if (a->host_is_ipv6 && sip_uri_read_ipv6(a->host, address[0])
        && sip_uri_read_ipv6(b->host, address[1]))
        return memcmp(address[0], address[1], SIP_IPV6_BYTES) == 0;
    return slice_equal_nocase(a->host, b->host);
}

/* What a scheme says of its parameters. */
struct param_rules {
    bool (*must_be_in_both)(struct slice name);
    bool (*are_equal)(struct slice name, struct slice a, struct slice b);
};

/* Those with a default value, and maddr. Their names may be escaped (RFC 4475 3.1.1.3). */
static bool must_be_in_both_sip(struct slice name)
{
    static const struct slice names[] = {
        SLICE("transport"), SLICE("user"), SLICE("ttl"), SLICE("method"), SLICE("maddr"),
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (sip_uri_text_equal_nocase(name, names[i]))
            return true;
    }
    return false;
}

static bool values_equal(struct slice a, struct slice b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && sip_uri_text_equal_nocase(a, b);
}

/* lr has no value; "lr=on" is how some write it. */
static bool sip_params_equal(struct slice name, struct slice a, struct slice b)
{
    return sip_uri_text_equal_nocase(name, SLICE("lr")) || values_equal(a, b);
}

/* "If one URI has a parameter name not found in the other, the two URIs are not equal." */
static bool must_be_in_both_tel(struct slice name)
{
    (void)name;
    return true;
}

static bool tel_params_equal(struct slice name, struct slice a, struct slice b)
{
    bool is_number = sip_uri_text_equal_nocase(name, SLICE("ext"))
                     || (sip_uri_text_equal_nocase(name, SLICE("phone-context"))
                         && sip_tel_is_global(a) && sip_tel_is_global(b));

    return is_number ? sip_tel_number_equal(a, b) : values_equal(a, b);
}

static const struct param_rules sip_rules = {must_be_in_both_sip, sip_params_equal};
static const struct param_rules tel_rules = {must_be_in_both_tel, tel_params_equal};

/* What stands in `a` agrees with `b`. Of a name that is repeated, the first is what counts. */
static bool params_agree(const struct sip_uri *a, const struct sip_uri *b,
                         const struct param_rules *rules)
{
    struct slice rest = a->params;
    struct slice in_a, in_b;
    struct sip_param param;

    while (sip_uri_param_next(&rest, &param)) {
        bool is_in_both = sip_uri_param(b, param.name, &in_b);
        if (!is_in_both && rules->must_be_in_both(param.name))
            return false;
        if (is_in_both && sip_uri_param(a, param.name, &in_a)
            && !rules->are_equal(param.name, in_a, in_b))
            return false;
    }
    return true;
}

static bool params_equal(const struct sip_uri *a, const struct sip_uri *b,
                         const struct param_rules *rules)
{
    return params_agree(a, b, rules) && params_agree(b, a, rules);
}

static size_t count_header(struct slice headers, const struct sip_param *wanted)
{
    struct sip_param header;
    size_t count = 0;

    while (sip_uri_header_next(&headers, &header))
        count += sip_uri_text_equal_nocase(header.name, wanted->name)
                 && sip_uri_text_equal_nocase(header.value, wanted->value);
    return count;
}

/* Every header of `a` is in `b`, and as often. */
static bool headers_are_in(struct slice a, struct slice b)
{
    struct slice rest = a;
    struct sip_param header;

    while (sip_uri_header_next(&rest, &header)) {
        if (count_header(a, &header) != count_header(b, &header))
            return false;
    }
    return true;
}

static bool headers_equal(struct slice a, struct slice b)
{
    return headers_are_in(a, b) && headers_are_in(b, a);
}

/* Comparing takes the square of the number: strangers do not choose how long. */
static bool has_too_many_parts(const struct sip_uri *uri)
{
    struct slice params = uri->params, headers = uri->headers;
    struct sip_param part;
    size_t count = 0;

    while (sip_uri_param_next(&params, &part) || sip_uri_header_next(&headers, &part)) {
        if (++count > SIP_URI_MAX_PARTS)
            return true;
    }
    return false;
}

/* Userinfo: either is there in both or in neither, and its case counts. */
static bool userinfo_equal(struct slice a, struct slice b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && sip_uri_text_equal(a, b);
}

static bool sip_equal(const struct sip_uri *a, const struct sip_uri *b)
{
    return userinfo_equal(a->user, b->user) && userinfo_equal(a->password, b->password)
           && host_equal(a, b) && a->port == b->port && params_equal(a, b, &sip_rules)
           && headers_equal(a->headers, b->headers);
}

bool sip_uri_equal(const struct sip_uri *a, const struct sip_uri *b)
{
    if (slice_equal(a->text, b->text))
        return true;
    if (a->scheme != b->scheme || has_too_many_parts(a) || has_too_many_parts(b))
        return false;
    switch (a->scheme) {
    case SIP_SCHEME_SIP:
    case SIP_SCHEME_SIPS: return sip_equal(a, b);
    case SIP_SCHEME_TEL:
        return sip_tel_number_equal(a->user, b->user) && params_equal(a, b, &tel_rules);
    case SIP_SCHEME_OTHER: return false;
    }
    return false;
}
