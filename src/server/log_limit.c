/* What was left out is told a minute after the first of it, and again while it goes on. */
#include "server/log_limit.h"

#include "base/timer_wheel.h"

static const char *const names[LOG_KIND_COUNT] = {
    [LOG_REFUSALS] = "answered",
    [LOG_PASSWORDS] = "wrong password",
    [LOG_HANDSHAKES] = "handshake failed",
    [LOG_TARGETS] = "not sent",
};

static void leave_out(struct log_limit *limit, struct log_allowance *place,
                      const struct net_addr *host, uint64_t now_ms)
{
    if (place->left_out == 0) {
        place->source = *host;
        place->has_others = false;
    } else if (!net_addr_same_host(&place->source, host)) {
        place->has_others = true;
    }
    if (place->left_out < UINT32_MAX)
        place->left_out++;
    if (!limit->has_left_out)
        limit->reports_at_ms = now_ms + LOG_LIMIT_MS;
    limit->has_left_out = true;
}

bool log_limit_permits(struct log_limit *limit, const struct hash_key *key, enum log_kind kind,
                       const struct net_addr *source, uint64_t now_ms)
{
    const struct net_addr host = net_addr_party(source);
    struct log_allowance *place =
        &limit->places[kind][net_addr_hash(key, &host) % LOG_LIMIT_PLACES];

    if (now_ms >= place->until_ms) {
        place->until_ms = now_ms + LOG_LIMIT_MS;
        place->written = 0;
    }
    if (place->written == LOG_LIMIT_LINES) {
        leave_out(limit, place, &host, now_ms);
        return false;
    }
    place->written++;
    return true;
}

static void report(struct log_allowance *place, const char *name, struct log_batch *log)
{
    char count_text[16], source_text[80];
    struct buffer count = buffer_over(count_text, sizeof(count_text));
    struct buffer source = buffer_over(source_text, sizeof(source_text));

    buffer_add_u64(&count, place->left_out);
    place->left_out = 0;
    net_addr_write_host(&place->source, &source);
    buffer_add_text(&source, place->source.family == 6 ? "/64" : "");
    buffer_add_text(&source, place->has_others ? " and others" : "");
    LOG(log, LOG_WARNING, "left out of the log, as they were so many", {"kind", slice_of(name)},
        {"count", buffer_slice(&count)}, {"source", buffer_slice(&source)});
}

uint64_t log_limit_report(struct log_limit *limit, struct log_batch *log, uint64_t now_ms)
{
    if (!limit->has_left_out)
        return TIMER_NEVER;
    if (now_ms < limit->reports_at_ms)
        return limit->reports_at_ms;
    for (size_t kind = 0; kind < LOG_KIND_COUNT; kind++) {
        for (size_t i = 0; i < LOG_LIMIT_PLACES; i++) {
            if (limit->places[kind][i].left_out > 0)
                report(&limit->places[kind][i], names[kind], log);
        }
    }
    limit->has_left_out = false;
    return TIMER_NEVER;
}
