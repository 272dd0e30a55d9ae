/* The canonical form is the SIP library's. */
#include "tools/aor.h"

enum { MAX_TEXT = 1024 };

/* Else "mailto:alice@example.org" would be a user "mailto" whose password is "alice". */
static bool has_colon_in_user(struct slice text)
{
    size_t at = slice_find(text, '@');

    return at < text.len && slice_find(text, ':') < at;
}

bool uri_read(struct slice text, struct buffer *memory, struct sip_uri *out)
{
    if (sip_uri_parse(text, out) && out->scheme != SIP_SCHEME_OTHER)
        return true;
    if (has_colon_in_user(text))
        return false;
    buffer_add_text(memory, "sip:");
    buffer_add(memory, text);
    return !memory->overflowed && sip_uri_parse(buffer_slice(memory), out);
}

static bool is_user(const struct sip_uri *uri)
{
    return (uri->scheme == SIP_SCHEME_SIP || uri->scheme == SIP_SCHEME_SIPS) && uri->user.len > 0;
}

bool aor_read(struct slice text, struct aor *out, struct buffer *fault)
{
    char memory[MAX_TEXT];
    struct buffer with_scheme = buffer_over(memory, sizeof(memory));
    struct aor aor = {.len = 0};
    struct buffer written = buffer_over(aor.text, sizeof(aor.text));
    struct sip_uri uri;

    if (uri_read(text, &with_scheme, &uri) && is_user(&uri))
        sip_uri_write_aor(&uri, &written);
    aor.len = written.len;
    if (aor.len == 0 || written.overflowed) {
        buffer_printf(fault, "\"%.*s\" is no user: write a name such as alice@example.org",
                      (int)(text.len < 80 ? text.len : 80), text.ptr);
        return false;
    }
    *out = aor;
    return true;
}
