/* How far a long work has come, for who looks at a terminal; nothing at all elsewhere. */
#ifndef TCHIN_TOOLS_PROGRESS_H
#define TCHIN_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    const char *what;
    size_t total;
    uint64_t shown_ms;
    bool is_shown;
};

struct progress progress_start(const char *what, size_t total);
void progress_step(struct progress *progress, size_t done);

/* Wipes it off. */
void progress_end(struct progress *progress);

#endif
