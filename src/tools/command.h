/* Commands and their flags, the same way for all: `tchin user add AOR [--data DIR]`. */
#ifndef TCHIN_TOOLS_COMMAND_H
#define TCHIN_TOOLS_COMMAND_H

#include "base/buffer.h"

enum { DONE, FAILED, USED_WRONGLY }; /* exit codes */

struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is its name; returns an exit code */
};

/* Runs the command that argv[1] names. `help` lists them, after its first line "Usage: ...". */
int command_run(const struct command *commands, size_t count, const char *help, int argc,
                char **argv);

/* A flag sets `value` to the word that follows it, or `given` if it stands alone. */
struct flag {
    const char *name;
    const char **value;
    bool *given;
};

enum flags_outcome { FLAGS_READ, FLAGS_HELPED, FLAGS_WRONG };

/*
 * Reads flags and leaves the other words, `min_words` to `max_words` of them, at argv[1] and on;
 * the rest of argv are NULL. If the outcome is FLAGS_WRONG it has been said.
 */
enum flags_outcome flags_read(int argc, char **argv, const struct flag *flags, size_t count,
                              int min_words, int max_words, const char *help) MUST_USE;

/* DONE or USED_WRONGLY, for the other two outcomes. */
int flags_exit_code(enum flags_outcome outcome);

/* Says on standard error what was wrong and, from the first line of `help`, what to write. */
int refuse_use(const char *help, const char *format, ...) PRINTF_LIKE(2, 3);

/* "tchin: ..." on standard error; FAILED. An empty `fault` is want of memory. */
int fail(const struct buffer *fault);

/* The same; USED_WRONGLY. */
int refuse(const struct buffer *fault);

/* "--count" and the like: a number of `unit`s with decimals. False: it has been said. */
bool read_decimal(const char *flag, const char *text, double min, double max, const char *help,
                  double *out) MUST_USE;

#endif
