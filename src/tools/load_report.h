/* What is said of a load: a line that lives on a terminal, and the end of it for people or
 * programs. */
#ifndef TCHIN_TOOLS_LOAD_REPORT_H
#define TCHIN_TOOLS_LOAD_REPORT_H

#include "tools/load.h"

/* On a terminal, once a second: how fast it is, and how well. */
struct load_live {
    bool is_shown;
    uint64_t next_ns; /* 0: nobody looks */
    uint64_t last_ns;
    uint64_t last_completed;
};

struct load_live load_live_start(uint64_t now_ns);

/* Shows and empties `recent` when it is time. `what` is done at present. */
void load_live_show(struct load_live *live, const char *what, const struct load_counts *counts,
                    struct load_histogram *recent, uint64_t now_ns);
void load_live_end(struct load_live *live);

/* On standard output. */
void load_report_print(const struct load_plan *plan, const struct load_outcome *outcome);
void load_report_print_json(const struct load_plan *plan, const struct load_outcome *outcome);

#endif
