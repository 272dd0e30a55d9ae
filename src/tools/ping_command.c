/* tchin ping: whether a SIP server is there, for people, for scripts, and for Nagios. */
#include <jansson.h>
#include <stdio.h>

#include "tools/aor.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/output.h"
#include "tools/ping.h"

static const char help[] =
    "Usage: tchin ping URI [--count N] [--interval S] [--timeout S] [--from URI] "
    "[--json|--nagios]\n"
    "\n"
    "Sends OPTIONS to a SIP URI, such as sip:example.org or sip:192.0.2.1:5080;transport=tcp, and\n"
    "shows what is answered. Exits 0 if anything was, else 1.\n"
    "\n"
    "  --count N       how often (default: 1)\n"
    "  --interval S    seconds from one to the next (default: 1)\n"
    "  --timeout S     seconds to wait for an answer (default: 5)\n"
    "  --from URI      who we say we are\n"
    "  --json          one object a line\n"
    "  --nagios        one line and an exit code for Nagios and its kin: 0 all answered, 1 some, "
    "or\n"
    "                  with a 5xx or 6xx, 2 none, 3 this could not be done\n";

enum { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };

struct tally {
    bool wants_json;
    bool wants_nagios;
    uint32_t timeout_ms;
    uint32_t sent;
    uint32_t answered;
    uint32_t worst_status;
    uint64_t min_us;
    uint64_t max_us;
    uint64_t sum_us;
    char target[96];
};

/* --- one answer --------------------------------------------------------------------------------
 */

static void write_target(const struct hop *hop, struct tally *tally)
{
    struct buffer out = buffer_over(tally->target, sizeof(tally->target) - 1);
    struct slice name = hop_protocol_name(hop->protocol);

    for (size_t i = 0; i < name.len; i++)
        buffer_add_char(&out, ascii_lower(name.ptr[i]));
    buffer_add_char(&out, ':');
    net_addr_write(&hop->remote, &out);
    tally->target[out.len] = '\0';
}

static void count(struct tally *tally, const struct ping_result *result)
{
    tally->sent++;
    if (result->outcome != PING_ANSWERED)
        return;
    if (tally->answered == 0 || result->rtt_us < tally->min_us)
        tally->min_us = result->rtt_us;
    if (result->rtt_us > tally->max_us)
        tally->max_us = result->rtt_us;
    if ((uint32_t)result->status > tally->worst_status)
        tally->worst_status = (uint32_t)result->status;
    tally->sum_us += result->rtt_us;
    tally->answered++;
}

static double milliseconds(uint64_t microseconds)
{
    return (double)microseconds / 1000;
}

/* What the other side wrote, without what would steer a terminal. */
static void print_foreign(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        putchar(text.ptr[i] >= ' ' && text.ptr[i] < 127 ? text.ptr[i] : '?');
}

static void print_for_people(const struct tally *tally, const struct ping_result *result)
{
    bool has_colour = output_has_colour(stdout);
    bool is_good = result->outcome == PING_ANSWERED && result->status < 300;

    fputs(!has_colour ? "" : is_good ? "\033[32m" : "\033[31m", stdout);
    if (result->outcome == PING_ANSWERED) {
        printf("%d ", result->status);
        print_foreign(result->reason);
    } else {
        fputs(result->outcome == PING_SILENCE ? "no answer" : "cannot be reached", stdout);
    }
    fputs(has_colour ? "\033[0m" : "", stdout);
    printf(" %s", tally->target);
    if (result->outcome == PING_ANSWERED)
        printf(" in %.2f ms", milliseconds(result->rtt_us));
    else if (result->outcome == PING_SILENCE)
        printf(" within %g s", (double)tally->timeout_ms / 1000);
    if (result->server.len > 0) {
        fputs(" (", stdout);
        print_foreign(result->server);
        putchar(')');
    }
    putchar('\n');
    fflush(stdout);
}

static void print_as_json(const struct tally *tally, const struct ping_result *result)
{
    json_t *object = json_pack("{si, ss}", "number", (int)tally->sent, "target", tally->target);

    if (result->outcome == PING_ANSWERED) {
        json_object_set_new(object, "status", json_integer(result->status));
        json_object_set_new(object, "reason", output_json_text(result->reason));
        json_object_set_new(object, "rtt_ms", json_real(milliseconds(result->rtt_us)));
        json_object_set_new(object, "server", output_json_text(result->server));
    } else {
        bool is_silence = result->outcome == PING_SILENCE;
        json_object_set_new(object, "error", json_string(is_silence ? "no answer" : "unreachable"));
    }
    output_json(object);
    fflush(stdout);
}

static void tell(void *arg, const struct ping_result *result)
{
    struct tally *tally = arg;

    write_target(result->hop, tally);
    count(tally, result);
    if (tally->wants_json)
        print_as_json(tally, result);
    else if (!tally->wants_nagios)
        print_for_people(tally, result);
}

/* --- all of them -------------------------------------------------------------------------------
 */

static double loss_percent(const struct tally *tally)
{
    return tally->sent > 0 ? 100.0 * (tally->sent - tally->answered) / tally->sent : 0;
}

static double average_ms(const struct tally *tally)
{
    return tally->answered > 0 ? milliseconds(tally->sum_us) / tally->answered : 0;
}

static void print_summary(const struct tally *tally)
{
    printf("%u sent, %u answered, %.4g%% lost", tally->sent, tally->answered, loss_percent(tally));
    if (tally->answered > 0)
        printf("; round trip min/avg/max %.2f/%.2f/%.2f ms", milliseconds(tally->min_us),
               average_ms(tally), milliseconds(tally->max_us));
    putchar('\n');
}

static void print_summary_as_json(const struct tally *tally)
{
    json_t *object = json_pack("{si, si, sf}", "sent", (int)tally->sent, "answered",
                               (int)tally->answered, "loss_percent", loss_percent(tally));

    if (tally->answered > 0) {
        json_object_set_new(object, "rtt_min_ms", json_real(milliseconds(tally->min_us)));
        json_object_set_new(object, "rtt_avg_ms", json_real(average_ms(tally)));
        json_object_set_new(object, "rtt_max_ms", json_real(milliseconds(tally->max_us)));
    }
    output_json(object);
}

/* nagios-plugins.org, "Plugin Output for Nagios" and "Performance data". */
static int print_for_nagios(const struct tally *tally)
{
    static const char *const words[] = {"OK", "WARNING", "CRITICAL"};
    int verdict = NAGIOS_OK;

    if (tally->answered == 0)
        verdict = NAGIOS_CRITICAL;
    else if (tally->answered < tally->sent || tally->worst_status >= 500)
        verdict = NAGIOS_WARNING;
    printf("SIP %s - %s answered %u of %u", words[verdict], tally->target, tally->answered,
           tally->sent);
    if (tally->answered > 0)
        printf(", worst status %u, round trip %.2f ms | rta=%.3fms;;;0 ", tally->worst_status,
               average_ms(tally), average_ms(tally));
    else
        printf(" | ");
    printf("pl=%.4g%%;;;0;100\n", loss_percent(tally));
    return verdict;
}

static int conclude(const struct tally *tally)
{
    if (tally->wants_nagios)
        return print_for_nagios(tally);
    if (tally->wants_json && tally->sent > 1)
        print_summary_as_json(tally);
    else if (tally->sent > 1)
        print_summary(tally);
    return tally->answered > 0 ? DONE : FAILED;
}

/* --- the command line --------------------------------------------------------------------------
 */

struct ping_words {
    const char *count;
    const char *interval;
    const char *timeout;
    const char *from;
};

static bool read_numbers(const struct ping_words *words, struct ping_plan *plan)
{
    double times = 1, interval_s = 1, timeout_s = 5;

    if ((words->count != NULL && !read_decimal("count", words->count, 1, 1e6, help, &times))
        || (words->interval != NULL
            && !read_decimal("interval", words->interval, 0, 86400, help, &interval_s))
        || (words->timeout != NULL
            && !read_decimal("timeout", words->timeout, 0.001, 3600, help, &timeout_s)))
        return false;
    plan->count = (uint32_t)times;
    plan->interval_ms = (uint32_t)(interval_s * 1000);
    plan->timeout_ms = (uint32_t)(timeout_s * 1000);
    return true;
}

static bool read_target(const char *word, struct buffer *memory, struct sip_uri *out)
{
    if (uri_read(slice_of(word), memory, out))
        return true;
    refuse_use(help, "\"%s\" is no SIP URI", word);
    return false;
}

static bool read_from(const char *word, struct ping_plan *plan)
{
    struct sip_uri uri;

    if (word == NULL)
        return true;
    plan->from = slice_of(word);
    if (sip_uri_parse(plan->from, &uri))
        return true;
    refuse_use(help, "--from \"%s\" is no URI", word);
    return false;
}

static int run(struct ping_plan *plan, struct tally *tally)
{
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));
    bool is_wrong = false;

    tally->timeout_ms = plan->timeout_ms;
    if (ping_locate(plan, &is_wrong, &fault) && ping_run(plan, tell, tally, &fault))
        return conclude(tally);
    if (tally->wants_nagios)
        printf("SIP UNKNOWN - %.*s\n", SLICE_ARGS(buffer_slice(&fault)));
    if (tally->wants_nagios)
        return NAGIOS_UNKNOWN;
    return is_wrong ? refuse(&fault) : fail(&fault);
}

int ping_command(int argc, char **argv)
{
    struct ping_words words = {0};
    struct tally tally = {0};
    const struct flag flags[] = {
        {"count",    &words.count,    NULL               },
        {"interval", &words.interval, NULL               },
        {"timeout",  &words.timeout,  NULL               },
        {"from",     &words.from,     NULL               },
        {"json",     NULL,            &tally.wants_json  },
        {"nagios",   NULL,            &tally.wants_nagios},
    };
    struct ping_plan plan = {0};
    char text[1024];
    struct buffer memory = buffer_over(text, sizeof(text));

    enum flags_outcome outcome = flags_read(argc, argv, flags, ARRAY_LEN(flags), 1, 1, help);
    int wrong = tally.wants_nagios ? NAGIOS_UNKNOWN : USED_WRONGLY;
    if (outcome == FLAGS_HELPED)
        return DONE;
    if (outcome == FLAGS_WRONG || !read_numbers(&words, &plan)
        || !read_target(argv[1], &memory, &plan.uri) || !read_from(words.from, &plan))
        return wrong;
    return run(&plan, &tally);
}
