/*
 * URIs. The input is two of them, with a line end between. Each is equal to itself, equality is
 * symmetric, and equal addresses of record have the same canonical form, which is one: as the URI
 * that it is, it gives itself.
 */
#include <assert.h>

#include "sip/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum { MAX_AOR = 1 << 16 };

static bool is_bare(const struct sip_uri *uri)
{
    return uri->params.len == 0 && uri->password.ptr == NULL && uri->port == 0;
}

static struct buffer aor_of(const struct sip_uri *uri, char memory[MAX_AOR])
{
    struct buffer aor = buffer_over(memory, MAX_AOR);

    sip_uri_write_aor(uri, &aor);
    return aor;
}

static void check_canonical(const struct sip_uri *uri)
{
    static char memory[2][MAX_AOR];
    struct sip_uri again;

    struct buffer text = buffer_over(memory[0], MAX_AOR);
    buffer_add_text(&text, uri->scheme == SIP_SCHEME_TEL ? "tel:" : "sip:");
    sip_uri_write_aor(uri, &text);
    if (text.overflowed || uri->scheme == SIP_SCHEME_OTHER)
        return;
    bool ok = sip_uri_parse(buffer_slice(&text), &again);
    assert(ok);
    struct buffer aor = aor_of(&again, memory[1]);
    assert(slice_equal(buffer_slice(&aor), slice_after(buffer_slice(&text), 4)));
}

static void check_pair(const struct sip_uri *a, const struct sip_uri *b)
{
    static char memory[2][MAX_AOR];
    bool equal = sip_uri_equal(a, b);

    assert(equal == sip_uri_equal(b, a));
    if (!equal || !is_bare(a) || !is_bare(b))
        return;
    struct buffer one = aor_of(a, memory[0]), two = aor_of(b, memory[1]);
    assert(one.overflowed || slice_equal(buffer_slice(&one), buffer_slice(&two)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct slice input = {(const char *)bytes, count};
    struct slice first = {input.ptr, slice_find(input, '\n')};
    struct sip_uri a, b;

    if (!sip_uri_parse(first, &a))
        return 0;
    assert(sip_uri_equal(&a, &a));
    check_canonical(&a);
    if (sip_uri_parse(slice_after(input, first.len + 1), &b))
        check_pair(&a, &b);
    return 0;
}
