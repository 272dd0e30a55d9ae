/*
 * A load: many users who ask a server for something again and again, and what came of it. The
 * command line fills a plan; load_run carries it out in one thread and fills the outcome.
 */
#ifndef TCHIN_TOOLS_LOAD_H
#define TCHIN_TOOLS_LOAD_H

#include "tools/load_cpu.h"
#include "tools/load_histogram.h"
#include "tools/load_users.h"
#include "transport/hop.h"

enum load_scenario {
    LOAD_OPTIONS,  /* to the server itself */
    LOAD_REGISTER, /* one contact for each user, then refreshed */
    LOAD_MESSAGE,  /* through the server to a user that we play as well */
    LOAD_CALL,     /* likewise: INVITE 100 180 200 ACK BYE 200 */
    LOAD_SCENARIO_COUNT,
};

enum { LOAD_STATUS_COUNT = 700 };

struct load_plan {
    enum load_scenario scenario;
    struct net_addr server;
    enum hop_protocol protocol;
    const struct load_users *users;
    double rate;     /* begun in a second; 0: as fast as the window lets */
    uint32_t window; /* under way at a time */
    uint64_t count;  /* so many in all; 0: for the duration */
    uint64_t warmup_ms;
    uint64_t duration_ms;
    uint64_t hold_ms; /* from the ACK of a call to its BYE */
    uint64_t timeout_ms;
    uint32_t expires_s;
    uint32_t sockets;
    uint16_t port; /* the first local one; 0: any */
    bool spins;    /* never sleeps */
    struct load_cpu_source cpu;
};

struct load_counts {
    uint64_t begun;
    uint64_t completed;
    uint64_t challenged; /* 401 and 407 that were answered with credentials */
    uint64_t failed;     /* another final response than was wanted */
    uint64_t lost;       /* none, in spite of all repetitions */
    uint64_t skipped;    /* were due, but the window was full */
    uint64_t repeated;   /* messages that we sent again */
    uint64_t duplicates; /* messages that came again, or too late */
    uint64_t strays;     /* messages that belong to nothing of ours, or are none */
    uint64_t unsent;     /* the system refused */
    uint64_t broken;     /* connections that the server closed */
    uint64_t refused;    /* ICMP errors: nobody listens there */
    uint64_t statuses[LOAD_STATUS_COUNT];
};

/*
 * The measured time is all of it with a count, else what follows the warm-up. What went wrong
 * (failed, lost, unsent, broken, refused) is counted before and after it too.
 */
struct load_outcome {
    struct load_counts counts;
    struct load_histogram latency; /* from when it was due to when it was completed */
    struct load_histogram setup;   /* of calls: to the 200 of the INVITE */
    double seconds;
    bool has_cpu; /* of the server, as plan->cpu names it */
    struct load_cpu cpu;
    struct load_cpu own_cpu;
    bool was_stopped; /* by SIGINT */
};

/*
 * False: it could not be begun, or the users not be registered; `fault` says why. The outcome is
 * large: not for the stack.
 */
bool load_run(const struct load_plan *plan, struct load_outcome *out,
              struct buffer *fault) MUST_USE;

struct slice load_scenario_name(enum load_scenario scenario);
bool load_scenario_find(struct slice name, enum load_scenario *out) MUST_USE;

#endif
