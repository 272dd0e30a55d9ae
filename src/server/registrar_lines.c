/* Each line has its condition; nearly always none of them is fulfilled. */
#include "server/registrar_lines.h"

#include "sip/build.h"

enum { MORE_BYTES = 256 }; /* beside the Path */

/* RFC 3327 5.3: who set a Path and supports it is shown what was kept. */
static struct slice path_to_show(const struct request *rq, const struct contacts *contacts)
{
    bool is_shown =
        contacts->path.len > 0 && sip_message_lists(rq->msg, SIP_SUPPORTED, SLICE("path"));

    return is_shown ? contacts->path : SLICE_NONE;
}

/* The way through us, for what the phone sends (RFC 3608 6.3): the address that it has found. */
static void add_service_route(const struct request *rq, struct buffer *lines)
{
    struct slice route = side_of(&rq->w->sides, &rq->from)->route;

    buffer_add(lines, SLICE("Service-Route: "));
    buffer_add(lines, (struct slice){route.ptr, route.len - SLICE(";tk=").len});
    buffer_add(lines, SLICE(">\r\n"));
}

/* RFC 5626 5.4: we wait for longer than that. */
static uint32_t flow_timer_of(const struct settings *settings)
{
    uint32_t half_s = settings->idle_s > 1 ? settings->idle_s / 2 : 1;

    return settings->flow_timer_s < half_s ? settings->flow_timer_s : half_s;
}

/* RFC 5626 6. That of datagrams the phone knows better than we do: its NAT is the reason. */
static void add_outbound(const struct request *rq, struct buffer *lines)
{
    buffer_add(lines, SLICE("Require: outbound\r\n"));
    if (hop_is_reliable(&rq->from))
        sip_build_number(lines, SLICE("Flow-Timer"), flow_timer_of(rq->settings));
}

struct slice registrar_lines(const struct request *rq, const struct contacts *contacts)
{
    struct slice path = path_to_show(rq, contacts);
    bool has_outbound =
        contacts->uses_outbound && sip_message_lists(rq->msg, SIP_SUPPORTED, SLICE("outbound"));
    size_t max_bytes = path.len + MORE_BYTES;

    if (path.len == 0 && !has_outbound && !rq->settings->tells_service_route)
        return SLICE_NONE;
    char *memory = arena_alloc(rq->w->arena, max_bytes);
    if (memory == NULL)
        return SLICE_NONE;
    struct buffer lines = buffer_over(memory, max_bytes);
    if (path.len > 0)
        sip_build_header(&lines, SLICE("Path"), path);
    if (has_outbound)
        add_outbound(rq, &lines);
    if (rq->settings->tells_service_route)
        add_service_route(rq, &lines);
    return lines.overflowed ? SLICE_NONE : buffer_slice(&lines);
}
