/*
 * Log lines: one a decision, as text or as JSON. Every value may come from the network: what is
 * not printable is escaped, what is too long is cut.
 *
 * Any thread may write to one log. A thread that writes much has a `log_batch` of its own, whose
 * lines leave together.
 */
#ifndef TCHIN_BASE_LOG_H
#define TCHIN_BASE_LOG_H

#include "base/slice.h"

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
};

/* Lines that wait to be written together. Belongs to one thread. */
struct log_batch {
    struct log *log;
    size_t len;
    char text[16384];
};

void log_batch_init(struct log_batch *batch, struct log *log);

/* Whether lines of that level are written: for who has to prepare what is in them. */
static inline bool log_wants(const struct log_batch *batch, enum log_level level)
{
    return level >= batch->log->level;
}

/* Adds one line; what does not fit any more is written at once. */
void log_write(struct log_batch *batch, enum log_level level, const char *event,
               const struct log_field *fields, size_t count);

/* Writes what waits, with one system call. */
void log_flush(struct log_batch *batch);

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
