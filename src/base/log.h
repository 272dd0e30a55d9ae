/*
 * Log lines: one a decision, as text or as JSON. Every value may come from the network: what is
 * not printable is escaped, what is too long is cut.
 *
 * Any thread may write to one log, and none waits for who reads it. A thread that writes much has a
 * `log_batch` of its own, whose lines leave together. How many were lost is a line in the log when
 * it is read again.
 */
#ifndef TCHIN_BASE_LOG_H
#define TCHIN_BASE_LOG_H

#include <time.h>

#include "base/lines.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
    const char *name;
    struct slice value; /* a field with an empty value is left out */
};

struct log {
    int fd;
    enum log_format format;
    enum log_level level; /* lines below it are not written */
    struct lines_gate gate;
};

/* The second that was last written. */
struct log_clock {
    time_t second;
    size_t text_len; /* 0: none yet */
    char text[32];
};

/* Lines that wait to be written together. Belongs to one thread. */
struct log_batch {
    struct log *log;
    struct log_clock clock;
    struct lines lines;
};

void log_batch_init(struct log_batch *batch, struct log *log);

/* Whether lines of that level are written: for who has to prepare what is in them. */
static inline bool log_wants(const struct log_batch *batch, enum log_level level)
{
    return level >= batch->log->level;
}

/* Adds one line, of a level that is wanted; when the batch is full it is flushed before. */
void log_write(struct log_batch *batch, enum log_level level, const char *event,
               const struct log_field *fields, size_t count);

/* Writes what waits, as far as that can be done at once. */
void log_flush(struct log_batch *batch);

/* Whether there is something to be flushed again. */
bool log_is_waiting(const struct log_batch *batch);

/*
 * LOG(batch, LOG_INFO, "registered", {"aor", aor}, {"call-id", call_id});
 * The values are not evaluated when the line is not wanted.
 */
#define LOG(batch, level, event, ...)                                                              \
    (log_wants(batch, level)                                                                       \
         ? log_write(batch, level, event, (const struct log_field[]){__VA_ARGS__},                 \
                     sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))   \
         : (void)0)

/* One line from a thread that writes rarely, at once. */
#define LOG_NOW(log, level, event, ...)                                                            \
    log_write_now(log, level, event, (const struct log_field[]){__VA_ARGS__},                      \
                  sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

void log_write_now(struct log *log, enum log_level level, const char *event,
                   const struct log_field *fields, size_t count);

#endif
