/*
 * ( name-addr / addr-spec ) *( SEMI generic-param ): RFC 3261 20.10 and 25.1.
 *
 * The grammar asks for a space between a display name of tokens and the "<"; section 20.10 and
 * erratum 5598 do not, and neither do we (RFC 4475 3.1.1.6).
 */
#include "sip/address.h"

#include "sip/glance.h"
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
 * The first tag counts, and is never a quoted string (tag-param = "tag" EQUAL token): a fold in one
 * would make two texts of the same tag. Those of a Contact are read on the way.
 */
struct param_reader {
    struct sip_address *address;
    struct sip_contact *contact; /* NULL: it is none */
    bool has_tag;
};

static inline struct param_reader param_reader_for(struct sip_address *address,
                                                   struct sip_contact *contact)
{
    address->tag = SLICE_NONE;
    if (contact != NULL) {
        contact->has_q = false;
        contact->has_expires = false;
    }
    return (struct param_reader){address, contact, false};
}

static inline bool read_param(struct param_reader *r, const struct sip_param *param)
{
    if (r->contact != NULL && !read_contact_param(param, r->contact))
        return false;
    if (r->has_tag || !sip_param_is(param, SLICE("tag")))
        return true;
    r->has_tag = true;
    r->address->tag = param->value;
    return param->value.len == 0 || param->value.ptr[0] != '"';
}

/* *( SEMI generic-param ) */
static inline bool eat_address_params(struct cursor *c, struct param_reader *r)
{
    struct cursor start = *c;
    struct sip_param param;

    skip_space(&start);
    while (eat_param(c, &param)) {
        if (!read_param(r, &param))
            return false;
    }
    r->address->params = slice_between(c->at > start.at ? start.at : c->at, c->at);
    return !sees_semi(c);
}

static inline bool eat_address_of(struct cursor *c, struct sip_address *out,
                                  struct sip_contact *contact)
{
    struct param_reader r = param_reader_for(out, contact);

    out->has_brackets = false;
    return (eat_name_addr(c, out) || eat_addr_spec(c, out)) && eat_address_params(c, &r);
}

bool eat_address(struct cursor *c, struct sip_address *out)
{
    return eat_address_of(c, out, NULL);
}

/* Words with a space behind, or a quoted string; perhaps none. */
static struct slice take_display_name(struct glance *g)
{
    const char *start = g->at, *end = start;
    struct slice part;

    if (take_quoted(g, &part)) {
        (void)take_mark(g, ' ');
        return part;
    }
    while (take_plain(g, &part)) {
        end = g->at;
        (void)take_mark(g, ' ');
    }
    return slice_between(start, end);
}

/* [ display-name ] "<" URI ">" *( ";" param ), all of it of the usual sort */
static bool take_address(struct slice value, struct sip_address *out, struct sip_contact *contact)
{
    struct param_reader r = param_reader_for(out, contact);
    struct glance g = glance_at(value);
    struct sip_param param;

    out->display = take_display_name(&g);
    if (!take_mark(&g, '<') || !take_uri(&g, &out->parts) || !take_mark(&g, '>'))
        return false;
    out->uri = out->parts.text;
    out->has_brackets = true;
    const char *params = g.at;
    while (!glance_is_over(&g)) {
        if (!take_param(&g, &param) || !read_param(&r, &param))
            return false;
    }
    out->params = slice_between(params, g.at);
    return true;
}

/* The whole of a value, by the grammar. */
static bool eat_whole_address(struct slice value, struct sip_address *out,
                              struct sip_contact *contact)
{
    struct cursor c = cursor_over(value);

    return eat_address_of(&c, out, contact) && at_end(&c);
}

static inline bool read_address(struct slice value, struct sip_address *out,
                                struct sip_contact *contact)
{
    return take_address(value, out, contact) || eat_whole_address(value, out, contact);
}

bool sip_address_read(struct slice value, struct sip_address *out)
{
    return read_address(value, out, NULL);
}

bool sip_address_parse(struct slice value, struct sip_address *out)
{
    struct sip_address address;

    if (!read_address(slice_trim(value), &address, NULL))
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

bool take_contact(struct slice value, struct sip_contact *out)
{
    out->is_star = false;
    return take_address(value, &out->address, out);
}

bool sip_contact_read(struct slice value, struct sip_contact *out)
{
    value = slice_trim(value);
    out->is_star = value.len == 1 && value.ptr[0] == '*';
    if (!out->is_star)
        return read_address(value, &out->address, out);
    *out = (struct sip_contact){.is_star = true};
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
