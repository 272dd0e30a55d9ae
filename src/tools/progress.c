/* A bar on standard error, drawn anew a few times a second. */
#include "tools/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 40, REDRAW_MS = 100 };

static uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct progress progress_start(const char *what, size_t total)
{
    return (struct progress){.what = what,
                             .total = total > 0 ? total : 1,
                             .shown_ms = clock_ms(), /* nothing is drawn of what is done at once */
                             .is_shown = false};
}

void progress_step(struct progress *progress, size_t done)
{
    static const char full[] = "########################################";
    uint64_t now_ms = clock_ms();

    if (!isatty(STDERR_FILENO) || now_ms - progress->shown_ms < REDRAW_MS)
        return;
    progress->shown_ms = now_ms;
    progress->is_shown = true;
    int filled = (int)(done * WIDTH / progress->total);
    fprintf(stderr, "\r%s [%-*.*s] %3zu%%", progress->what, WIDTH, filled, full,
            done * 100 / progress->total);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
}
