/* Via: RFC 3261 18.2.1, 20.42 and 25.1; rport: RFC 3581. */
#include "sip/via.h"

#include "sip/glance.h"
#include "sip/param.h"

static bool eat_sent_protocol(struct cursor *c, struct sip_via *via);
static bool eat_sent_by(struct cursor *c, struct sip_via *via);
static bool eat_via_params(struct cursor *c, struct sip_via *via);

/* via-parm = sent-protocol LWS sent-by *( SEMI via-params ) */
bool eat_via(struct cursor *c, struct sip_via *out)
{
    *out = (struct sip_via){0};
    return eat_sent_protocol(c, out) && eat_space(c) && eat_sent_by(c, out)
           && eat_via_params(c, out);
}

bool sip_via_read(struct slice value, struct sip_via *out)
{
    struct cursor c = cursor_over(value);

    return take_via(value, out) || (eat_via(&c, out) && at_end(&c));
}

bool sip_via_parse(struct slice value, struct sip_via *out)
{
    struct sip_via via;

    if (!sip_via_read(value, &via))
        return false;
    *out = via;
    return true;
}

/* "SIP" SLASH "2.0", nearly always written so */
static bool eat_sip_version(struct cursor *c)
{
    return eat_text(c, SLICE("SIP/2.0"))
           || (eat_word(c, SLICE("SIP")) && eat_mark(c, '/') && eat_word(c, SLICE("2.0")));
}

/* sent-protocol = "SIP" SLASH "2.0" SLASH transport */
static bool eat_sent_protocol(struct cursor *c, struct sip_via *via)
{
    return eat_sip_version(c) && eat_mark(c, '/') && eat_token(c, &via->transport);
}

/* sent-by = host [ COLON port ] */
static bool eat_sent_by(struct cursor *c, struct sip_via *via)
{
    via->host_is_ipv6 = !at_end(c) && *c->at == '[';
    return eat_host(c, &via->host) && (!eat_mark(c, ':') || eat_port(c, &via->port));
}

/* Without the brackets that RFC 5118 4.5 asks to tolerate. */
static struct slice without_brackets(struct slice address)
{
    if (address.len >= 2 && address.ptr[0] == '[' && address.ptr[address.len - 1] == ']')
        return (struct slice){address.ptr + 1, address.len - 2};
    return address;
}

/* response-port = "rport" [ EQUAL 1*DIGIT ] */
static bool read_rport(struct slice value, struct sip_via *via)
{
    uint32_t port = 0;

    via->wants_rport = true;
    if (value.ptr != NULL && !slice_to_u32(value, UINT16_MAX, &port))
        return false;
    via->rport = (uint16_t)port;
    return true;
}

/* ttl = 1*3DIGIT, 0 to 255 */
static bool read_ttl(struct slice value, struct sip_via *via)
{
    uint32_t ttl;

    if (!slice_to_u32(value, UINT8_MAX, &ttl))
        return false;
    via->ttl = (uint8_t)ttl;
    return true;
}

/* The first of a kind counts. False: a value that is not what the name promises. */
static bool read_param(const struct sip_param *param, struct slice text, struct sip_via *via)
{
    if (sip_param_is(param, SLICE("branch"))) {
        if (via->branch.ptr == NULL)
            via->branch = param->value;
    } else if (sip_param_is(param, SLICE("rport"))) {
        via->has_more_to_replace |= via->wants_rport;
        if (via->wants_rport)
            return true;
        via->rport_text = text;
        return read_rport(param->value, via);
    } else if (sip_param_is(param, SLICE("received"))) {
        via->has_more_to_replace = true;
        if (via->received.ptr == NULL)
            via->received = without_brackets(param->value);
    } else if (sip_param_is(param, SLICE("maddr"))) {
        if (via->maddr.ptr == NULL)
            via->maddr = without_brackets(param->value);
    } else if (sip_param_is(param, SLICE("ttl"))) {
        return read_ttl(param->value, via);
    }
    return true;
}

/* *( SEMI via-params ) */
static bool eat_via_params(struct cursor *c, struct sip_via *via)
{
    struct sip_param param;
    struct cursor start = *c;

    skip_space(&start);
    for (const char *at = start.at; eat_param(c, &param); at = c->at) {
        if (!read_param(&param, eaten_since(c, at), via))
            return false;
    }
    via->params = c->at > start.at ? eaten_since(c, start.at) : eaten_since(c, c->at);
    return true;
}

/* "SIP/2.0/" transport SP host [ ":" port ] *( ";" param ), all of it of the usual sort */
bool take_via(struct slice value, struct sip_via *via)
{
    struct glance g = glance_at(value);
    struct sip_param param;

    if (!take_text(&g, SLICE("SIP/2.0/")))
        return false;
    *via = (struct sip_via){0};
    if (!take_plain(&g, &via->transport) || !take_mark(&g, ' ') || !take_plain(&g, &via->host)
        || !is_host(via->host) || !take_port(&g, &via->port))
        return false;
    const char *params = g.at;
    for (const char *at = params; !glance_is_over(&g); at = g.at) {
        if (!take_param(&g, &param) || !read_param(&param, slice_between(at, g.at), via))
            return false;
    }
    via->params = slice_between(params, g.at);
    return true;
}

static void add_rport(struct buffer *out, uint16_t port)
{
    buffer_add(out, SLICE(";rport="));
    buffer_add_u64(out, port);
}

/* Nothing but the rport, if there is one, is to be replaced. */
static void copy_with_rport(const struct sip_via *via, struct slice value, uint16_t port,
                            struct buffer *out)
{
    if (via->rport_text.len == 0) {
        buffer_add(out, value);
        return;
    }
    buffer_add(out, slice_between(value.ptr, via->rport_text.ptr));
    add_rport(out, port);
    buffer_add(out, slice_between(slice_end(via->rport_text), slice_end(value)));
}

/* Of several rports the first is replaced, the others and what was received before are left out. */
static void copy_replacing(const struct sip_via *via, struct slice value, uint16_t port,
                           struct buffer *out)
{
    struct slice rest = via->params;
    struct sip_param param;
    const char *start = rest.ptr;
    bool is_first_rport = true;

    buffer_add(out, slice_between(value.ptr, start));
    for (; sip_param_next(&rest, &param); start = rest.ptr) {
        if (sip_param_is(&param, SLICE("received")))
            continue;
        if (!sip_param_is(&param, SLICE("rport"))) {
            buffer_add(out, slice_between(start, rest.ptr));
        } else if (is_first_rport) {
            add_rport(out, port);
            is_first_rport = false;
        }
    }
}

void sip_via_stamp(const struct sip_via *via, struct slice value, struct slice source_host,
                   uint16_t source_port, struct buffer *out)
{
    if (via->has_more_to_replace)
        copy_replacing(via, value, source_port, out);
    else
        copy_with_rport(via, value, source_port, out);
    if (via->wants_rport || !slice_equal_nocase(via->host, source_host)) {
        buffer_add(out, SLICE(";received="));
        buffer_add(out, source_host);
    }
}

bool sip_branch_is_rfc3261(struct slice branch)
{
    struct slice cookie = SLICE("z9hG4bK");

    return branch.len > cookie.len && slice_starts_with(branch, cookie);
}
