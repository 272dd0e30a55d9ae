/* Fields eaten off the front of the data, each with its length checked: RFC 1035 3.1 and 3.3. */
#include "net/dns_records.h"

#include "base/buffer.h"

enum { MAX_LABEL = 63, MAX_WIRE_NAME = 255 }; /* RFC 1035 2.3.4; the latter with all lengths */

static bool eat_byte(struct slice *rest, uint8_t *out)
{
    if (rest->len == 0)
        return false;
    *out = (uint8_t)rest->ptr[0];
    *rest = slice_after(*rest, 1);
    return true;
}

static bool eat_u16(struct slice *rest, uint16_t *out)
{
    uint8_t high, low;

    if (!eat_byte(rest, &high) || !eat_byte(rest, &low))
        return false;
    *out = (uint16_t)(high << 8 | low);
    return true;
}

/* character-string, and a label too: a length and as many bytes */
static bool eat_string(struct slice *rest, struct slice *out)
{
    uint8_t len;

    if (!eat_byte(rest, &len) || len > rest->len)
        return false;
    *out = (struct slice){rest->ptr, len};
    *rest = slice_after(*rest, len);
    return true;
}

/* A length above 63 would be a pointer; a dot within a label would be two labels as text. */
static bool is_host_label(struct slice label)
{
    for (size_t i = 0; i < label.len; i++) {
        char c = ascii_lower(label.ptr[i]);
        if (!ascii_is_digit(c) && (c < 'a' || c > 'z') && c != '-' && c != '_')
            return false;
    }
    return label.len <= MAX_LABEL;
}

/* domain-name: labels up to the empty one */
static bool eat_name(struct slice *rest, struct dns_name *out)
{
    struct buffer text = buffer_over(out->text, DNS_MAX_NAME);
    const char *start = rest->ptr;
    struct slice label;

    do {
        if (!eat_string(rest, &label) || !is_host_label(label)
            || slice_end(label) - start > MAX_WIRE_NAME)
            return false;
        if (text.len > 0 && label.len > 0)
            buffer_add_char(&text, '.');
        buffer_add(&text, label);
    } while (label.len > 0);
    if (text.len == 0)
        buffer_add_char(&text, '.');
    out->text[text.len] = '\0';
    return true;
}

bool dns_srv_read(struct slice rdata, struct dns_srv *out)
{
    struct dns_srv srv;

    bool ok = eat_u16(&rdata, &srv.priority) && eat_u16(&rdata, &srv.weight)
              && eat_u16(&rdata, &srv.port) && eat_name(&rdata, &srv.target) && rdata.len == 0;
    if (ok)
        *out = srv;
    return ok;
}

bool dns_naptr_read(struct slice rdata, struct dns_naptr *out)
{
    struct dns_naptr naptr;

    bool ok = eat_u16(&rdata, &naptr.order) && eat_u16(&rdata, &naptr.preference)
              && eat_string(&rdata, &naptr.flags) && eat_string(&rdata, &naptr.services)
              && eat_string(&rdata, &naptr.regexp) && eat_name(&rdata, &naptr.replacement)
              && rdata.len == 0;
    if (ok)
        *out = naptr;
    return ok;
}
