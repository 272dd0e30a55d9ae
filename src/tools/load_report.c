/* The outcome, for people in a few lines, for programs as one object. */
#include "tools/load_report.h"

#include <stdio.h>

#include "sip/status.h"
#include "tools/output.h"

struct named_count {
    const char *name; /* of the object's member */
    const char *words;
    size_t offset;
};

#define COUNT(member, words)                                                                       \
    {                                                                                              \
#member, words, offsetof(struct load_counts, member)                                       \
    }

/* Of these people hear only if there are any. */
static const struct named_count counts_of_note[] = {
    COUNT(challenged, "challenged and answered"),
    COUNT(repeated, "messages sent again"),
    COUNT(duplicates, "messages that came again, or too late"),
    COUNT(strays, "messages that belong to nothing of ours"),
    COUNT(skipped, "not begun: the window was full; widen it with --window"),
    COUNT(unsent, "messages that the system did not send"),
    COUNT(broken, "connections that the server closed"),
    COUNT(refused, "ICMP errors: nobody listens there"),
};

static const struct {
    const char *name;
    double fraction;
} percentiles[] = {
    {"p50",  0.50 },
    {"p90",  0.90 },
    {"p99",  0.99 },
    {"p999", 0.999},
};

static uint64_t count_of(const struct load_counts *counts, const struct named_count *row)
{
    return *(const uint64_t *)((const char *)counts + row->offset);
}

static double per_second(const struct load_outcome *outcome)
{
    return outcome->seconds > 0 ? (double)outcome->counts.completed / outcome->seconds : 0;
}

/* Microseconds for each that was completed. */
static double share_us(const struct load_outcome *outcome, uint64_t ns)
{
    uint64_t completed = outcome->counts.completed;

    return completed > 0 ? (double)ns / 1e3 / (double)completed : 0;
}

static double cores(const struct load_outcome *outcome, uint64_t ns)
{
    return outcome->seconds > 0 ? (double)ns / 1e9 / outcome->seconds : 0;
}

/* --- for people --- */

static void print_times(const char *what, const struct load_histogram *histogram)
{
    if (histogram->count == 0)
        return;
    printf("%s in ms: ", what);
    for (size_t i = 0; i < ARRAY_LEN(percentiles); i++)
        printf("%s %.3g, ", percentiles[i].name,
               (double)load_histogram_at(histogram, percentiles[i].fraction) / 1e6);
    printf("max %.3g\n", (double)histogram->max / 1e6);
}

static void print_statuses(const struct load_counts *counts)
{
    for (uint16_t status = 300; status < LOAD_STATUS_COUNT; status++) {
        if (counts->statuses[status] > 0)
            printf("answered %u %.*s: %llu\n", status, SLICE_ARGS(sip_reason_phrase(status)),
                   (unsigned long long)counts->statuses[status]);
    }
}

static void print_cpu(const char *who, const struct load_outcome *outcome,
                      const struct load_cpu *cpu)
{
    printf("%s: %.2f us of CPU for each (user %.2f, system %.2f), %.2f cores busy\n", who,
           share_us(outcome, cpu->all_ns), share_us(outcome, cpu->user_ns),
           share_us(outcome, cpu->system_ns), cores(outcome, cpu->all_ns));
}

void load_report_print(const struct load_plan *plan, const struct load_outcome *outcome)
{
    const struct load_counts *counts = &outcome->counts;
    bool is_good = counts->completed > 0 && counts->failed == 0 && counts->lost == 0;
    bool has_colour = output_has_colour(stdout);

    fputs(!has_colour ? "" : is_good ? "\033[32m" : "\033[31m", stdout);
    printf("%.*s: %llu completed in %.4g s (%.0f/s), %llu failed, %llu lost",
           SLICE_ARGS(load_scenario_name(plan->scenario)), (unsigned long long)counts->completed,
           outcome->seconds, per_second(outcome), (unsigned long long)counts->failed,
           (unsigned long long)counts->lost);
    puts(has_colour ? "\033[0m" : "");
    print_times("latency", &outcome->latency);
    print_times("to the 200 of the INVITE,", &outcome->setup);
    print_statuses(counts);
    for (size_t i = 0; i < ARRAY_LEN(counts_of_note); i++) {
        uint64_t count = count_of(counts, &counts_of_note[i]);
        if (count > 0)
            printf("%llu %s\n", (unsigned long long)count, counts_of_note[i].words);
    }
    if (outcome->has_cpu)
        print_cpu("server", outcome, &outcome->cpu);
    print_cpu("this load", outcome, &outcome->own_cpu);
}

/* --- for programs --- */

static json_t *times_as_json(const struct load_histogram *histogram)
{
    json_t *object = json_object();

    for (size_t i = 0; i < ARRAY_LEN(percentiles); i++) {
        uint64_t ns = load_histogram_at(histogram, percentiles[i].fraction);
        json_object_set_new(object, percentiles[i].name, json_real((double)ns / 1e3));
    }
    json_object_set_new(object, "max", json_real((double)histogram->max / 1e3));
    return object;
}

static json_t *statuses_as_json(const struct load_counts *counts)
{
    json_t *object = json_object();
    char name[8];

    for (unsigned status = 200; status < LOAD_STATUS_COUNT; status++) {
        if (counts->statuses[status] == 0)
            continue;
        snprintf(name, sizeof(name), "%u", status);
        json_object_set_new(object, name, json_integer((json_int_t)counts->statuses[status]));
    }
    return object;
}

static json_t *cpu_as_json(const struct load_outcome *outcome, const struct load_cpu *cpu)
{
    return json_pack("{sf, sf, sf, sf}", "us_each", share_us(outcome, cpu->all_ns), "user_us_each",
                     share_us(outcome, cpu->user_ns), "system_us_each",
                     share_us(outcome, cpu->system_ns), "cores", cores(outcome, cpu->all_ns));
}

void load_report_print_json(const struct load_plan *plan, const struct load_outcome *outcome)
{
    const struct load_counts *counts = &outcome->counts;
    struct slice scenario = load_scenario_name(plan->scenario);
    json_t *object = json_pack(
        "{ss%, ss, sI, sI, sf, sf, sf, sI, sI, sI, sI}", "scenario", scenario.ptr, scenario.len,
        "transport", plan->protocol == HOP_UDP ? "udp" : "tcp", "window", (json_int_t)plan->window,
        "users", (json_int_t)plan->users->count, "offered_per_s", plan->rate, "seconds",
        outcome->seconds, "per_s", per_second(outcome), "begun", (json_int_t)counts->begun,
        "completed", (json_int_t)counts->completed, "failed", (json_int_t)counts->failed, "lost",
        (json_int_t)counts->lost);

    for (size_t i = 0; i < ARRAY_LEN(counts_of_note); i++)
        json_object_set_new(object, counts_of_note[i].name,
                            json_integer((json_int_t)count_of(counts, &counts_of_note[i])));
    json_object_set_new(object, "statuses", statuses_as_json(counts));
    json_object_set_new(object, "latency_us", times_as_json(&outcome->latency));
    if (outcome->setup.count > 0)
        json_object_set_new(object, "setup_us", times_as_json(&outcome->setup));
    if (outcome->has_cpu)
        json_object_set_new(object, "server_cpu", cpu_as_json(outcome, &outcome->cpu));
    json_object_set_new(object, "load_cpu", cpu_as_json(outcome, &outcome->own_cpu));
    output_json(object);
}
