/*
 * A program that runs as a child of ours. Nobody waits for it: who has started it asks now and then
 * whether it has ended. All by the main thread.
 */
#ifndef TCHIN_SERVER_CHILD_H
#define TCHIN_SERVER_CHILD_H

#include <sys/types.h>

#include "base/slice.h"

enum { CHILD_MAX_WORDS = 16, CHILD_SAID_BYTES = 4096 };

/* All zero: none runs. */
struct child {
    pid_t pid;   /* also its process group; 0: none */
    int said_fd; /* what it says on standard error */
    size_t said_len;
    char said[CHILD_SAID_BYTES]; /* the last of it */
};

/*
 * Starts `words[0]`, which is looked for along PATH, with `words` and NULL behind the last, and
 * with the variable `setting` ("NAME=value") in its environment. No shell reads any of it. 0, or an
 * error number.
 */
int child_start(struct child *child, const char *const *words, const char *setting) MUST_USE;

/* Takes in what it says. True: it has ended, with that exit status; -1 is a signal. */
bool child_has_ended(struct child *child, int *status) MUST_USE;

/* Ends it and what it has started itself. Harmless if none runs. */
void child_kill(struct child *child);

/* Valid until the next of these calls. */
struct slice child_said(const struct child *child);

#endif
