/* One line on standard error that is written over and over, if a terminal is there. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/load_report.h"

enum { SECOND_NS = 1000000000 };

struct load_live load_live_start(uint64_t now_ns)
{
    return (struct load_live){.next_ns = isatty(STDERR_FILENO) ? now_ns + SECOND_NS : 0,
                              .last_ns = now_ns};
}

void load_live_show(struct load_live *live, const char *what, const struct load_counts *counts,
                    struct load_histogram *recent, uint64_t now_ns)
{
    if (live->next_ns == 0 || now_ns < live->next_ns)
        return;
    double seconds = (double)(now_ns - live->last_ns) / SECOND_NS;
    uint64_t done = counts->completed - live->last_completed;
    fprintf(stderr, "\r\033[K%s: %.0f/s, p50 %.2f ms, p99 %.2f ms, %llu failed, %llu lost", what,
            (double)done / seconds, (double)load_histogram_at(recent, 0.50) / 1e6,
            (double)load_histogram_at(recent, 0.99) / 1e6, (unsigned long long)counts->failed,
            (unsigned long long)counts->lost);
    memset(recent, 0, sizeof(*recent));
    live->is_shown = true;
    live->last_completed = counts->completed;
    live->last_ns = now_ns;
    live->next_ns = now_ns + SECOND_NS;
}

void load_live_end(struct load_live *live)
{
    if (live->is_shown)
        fputs("\r\033[K", stderr);
    live->is_shown = false;
}
