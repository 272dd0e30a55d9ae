/* tchin load: the command line, as a plan. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/aor.h"
#include "tools/command.h"
#include "tools/commands.h"
#include "tools/load.h"
#include "tools/load_inside.h"
#include "tools/load_report.h"
#include "tools/password.h"
#include "tools/ping.h"

static const char help[] =
    "Usage: tchin load URI [--scenario options|register|message|call] [--rate N] [--window N] ...\n"
    "\n"
    "Loads a SIP server, such as sip:192.0.2.1 or sip:example.org;transport=tcp, and says how "
    "fast\n"
    "and how well it answers. The called are played here too: they are registered first, and\n"
    "removed at the end. Exits 0 if all was completed, else 1.\n"
    "\n"
    "  --scenario S       options (the default), register, message, or call: INVITE, 180, 200,\n"
    "                     ACK, BYE, 200\n"
    "  --rate N           begin so many a second; without it, as many as the window lets through\n"
    "  --window N         under way at a time (default: 100; with --rate: 10000)\n"
    "  --duration S       measure so long (default: 10)\n"
    "  --warmup S         before, without measuring (default: 0)\n"
    "  --count N          so many in all, in place of a duration\n"
    "  --hold S           how long a call lasts (default: 0)\n"
    "  --timeout S        give one up after so long (default: 32, as RFC 3261 has it)\n"
    "  --users N          user0000000, user0000001 and so on (default: 1000)\n"
    "  --first N          the number of the first (default: 0)\n"
    "  --users-file FILE  or these: a line \"AOR,password\" each, as for tchin user import\n"
    "  --password-file F  the password of the numbered users is its first line\n"
    "  --domain D         of the users (default: of the file, or the host of URI)\n"
    "  --expires S        of the registrations (default: 3600)\n"
    "  --transport T      udp or tcp (default: as URI says, else udp)\n"
    "  --sockets N        to send from: UDP sockets, or TCP connections (default: 1; TCP: 16)\n"
    "  --port N           the first local one (default: any)\n"
    "  --spin             never sleep: takes a whole core, and measures more evenly\n"
    "  --cgroup DIR       the server's control group, or\n"
    "  --pid PID          its process: says what CPU time it takes for each\n"
    "  --json             one object at the end\n";

struct words {
    const char *scenario, *rate, *window, *duration, *warmup, *count, *hold, *timeout;
    const char *users, *first, *users_file, *password_file, *domain, *expires, *transport;
    const char *sockets, *port, *cgroup, *pid;
    bool wants_spin, wants_json;
};

/* What has to live as long as the plan. */
struct request {
    struct words words;
    struct load_plan plan;
    struct load_users users;
    struct password password;
    struct ping_plan where;
    struct load_outcome outcome;
    char memory[1024]; /* of the URI */
};

/* --- numbers --- */

static bool read_seconds(const char *flag, const char *word, double min_s, uint64_t *out_ms)
{
    double seconds;

    if (word == NULL)
        return true;
    if (!read_decimal(flag, word, min_s, 86400, help, &seconds))
        return false;
    *out_ms = (uint64_t)(seconds * 1000 + 0.5);
    return true;
}

static bool read_whole(const char *flag, const char *word, uint64_t min, uint64_t max,
                       uint64_t *out)
{
    uint64_t value;

    if (word == NULL)
        return true;
    if (slice_to_u64(slice_of(word), max, &value) && value >= min) {
        *out = value;
        return true;
    }
    refuse_use(help, "--%s is a whole number from %llu to %llu, not \"%s\"", flag,
               (unsigned long long)min, (unsigned long long)max, word);
    return false;
}

static bool read_u32(const char *flag, const char *word, uint32_t min, uint32_t max, uint32_t *out)
{
    uint64_t value = *out;
    bool ok = read_whole(flag, word, min, max, &value);

    *out = (uint32_t)value;
    return ok;
}

static bool read_times(const struct words *words, struct load_plan *plan)
{
    plan->duration_ms = 10000;
    plan->timeout_ms = 64 * LOAD_T1_MS;
    return read_seconds("duration", words->duration, 0.01, &plan->duration_ms)
           && read_seconds("warmup", words->warmup, 0, &plan->warmup_ms)
           && read_seconds("hold", words->hold, 0, &plan->hold_ms)
           && read_seconds("timeout", words->timeout, 0.01, &plan->timeout_ms);
}

static bool read_numbers(const struct words *words, struct load_plan *plan,
                         struct load_users *users)
{
    bool is_tcp = plan->protocol == HOP_TCP;
    uint32_t port = 0;

    plan->window = words->rate != NULL ? 10000 : 100;
    plan->expires_s = 3600;
    plan->sockets = is_tcp ? 16 : 1;
    users->count = 1000;
    bool ok =
        (words->rate == NULL || read_decimal("rate", words->rate, 0.001, 1e7, help, &plan->rate))
        && read_u32("window", words->window, 1, LOAD_MAX_WINDOW, &plan->window)
        && read_whole("count", words->count, 1, UINT32_MAX, &plan->count)
        && read_u32("expires", words->expires, 1, UINT32_MAX, &plan->expires_s)
        && read_u32("sockets", words->sockets, 1, LOAD_MAX_SOCKETS, &plan->sockets)
        && read_u32("port", words->port, 1, 65535 - 2 * LOAD_MAX_SOCKETS, &port)
        && read_u32("users", words->users, 1, LOAD_USERS_MAX, &users->count)
        && read_u32("first", words->first, 0, LOAD_USERS_MAX - users->count, &users->first)
        && read_u32("pid", words->pid, 1, INT32_MAX, &plan->cpu.pid);
    plan->port = (uint16_t)port;
    return ok;
}

/* --- what goes with what --- */

static bool refuse_pair(const char *one, const char *other)
{
    refuse_use(help, "--%s and --%s do not go together", one, other);
    return false;
}

static bool agrees(const struct words *w, const struct load_plan *plan)
{
    if (w->count != NULL && (w->duration != NULL || w->warmup != NULL))
        return refuse_pair("count", w->duration != NULL ? "duration" : "warmup");
    if (w->users_file != NULL && (w->users != NULL || w->first != NULL || w->password_file != NULL))
        return refuse_pair("users-file", w->users != NULL   ? "users"
                                         : w->first != NULL ? "first"
                                                            : "password-file");
    if (w->cgroup != NULL && w->pid != NULL)
        return refuse_pair("cgroup", "pid");
    if (w->hold != NULL && plan->scenario != LOAD_CALL) {
        refuse_use(help, "--hold is for --scenario call");
        return false;
    }
    return true;
}

/* Two REGISTERs of a user under way may overtake each other: RFC 3261 10.2.4. */
static bool has_enough_users(const struct load_plan *plan)
{
    bool registers = plan->scenario != LOAD_OPTIONS;

    if (plan->scenario == LOAD_REGISTER && plan->users->count < plan->window) {
        refuse_use(help,
                   "%u users are too few for a window of %u: more --users or a smaller --window",
                   plan->users->count, plan->window);
        return false;
    }
    if (registers && plan->users->count < plan->sockets) {
        refuse_use(help, "%u users are too few for %u sockets", plan->users->count, plan->sockets);
        return false;
    }
    return true;
}

/* --- names --- */

static bool read_scenario(const char *word, struct load_plan *plan)
{
    if (word == NULL || load_scenario_find(slice_of(word), &plan->scenario))
        return true;
    refuse_use(help, "--scenario is options, register, message or call, not \"%s\"", word);
    return false;
}

/* --transport has the last word. */
static bool read_server(struct request *c, const char *word, bool *is_wrong, struct buffer *fault)
{
    struct buffer memory = buffer_over(c->memory, sizeof(c->memory));
    const char *transport = c->words.transport;
    enum hop_protocol protocol;

    if (!uri_read(slice_of(word), &memory, &c->where.uri)) {
        *is_wrong = true;
        buffer_printf(fault, "\"%.300s\" is no SIP URI", word);
        return false;
    }
    if (transport != NULL && !hop_protocol_find(slice_of(transport), &protocol)) {
        *is_wrong = true;
        buffer_printf(fault, "--transport is udp or tcp, not \"%.100s\"", transport);
        return false;
    }
    c->where.transport = transport != NULL ? slice_of(transport) : SLICE_NONE;
    if (!ping_locate(&c->where, is_wrong, fault))
        return false;
    c->plan.server = c->where.targets[0].addr;
    c->plan.protocol = c->where.targets[0].protocol;
    return true;
}

static bool read_users(struct request *c, struct buffer *fault)
{
    const struct words *w = &c->words;
    uint32_t count = c->users.count, first = c->users.first;
    struct slice domain = w->domain != NULL ? slice_of(w->domain) : SLICE_NONE;

    if (w->users_file != NULL)
        return load_users_read(w->users_file, domain, &c->users, fault);
    if (w->password_file != NULL && !password_read(w->password_file, &c->password, fault))
        return false;
    c->users = (struct load_users){
        .count = count,
        .first = first,
        .domain = domain.len > 0 ? domain : c->where.uri.host,
        .password = {c->password.text, c->password.len}
    };
    return true;
}

/* --- the command --- */

static bool is_good(const struct load_outcome *outcome)
{
    const struct load_counts *c = &outcome->counts;

    return c->completed > 0 && c->failed == 0 && c->lost == 0 && c->skipped == 0 && c->unsent == 0
           && !outcome->was_stopped;
}

static int run(struct request *c)
{
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));

    if (!load_run(&c->plan, &c->outcome, &fault))
        return fail(&fault);
    if (c->words.wants_json)
        load_report_print_json(&c->plan, &c->outcome);
    else
        load_report_print(&c->plan, &c->outcome);
    return is_good(&c->outcome) ? DONE : FAILED;
}

static int prepare_and_run(struct request *c, const char *server)
{
    char text[512];
    struct buffer fault = buffer_over(text, sizeof(text));
    bool is_wrong = false;

    c->plan.users = &c->users;
    c->plan.spins = c->words.wants_spin;
    c->plan.cpu.cgroup = c->words.cgroup;
    if (!read_scenario(c->words.scenario, &c->plan) || !agrees(&c->words, &c->plan)
        || !read_times(&c->words, &c->plan))
        return USED_WRONGLY;
    if (!read_server(c, server, &is_wrong, &fault))
        return is_wrong ? refuse(&fault) : fail(&fault);
    if (!read_numbers(&c->words, &c->plan, &c->users))
        return USED_WRONGLY;
    if (!read_users(c, &fault))
        return fail(&fault);
    return has_enough_users(&c->plan) ? run(c) : USED_WRONGLY;
}

int load_command(int argc, char **argv)
{
    struct request *c = calloc(1, sizeof(*c));
    struct buffer no_memory = {0};
    if (c == NULL)
        return fail(&no_memory);

    struct words *w = &c->words;
    const struct flag flags[] = {
        {"scenario",      &w->scenario,      NULL          },
        {"rate",          &w->rate,          NULL          },
        {"window",        &w->window,        NULL          },
        {"duration",      &w->duration,      NULL          },
        {"warmup",        &w->warmup,        NULL          },
        {"count",         &w->count,         NULL          },
        {"hold",          &w->hold,          NULL          },
        {"timeout",       &w->timeout,       NULL          },
        {"users",         &w->users,         NULL          },
        {"first",         &w->first,         NULL          },
        {"users-file",    &w->users_file,    NULL          },
        {"password-file", &w->password_file, NULL          },
        {"domain",        &w->domain,        NULL          },
        {"expires",       &w->expires,       NULL          },
        {"transport",     &w->transport,     NULL          },
        {"sockets",       &w->sockets,       NULL          },
        {"port",          &w->port,          NULL          },
        {"cgroup",        &w->cgroup,        NULL          },
        {"pid",           &w->pid,           NULL          },
        {"spin",          NULL,              &w->wants_spin},
        {"json",          NULL,              &w->wants_json},
    };
    enum flags_outcome outcome = flags_read(argc, argv, flags, ARRAY_LEN(flags), 1, 1, help);
    int status = outcome == FLAGS_READ ? prepare_and_run(c, argv[1]) : flags_exit_code(outcome);
    load_users_fini(&c->users);
    free(c);
    return status;
}
