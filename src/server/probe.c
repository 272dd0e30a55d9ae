/*
 * Each worker takes its share of the bindings, and of that a part at a time, so that an interval
 * goes by until all were probed. Whether the phone answers an OPTIONS nobody looks: what matters is
 * that something passes, and with OPTIONS in both directions. RFC 5626 4.4 has phones do it.
 */
#include "server/probe.h"

#include "server/flow.h"
#include "server/worker.h"
#include "sip/build.h"
#include "store/location.h"

enum { LOOK_AGAIN_MS = 10000 }; /* where there is nothing to probe: whether the settings changed */

static void write_options(struct worker *w, const struct hop *to, const struct binding *binding,
                          struct buffer *out)
{
    const struct domain_settings *domain = &w->settings->domains[0];
    uint64_t number;
    char text[2 * sizeof(number)];
    struct buffer unique = buffer_over(text, sizeof(text));

    server_random(&number, sizeof(number));
    buffer_add_hex(&unique, &number, sizeof(number));
    sip_build_request_line(out, SLICE("OPTIONS"), binding->contact);
    buffer_printf(out, "Via: %.*sz9hG4bK%.*s\r\n", SLICE_ARGS(side_of(&w->sides, to)->via),
                  SLICE_ARGS(buffer_slice(&unique)));
    sip_build_number(out, SLICE("Max-Forwards"), 1);
    buffer_printf(out, "From: <sip:%.*s>;tag=%.*s\r\nTo: <%.*s>\r\nCall-ID: %.*s\r\n",
                  (int)domain->name_len, domain->name, SLICE_ARGS(buffer_slice(&unique)),
                  SLICE_ARGS(binding->contact), SLICE_ARGS(buffer_slice(&unique)));
    sip_build_header(out, SLICE("CSeq"), SLICE("1 OPTIONS"));
    sip_build_end(out);
}

static void probe(struct worker *w, const struct binding *binding)
{
    struct buffer out = worker_scratch(w);
    struct slice bytes = binding->flow;
    struct flow flow;

    if (!flow_read(&bytes, w->server->run, &flow) || !flow.is_bound || hop_is_reliable(&flow.hop)
        || binding->path.len > 0)
        return;
    if (w->settings->probe == PROBE_OPTIONS)
        write_options(w, &flow.hop, binding, &out);
    else
        buffer_add(&out, SLICE("\r\n\r\n"));
    if (!out.overflowed)
        transport_send(w->transport, &flow.hop, buffer_slice(&out));
}

static bool probe_all(void *arg, struct slice aor, const struct binding_list *bindings)
{
    (void)aor;
    for (size_t i = 0; i < bindings->count; i++)
        probe(arg, &bindings->items[i]);
    return true;
}

/* The parts with the number of the worker, and every so many on: one of them, the next time. */
static void probe_next(struct worker *w)
{
    size_t part = w->next_probe * w->server->worker_count + w->index;

    if (part >= LOCATION_PARTS) {
        w->next_probe = 0;
        part = w->index;
    }
    w->next_probe++;
    if (!location_walk_part(w->server->store, part, w->wall_ms, probe_all, w))
        w->counters.no_memory++;
}

static void rings(struct alarm *alarm)
{
    struct worker *w = CONTAINER_OF(alarm, struct worker, probe);
    uint64_t parts = LOCATION_PARTS / w->server->worker_count;
    uint64_t wait_ms = LOOK_AGAIN_MS;

    if (w->settings->probe != PROBE_NOTHING) {
        probe_next(w);
        wait_ms = w->settings->probe_interval_s * 1000ULL / parts;
    }
    worker_set_alarm(w, &w->probe, w->now_ms + (wait_ms > 0 ? wait_ms : 1));
}

void probe_start(struct worker *w)
{
    w->probe.ring = rings;
    timer_init(&w->probe.timer);
    worker_set_alarm(w, &w->probe, w->now_ms);
}
