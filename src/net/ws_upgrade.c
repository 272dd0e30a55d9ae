/* What comes before a WebSocket is one: requests by HTTP, some of which ask to become one. */
#include "net/ws_inside.h"

enum { MAX_FIELD = 256, PAGE_BYTES = 4096 };

/* Then the connection closes. */
static int answer(struct ws *ws, unsigned status, struct slice text, struct slice header,
                  bool with_text)
{
    char memory[LWS_PRE + HTTP_HEAD_BYTES + PAGE_BYTES];
    struct buffer out = buffer_over(memory + LWS_PRE, sizeof(memory) - LWS_PRE);
    const struct http_page page = {status, text};

    http_write_answer(&page, header, with_text, &out);
    if (!out.overflowed)
        (void)lws_write(ws->wsi, (unsigned char *)out.ptr, out.len, LWS_WRITE_HTTP_FINAL);
    return -1;
}

int ws_answer_page(struct ws *ws, struct slice path)
{
    const struct ws_settings *settings = &ws->service->settings;
    bool is_head = lws_hdr_total_length(ws->wsi, WSI_TOKEN_HEAD_URI) > 0;
    struct http_page page = {404, SLICE("There is no such page.\n")};

    if (!is_head && lws_hdr_total_length(ws->wsi, WSI_TOKEN_GET_URI) == 0)
        return answer(ws, 405, SLICE("Only GET and HEAD.\n"), SLICE("Allow: GET, HEAD\r\n"), true);
    settings->find_page(settings->pages, path, &page);
    return answer(ws, page.status, page.text, SLICE_NONE, !is_head);
}

/* A field's value in `memory` of MAX_FIELD bytes. False: there is none, or it is too long. */
static bool read_field(const struct ws *ws, enum lws_token_indexes name, char *memory,
                       struct slice *out)
{
    int len = lws_hdr_copy(ws->wsi, memory, MAX_FIELD, name);

    if (len <= 0)
        return false;
    *out = slice_trim((struct slice){memory, (size_t)len});
    return true;
}

static bool lists(struct slice list, char separator, struct slice wanted)
{
    while (list.len > 0) {
        struct slice item = {list.ptr, slice_find(list, separator)};
        if (slice_equal_nocase(slice_trim(item), wanted))
            return true;
        list = slice_after(list, item.len + 1);
    }
    return false;
}

static bool offers_protocol(const struct ws *ws)
{
    char memory[MAX_FIELD];
    struct slice offered;

    return read_field(ws, WSI_TOKEN_PROTOCOL, memory, &offered)
           && lists(offered, ',', slice_of(ws->service->settings.protocol));
}

static bool speaks_version_13(const struct ws *ws)
{
    char memory[MAX_FIELD];
    struct slice version;

    return read_field(ws, WSI_TOKEN_VERSION, memory, &version) && slice_equal(version, SLICE("13"));
}

/* Without a port, and without the brackets' inside being mistaken for one. */
static struct slice host_of(struct slice authority)
{
    size_t bracket = slice_find(authority, ']');

    if (bracket < authority.len)
        return (struct slice){authority.ptr, bracket + 1};
    return (struct slice){authority.ptr, slice_find(authority, ':')};
}

/* serialized-origin = scheme "://" host [ ":" port ] : RFC 6454 7 */
static struct slice host_of_origin(struct slice origin)
{
    const char *mark = memmem(origin.ptr, origin.len, "://", 3);

    return mark != NULL ? host_of(slice_between(mark + 3, slice_end(origin))) : SLICE_NONE;
}

/* RFC 6455 10.2. Who is no browser says nothing of an origin, or whatever it likes. */
static bool origin_is_allowed(const struct ws *ws)
{
    struct slice allowed = ws->service->settings.origins;
    char origin_memory[MAX_FIELD], host_memory[MAX_FIELD];
    struct slice origin, host;

    if (lws_hdr_total_length(ws->wsi, WSI_TOKEN_ORIGIN) == 0)
        return true;
    if (!read_field(ws, WSI_TOKEN_ORIGIN, origin_memory, &origin))
        return false;
    if (slice_equal(allowed, SLICE("*")) || lists(allowed, ' ', origin))
        return true;
    return read_field(ws, WSI_TOKEN_HOST, host_memory, &host) && host_of_origin(origin).len > 0
           && slice_equal_nocase(host_of_origin(origin), host_of(host));
}

static int refuse(struct ws *ws, unsigned status, const char *fault, struct slice header)
{
    char memory[128];
    struct buffer text = buffer_over(memory, sizeof(memory));

    ws->fault = fault;
    buffer_printf(&text, "Refused: %s.\n", fault);
    return answer(ws, status, buffer_slice(&text), header, true);
}

int ws_judge_upgrade(struct ws *ws, struct slice protocol)
{
    if (!ws->kind.may_upgrade)
        return refuse(ws, 404, "there is no WebSocket at this port", SLICE_NONE);
    if (!slice_equal_nocase(protocol, SLICE("websocket")))
        return refuse(ws, 400, "it was to become no WebSocket", SLICE_NONE);
    if (!speaks_version_13(ws))
        return refuse(ws, 426, "its version is not 13", SLICE("Sec-WebSocket-Version: 13\r\n"));
    if (!offers_protocol(ws))
        return refuse(ws, 400, "it does not offer the sub-protocol sip", SLICE_NONE);
    if (!origin_is_allowed(ws))
        return refuse(ws, 403, "a page of that origin may not connect", SLICE_NONE);
    return 0;
}
