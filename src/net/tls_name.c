/*
 * A URI "sip:domain" in subjectAltName counts; where there is none, a DNS name does; where there is
 * no subjectAltName, the CN.
 */
#include "net/tls_name.h"

#include <openssl/x509v3.h>

#include "net/addr.h"

static struct slice text_of(const ASN1_STRING *string)
{
    return (struct slice){(const char *)ASN1_STRING_get0_data(string),
                          (size_t)ASN1_STRING_length(string)};
}

/* The host of a URI such as a domain has: no user part, no port or parameters in the comparison. */
static bool is_sip_domain(struct slice uri, struct slice *host)
{
    struct slice scheme = {uri.ptr, uri.len < 4 ? uri.len : 4};

    if (!slice_equal_nocase(scheme, SLICE("sip:")) || slice_find(uri, '@') < uri.len)
        return false;
    struct slice rest = slice_after(uri, scheme.len);
    rest.len = slice_find(rest, ';');
    rest.len = slice_find(rest, '?');
    rest.len = slice_find(rest, ':');
    *host = rest;
    return true;
}

static bool is_address(const GENERAL_NAME *name, const struct net_addr *addr)
{
    struct slice bytes = text_of(name->d.iPAddress);

    return bytes.len == (addr->family == 4 ? 4u : 16u)
           && memcmp(bytes.ptr, addr->ip, bytes.len) == 0;
}

static bool any_address_is(const GENERAL_NAMES *names, const struct net_addr *addr)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_IPADD && is_address(name, addr))
            return true;
    }
    return false;
}

/* RFC 5922 7.1 step 1: DNS names count as long as no URI does. */
static bool any_name_is(const GENERAL_NAMES *names, struct slice domain)
{
    bool has_uri = false, is_dns = false;
    struct slice host;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_URI
            && is_sip_domain(text_of(name->d.uniformResourceIdentifier), &host)) {
            has_uri = true;
            if (slice_equal_nocase(host, domain))
                return true;
        } else if (name->type == GEN_DNS) {
            is_dns |= slice_equal_nocase(text_of(name->d.dNSName), domain);
        }
    }
    return is_dns && !has_uri;
}

/* RFC 5922 7.1 step 2. */
static bool common_name_is(X509 *certificate, struct slice domain)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    return at >= 0
           && slice_equal_nocase(
               text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))), domain);
}

bool tls_name_is_in(X509 *certificate, struct slice domain)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool has_names = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) >= 0;
    struct net_addr addr;
    bool is_in;

    if (net_addr_parse(domain, 0, &addr))
        is_in = names != NULL && any_address_is(names, &addr);
    else
        is_in = has_names ? names != NULL && any_name_is(names, domain)
                          : common_name_is(certificate, domain);
    GENERAL_NAMES_free(names);
    return is_in && domain.len > 0;
}
