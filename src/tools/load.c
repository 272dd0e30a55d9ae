/*
 * A load from beginning to end: users registered where they are called, warm-up, the measured
 * time, what is still under way, users removed again. All of it is turns of one loop.
 */
#include "tools/load.h"

#include <stdlib.h>

#include "base/err.h"
#include "tools/load_inside.h"

static const struct {
    struct slice name;
    enum load_request request;
    bool has_callees;
} scenarios[LOAD_SCENARIO_COUNT] = {
    [LOAD_OPTIONS] = {SLICE("options"),  LOAD_REQUEST_OPTIONS,  false},
    [LOAD_REGISTER] = {SLICE("register"), LOAD_REQUEST_REGISTER, false},
    [LOAD_MESSAGE] = {SLICE("message"),  LOAD_REQUEST_MESSAGE,  true },
    [LOAD_CALL] = {SLICE("call"),     LOAD_REQUEST_INVITE,   true },
};

struct session {
    struct load load;
    struct load_counts counts_before;
    struct load_cpu cpu_before;
    struct load_cpu own_before;
    uint64_t began_ns;
};

struct slice load_scenario_name(enum load_scenario scenario)
{
    return scenarios[scenario].name;
}

bool load_scenario_find(struct slice name, enum load_scenario *out)
{
    for (int i = 0; i < LOAD_SCENARIO_COUNT; i++) {
        if (!slice_equal_nocase(scenarios[i].name, name))
            continue;
        *out = (enum load_scenario)i;
        return true;
    }
    return false;
}

/* --- registrations for the callees --- */

static void registers_all(struct session *s, const char *doing)
{
    struct load *load = &s->load;

    load->request = LOAD_REQUEST_REGISTER;
    load->interval_ns = 0;
    load->left = load->plan->users->count;
    load_go_on(&s->load, doing, UINT64_MAX);
}

static bool register_users(struct session *s, struct buffer *fault)
{
    struct load *load = &s->load;
    uint32_t users = load->plan->users->count;

    registers_all(s, "registering");
    uint64_t done = load->counts.completed;
    if (done < users && !load_was_interrupted()) {
        buffer_printf(fault, "%llu of %u users could not be registered: ",
                      (unsigned long long)(users - done), users);
        if (load->last_failure == 401 || load->last_failure == 407)
            buffer_add_text(fault, "name their password with --password-file or --users-file");
        else if (load->last_failure > 0)
            buffer_printf(fault, "the last was answered %u", load->last_failure);
        else
            buffer_add_text(fault, "there is no answer");
    }
    memset(&load->counts, 0, sizeof(load->counts));
    memset(&load->latency, 0, sizeof(load->latency));
    return fault->len == 0;
}

static void remove_users(struct session *s)
{
    if (load_fill_templates(&s->load, 0))
        registers_all(s, "removing");
}

/* --- the measured time --- */

static bool begin_measuring(struct session *s, struct buffer *fault)
{
    struct load *load = &s->load;

    s->counts_before = load->counts;
    memset(&load->latency, 0, sizeof(load->latency));
    memset(&load->setup, 0, sizeof(load->setup));
    s->own_before = load_cpu_own();
    load_clock(load);
    s->began_ns = load->now_ns;
    return load_cpu_read(&load->plan->cpu, &s->cpu_before, fault);
}

/* All counters are alike, so their difference is one loop. */
static struct load_counts counts_between(const struct load_counts *from,
                                         const struct load_counts *to)
{
    struct load_counts between;
    const uint64_t *a = (const uint64_t *)from;
    const uint64_t *b = (const uint64_t *)to;
    uint64_t *out = (uint64_t *)&between;

    for (size_t i = 0; i < sizeof(between) / sizeof(uint64_t); i++)
        out[i] = b[i] - a[i];
    return between;
}

static bool end_measuring(struct session *s, struct load_outcome *out, struct buffer *fault)
{
    struct load *load = &s->load;
    struct load_cpu cpu, own = load_cpu_own();

    if (!load_cpu_read(&load->plan->cpu, &cpu, fault))
        return false;
    load_clock(load);
    out->seconds = (double)(load->now_ns - s->began_ns) / 1e9;
    out->has_cpu = load_cpu_is_known(&load->plan->cpu);
    out->cpu = load_cpu_between(&s->cpu_before, &cpu);
    out->own_cpu = load_cpu_between(&s->own_before, &own);
    out->counts = counts_between(&s->counts_before, &load->counts);
    out->latency = load->latency;
    out->setup = load->setup;
    return true;
}

/* What went wrong at any time. */
static void add_mishaps(const struct load *load, struct load_outcome *out)
{
    const struct load_wire_counts *wire = load_wire_counts(load->wire);

    out->counts.failed = load->counts.failed;
    out->counts.lost = load->counts.lost;
    memcpy(out->counts.statuses, load->counts.statuses, sizeof(out->counts.statuses));
    out->counts.unsent = load->counts.unsent + wire->unsent;
    out->counts.strays += wire->strays;
    out->counts.broken = wire->broken;
    out->counts.refused = wire->refused;
    out->was_stopped = load_was_interrupted();
}

static void pace(struct load *load)
{
    const struct load_plan *plan = load->plan;

    load->request = scenarios[plan->scenario].request;
    load->interval_ns = plan->rate > 0 ? 1e9 / plan->rate : 0;
    load_clock(load);
    load->next_ns = (double)load->now_ns;
    load->left = plan->count > 0 ? plan->count : UINT64_MAX;
}

static bool measure_count(struct session *s, struct load_outcome *out, struct buffer *fault)
{
    const char *doing = scenarios[s->load.plan->scenario].name.ptr;

    if (!begin_measuring(s, fault))
        return false;
    load_go_on(&s->load, doing, UINT64_MAX);
    return end_measuring(s, out, fault);
}

static bool measure_time(struct session *s, struct load_outcome *out, struct buffer *fault)
{
    const struct load_plan *plan = s->load.plan;
    const char *doing = scenarios[plan->scenario].name.ptr;

    load_go_on(&s->load, "warming up", s->load.now_ns + plan->warmup_ms * 1000000);
    if (!begin_measuring(s, fault))
        return false;
    load_go_on(&s->load, doing, s->load.now_ns + plan->duration_ms * 1000000);
    if (!end_measuring(s, out, fault))
        return false;
    s->load.left = 0;
    load_go_on(&s->load, "waiting for the last", UINT64_MAX);
    return true;
}

static bool carry_out(struct session *s, struct load_outcome *out, struct buffer *fault)
{
    const struct load_plan *plan = s->load.plan;
    bool has_callees = scenarios[plan->scenario].has_callees;

    s->load.live = load_live_start(s->load.now_ns);
    if (has_callees && !register_users(s, fault))
        return false;
    pace(&s->load);
    bool ok = plan->count > 0 ? measure_count(s, out, fault) : measure_time(s, out, fault);
    if (ok)
        add_mishaps(&s->load, out);
    if (has_callees)
        remove_users(s);
    return ok;
}

bool load_run(const struct load_plan *plan, struct load_outcome *out, struct buffer *fault)
{
    struct session *s = calloc(1, sizeof(*s));

    memset(out, 0, sizeof(*out));
    if (s == NULL) {
        buffer_add_text(fault, err_text(ERR_MEMORY));
        return false;
    }
    load_watch_interrupt();
    bool ok = load_open(&s->load, plan, fault) && carry_out(s, out, fault);
    load_live_end(&s->load.live);
    load_close(&s->load);
    free(s);
    return ok;
}
