/*
 * Lines for somebody who may not read them: the log, the trace. A thread gathers them in a batch of
 * its own, which leaves as a whole, and no thread ever waits for the reader: what finds no room any
 * more is counted, so that it can be told when the reader reads again.
 */
#ifndef TCHIN_BASE_LINES_H
#define TCHIN_BASE_LINES_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/slice.h"

enum {
    LINES_MAX_LINE = 4096, /* its end included; so much at once a pipe takes whole: PIPE_BUF */
    LINES_BYTES = 64 * 1024,
};

/* What those share that write to one descriptor. All zero to begin with, as mutexes are here. */
struct lines_gate {
    pthread_mutex_t writing;
    atomic_ulong lost; /* lines, since that was last told */
};

/* A batch. Belongs to one thread. */
struct lines {
    int fd;
    struct lines_gate *gate;
    bool is_file;  /* it takes any number of bytes at any time */
    bool is_stuck; /* the last flush left some */
    size_t len;
    char text[LINES_BYTES];
};

void lines_init(struct lines *lines, int fd, struct lines_gate *gate);

/* Where to write the next line, LINES_MAX_LINE bytes. NULL: no room, and it counts as lost. */
char *lines_begin(struct lines *lines);

/* It has `len` bytes, the last of which is its end. */
void lines_end(struct lines *lines, size_t len);

/*
 * Writes what can be written without waiting. Returns how many lines were lost before, once: for
 * the caller to tell.
 */
unsigned long lines_flush(struct lines *lines);

/* One line at once, without a batch; the same. */
unsigned long lines_write_now(int fd, struct lines_gate *gate, struct slice line);

#endif
