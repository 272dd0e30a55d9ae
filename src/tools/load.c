/*
 * A load from beginning to end: users registered where they are called, warm-up, the measured
 * time, what is still under way, users removed again. All of it is turns of one loop.
 */
#include "tools/load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/err.h"
#include "tools/load_inside.h"
#include "tools/load_report.h"

enum { LIVE_PATIENCE_NS = 100000000 };

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
    struct load_live live;
    struct load_counts counts_before;
    struct load_cpu cpu_before;
    struct load_cpu own_before;
    uint64_t began_ns;
};

static volatile sig_atomic_t is_interrupted;

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

static void interrupt(int signal_number)
{
    (void)signal_number;
    is_interrupted = 1;
}

/* --- opening --- */

static void received(void *owner, uint32_t end, const struct net_addr *from, struct slice bytes)
{
    struct load *load = owner;
    struct sip_fault fault;

    load_clock(load);
    if (!sip_message_parse(bytes, &load->msg, &fault))
        load->counts.strays++;
    else if (load->msg.is_request)
        load_callee_received(load, end, from, &load->msg);
    else
        load_caller_received(load, &load->msg);
}

static bool open_wire(struct load *load, struct buffer *fault)
{
    const struct load_plan *plan = load->plan;
    const struct load_wire_settings settings = {
        .server = plan->server,
        .protocol = plan->protocol,
        .sockets = plan->sockets,
        .has_callees = plan->scenario != LOAD_OPTIONS,
        .is_connected = plan->scenario != LOAD_CALL, /* whose dialogs may lead elsewhere */
        .port = plan->port,
        .spins = plan->spins,
    };
    uint32_t ends = plan->sockets * (settings.has_callees ? 2 : 1);

    load->wire = load_wire_open(&settings, received, load, fault);
    for (uint32_t i = 0; load->wire != NULL && i < ends; i++) {
        struct net_addr addr = load_wire_local(load->wire, i);
        struct buffer text = buffer_over(load->places[i].text, LOAD_ADDR_TEXT);
        net_addr_write(&addr, &text);
        load->places[i].len = (uint8_t)text.len;
    }
    return load->wire != NULL;
}

static bool open_slots(struct load *load)
{
    uint32_t window = load->plan->window;

    load->slots = calloc(window, sizeof(*load->slots));
    load->idle = calloc(window, sizeof(*load->idle));
    load->hasher = sip_hasher_new();
    if (load->slots == NULL || load->idle == NULL || load->hasher == NULL)
        return false;
    for (uint32_t i = window; i > 0; i--) {
        timer_init(&load->slots[i - 1].timer);
        timer_init(&load->slots[i - 1].callee.timer);
        load->idle[load->idle_count++] = i - 1;
    }
    load_clock(load);
    timer_wheel_init(&load->callers, load->now_ms);
    timer_wheel_init(&load->callees, load->now_ms);
    return true;
}

static void name_run(struct load *load)
{
    unsigned char bytes[LOAD_RUN_LEN / 2] = {0};
    struct buffer out = buffer_over(load->run, sizeof(load->run));

    (void)!getrandom(bytes, sizeof(bytes), 0);
    buffer_add_hex(&out, bytes, sizeof(bytes));
}

static bool fill_templates(struct load *load, uint32_t expires_s)
{
    bool is_tcp = load->plan->protocol == HOP_TCP;
    char digits[10];
    struct buffer expires = buffer_over(digits, sizeof(digits));

    buffer_add_u64(&expires, expires_s);
    const struct slice values[FIELD_COUNT] = {
        [FIELD_DOMAIN] = load->plan->users->domain,
        [FIELD_TRANSPORT] = hop_protocol_name(load->plan->protocol),
        [FIELD_PARAM] = is_tcp ? SLICE(";transport=tcp") : SLICE_NONE,
        [FIELD_EXPIRES] = buffer_slice(&expires),
        [FIELD_RUN] = {load->run, sizeof(load->run)},
    };
    for (int i = 0; i < LOAD_REQUEST_COUNT; i++) {
        if (!load_template_init(&load->templates[i], load_request_texts[i], values))
            return false;
    }
    return true;
}

/*
 * Users are taken in strides of a golden section: every one once before any comes again, and not in
 * the order in which the server may have laid them out.
 */
static uint32_t choose_stride(uint32_t count)
{
    for (uint32_t stride = (uint32_t)(count * 0.618);; stride++) {
        uint32_t a = count, b = stride;
        while (b != 0) {
            uint32_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1)
            return stride;
    }
}

static bool open_load(struct load *load, const struct load_plan *plan, struct buffer *fault)
{
    load->plan = plan;
    load->user_stride = choose_stride(plan->users->count);
    name_run(load);
    if (open_slots(load) && open_wire(load, fault) && fill_templates(load, plan->expires_s))
        return true;
    if (fault->len == 0)
        buffer_add_text(fault, err_text(ERR_MEMORY));
    return false;
}

static void close_load(struct load *load)
{
    for (uint32_t i = 0; load->slots != NULL && i < load->plan->window; i++) {
        bytes_free(&load->slots[i].login);
        load_dialog_forget(&load->slots[i].dialog);
        load_callee_forget(&load->slots[i].callee);
    }
    if (load->wire != NULL)
        load_wire_close(load->wire);
    sip_hasher_free(load->hasher);
    free(load->slots);
    free(load->idle);
}

/* --- turns --- */

static void begin_one(struct load *load, uint64_t due_ns)
{
    load->left--;
    load_caller_begin(load, due_ns);
}

static void begin_what_is_due(struct load *load)
{
    if (load->interval_ns == 0) {
        while (load->left > 0 && load->idle_count > 0)
            begin_one(load, load->now_ns);
        return;
    }
    while (load->left > 0 && load->next_ns <= (double)load->now_ns) {
        if (load->idle_count > 0) {
            begin_one(load, (uint64_t)load->next_ns);
        } else {
            load->left--;
            load->counts.skipped++;
        }
        load->next_ns += load->interval_ns;
    }
}

/* Until the next timer, or until something is to begin. */
static uint64_t patience(struct load *load, uint64_t until_ns)
{
    uint64_t callers_ms = timer_wheel_next_ms(&load->callers);
    uint64_t callees_ms = timer_wheel_next_ms(&load->callees);
    uint64_t first_ms = callers_ms < callees_ms ? callers_ms : callees_ms;
    uint64_t at_ns = load->now_ns + LIVE_PATIENCE_NS;

    if (first_ms < at_ns / 1000000)
        at_ns = first_ms * 1000000;
    if (load->left > 0 && load->interval_ns > 0 && load->next_ns < (double)at_ns)
        at_ns = (uint64_t)load->next_ns;
    if (until_ns < at_ns)
        at_ns = until_ns;
    return at_ns > load->now_ns ? at_ns - load->now_ns : 0;
}

static void run_timers(struct load *load)
{
    struct timer *timer;

    while ((timer = timer_wheel_take(&load->callers, load->now_ms)) != NULL)
        load_caller_due(load, CONTAINER_OF(timer, struct load_slot, timer));
    while ((timer = timer_wheel_take(&load->callees, load->now_ms)) != NULL)
        load_callee_due(load, CONTAINER_OF(timer, struct load_slot, callee.timer));
}

static bool is_under_way(const struct load *load)
{
    return load->left > 0 || load->idle_count < load->plan->window;
}

/* Until then, or until all has come to its end. */
static void run(struct session *s, const char *doing, uint64_t until_ns)
{
    struct load *load = &s->load;

    load_clock(load);
    while (!is_interrupted && is_under_way(load) && load->now_ns < until_ns) {
        begin_what_is_due(load);
        load_wire_turn(load->wire, patience(load, until_ns));
        load_clock(load);
        run_timers(load);
        load_live_show(&s->live, doing, &load->counts, &load->recent, load->now_ns);
    }
}

/* --- registrations for the callees --- */

static void registers_all(struct session *s, const char *doing)
{
    struct load *load = &s->load;

    load->request = LOAD_REQUEST_REGISTER;
    load->interval_ns = 0;
    load->left = load->plan->users->count;
    run(s, doing, UINT64_MAX);
}

static bool register_users(struct session *s, struct buffer *fault)
{
    struct load *load = &s->load;
    uint32_t users = load->plan->users->count;

    registers_all(s, "registering");
    uint64_t done = load->counts.completed;
    if (done < users && !is_interrupted) {
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
    if (fill_templates(&s->load, 0))
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
    out->was_stopped = is_interrupted != 0;
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
    run(s, doing, UINT64_MAX);
    return end_measuring(s, out, fault);
}

static bool measure_time(struct session *s, struct load_outcome *out, struct buffer *fault)
{
    const struct load_plan *plan = s->load.plan;
    const char *doing = scenarios[plan->scenario].name.ptr;

    run(s, "warming up", s->load.now_ns + plan->warmup_ms * 1000000);
    if (!begin_measuring(s, fault))
        return false;
    run(s, doing, s->load.now_ns + plan->duration_ms * 1000000);
    if (!end_measuring(s, out, fault))
        return false;
    s->load.left = 0;
    run(s, "waiting for the last", UINT64_MAX);
    return true;
}

static bool carry_out(struct session *s, struct load_outcome *out, struct buffer *fault)
{
    const struct load_plan *plan = s->load.plan;
    bool has_callees = scenarios[plan->scenario].has_callees;

    s->live = load_live_start(s->load.now_ns);
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
    const struct sigaction on_interrupt = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};

    memset(out, 0, sizeof(*out));
    if (s == NULL) {
        buffer_add_text(fault, err_text(ERR_MEMORY));
        return false;
    }
    is_interrupted = 0;
    (void)sigaction(SIGINT, &on_interrupt, NULL);
    bool ok = open_load(&s->load, plan, fault) && carry_out(s, out, fault);
    load_live_end(&s->live);
    close_load(&s->load);
    free(s);
    return ok;
}
