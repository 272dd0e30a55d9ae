/*
 * ( name-addr / addr-spec ) *( SEMI generic-param ): RFC 3261 20.10 and 25.1.
 *
 * The grammar asks for a space between a display name of tokens and the "<"; section 20.10 and
 * erratum 5598 do not, and neither do we (RFC 4475 3.1.1.6).
 */
#include "sip/address.h"

#include "sip/grammar.h"
#include "sip/param.h"

enum { MALFORMED_EXPIRES_S = 3600 };

/*
 * The URI is as long as the grammar lets it. A tel URI may be any URI here, because phones leave
 * out the context that RFC 3966 wants for a local number.
 */
static bool eat_address_uri(struct cursor *c, struct sip_address *out)
{
    const char *start = c->at;
    struct slice number;

    bool ok = eat_uri(c, &out->parts) && (at_end(c) || *c->at == '>');
    if (!ok) {
        out->parts = (struct sip_uri){0};
        c->at = start;
        ok = eat_word(c, SLICE("tel")) && eat_char(c, ':') && eat_run(c, CHAR_URI, &number);
    }
    out->uri = eaten_since(c, start);
    return ok;
}

/* display-name = token *( LWS token ) / quoted-string; perhaps none */
static struct slice eat_display_name(struct cursor *c)
{
    const char *start = c->at;
    const char *end = c->at;
    struct slice part;

    if (eat_quoted(c, &part))
        return eaten_since(c, start);
    while (eat_token(c, &part)) {
        end = c->at;
        skip_space(c);
    }
    return slice_between(start, end);
}

/* name-addr = [ display-name ] LAQUOT addr-spec RAQUOT */
static bool eat_name_addr(struct cursor *c, struct sip_address *out)
{
    struct cursor ahead = *c;

    out->display = eat_display_name(&ahead);
    skip_space(&ahead);
    if (!eat_char(&ahead, '<') || !eat_address_uri(&ahead, out) || !eat_char(&ahead, '>'))
        return false;
    out->has_brackets = true;
    *c = ahead;
    return true;
}

/* addr-spec without brackets: it ends where parameters begin, and has no comma or question mark */
static bool eat_addr_spec(struct cursor *c, struct sip_address *out)
{
    struct slice rest = slice_between(c->at, c->end);
    struct slice text = slice_trim((struct slice){rest.ptr, slice_find(rest, ';')});
    struct cursor within = cursor_over(text);

    if (slice_find(text, ',') < text.len || slice_find(text, '?') < text.len
        || !eat_address_uri(&within, out) || !at_end(&within))
        return false;
    out->display = SLICE_NONE;
    c->at = slice_end(text);
    return true;
}

bool sip_qvalue_parse(struct slice text, uint16_t *out)
{
    static const uint16_t weights[] = {100, 10, 1};
    uint32_t whole, thousandths = 0;

    if (!slice_to_u32((struct slice){text.ptr, text.len > 0}, 1, &whole)
        || text.len > strlen("0.123") || (text.len > 1 && text.ptr[1] != '.'))
        return false;
    for (size_t i = 2; i < text.len; i++) {
        if (!ascii_is_digit(text.ptr[i]))
            return false;
        thousandths += (uint32_t)(text.ptr[i] - '0') * weights[i - 2];
    }
    if (whole == 1 && thousandths > 0)
        return false;
    *out = (uint16_t)(whole * 1000 + thousandths);
    return true;
}

/* c-p-expires = "expires" EQUAL delta-seconds */
static uint32_t expires_of(struct slice value)
{
    uint32_t seconds;

    return slice_to_u32(value, UINT32_MAX, &seconds) ? seconds : MALFORMED_EXPIRES_S;
}

/* contact-params = c-p-q / c-p-expires / contact-extension; the first of a kind counts */
static bool read_contact_param(const struct sip_param *param, struct sip_contact *contact)
{
    if (!contact->has_q && sip_param_is(param, SLICE("q"))) {
        contact->has_q = true;
        return sip_qvalue_parse(param->value, &contact->q_thousandths);
    }
    if (!contact->has_expires && sip_param_is(param, SLICE("expires"))) {
        contact->has_expires = true;
        contact->expires_s = expires_of(param->value);
    }
    return true;
}

/*
 * *( SEMI generic-param ); the first tag counts, and is never a quoted string (tag-param = "tag"
 * EQUAL token): a fold in one would make two texts of the same tag. Those of a Contact are read on
 * the way.
 */
static inline bool eat_address_params(struct cursor *c, struct sip_address *out,
                                      struct sip_contact *contact)
{
    struct cursor start = *c;
    struct sip_param param;
    bool has_tag = false;

    skip_space(&start);
    while (eat_param(c, &param)) {
        if (contact != NULL && !read_contact_param(&param, contact))
            return false;
        if (!has_tag && sip_param_is(&param, SLICE("tag"))) {
            if (param.value.len > 0 && param.value.ptr[0] == '"')
                return false;
            out->tag = param.value;
            has_tag = true;
        }
    }
    out->params = slice_between(c->at > start.at ? start.at : c->at, c->at);
    return !sees_semi(c);
}

static inline bool eat_address_of(struct cursor *c, struct sip_address *out,
                                  struct sip_contact *contact)
{
    out->has_brackets = false;
    out->tag = SLICE_NONE;
    return (eat_name_addr(c, out) || eat_addr_spec(c, out)) && eat_address_params(c, out, contact);
}

bool eat_address(struct cursor *c, struct sip_address *out)
{
    return eat_address_of(c, out, NULL);
}

bool sip_address_parse(struct slice value, struct sip_address *out)
{
    struct cursor c = cursor_over(slice_trim(value));
    struct sip_address address;

    if (!eat_address(&c, &address) || !at_end(&c))
        return false;
    *out = address;
    return true;
}

const struct sip_uri *sip_address_uri(const struct sip_address *address)
{
    return address->parts.text.len > 0 ? &address->parts : NULL;
}

bool sip_address_param(const struct sip_address *address, struct slice name, struct slice *value)
{
    struct sip_param param;

    if (!sip_param_find(address->params, name, &param))
        return false;
    *value = param.value;
    return true;
}

bool sip_contact_read(struct slice value, struct sip_contact *out)
{
    struct cursor c = cursor_over(slice_trim(value));

    out->has_q = false;
    out->has_expires = false;
    out->is_star = c.end - c.at == 1 && *c.at == '*';
    if (!out->is_star)
        return eat_address_of(&c, &out->address, out) && at_end(&c);
    out->address = (struct sip_address){0};
    return true;
}

bool sip_contact_parse(struct slice value, struct sip_contact *out)
{
    struct sip_contact contact = {0};

    if (!sip_contact_read(value, &contact))
        return false;
    *out = contact;
    return true;
}
