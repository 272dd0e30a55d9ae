/*
 * The descriptor is not made non-blocking, for it is others' too: what it takes at once it is asked
 * for, and given no more than that. So only one thread at a time may ask and write; the others keep
 * their lines until their next turn.
 */
#include "base/lines.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

void lines_init(struct lines *lines, int fd, struct lines_gate *gate)
{
    struct stat status;

    lines->fd = fd;
    lines->gate = gate;
    lines->is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    lines->is_stuck = false;
    lines->len = 0;
}

char *lines_begin(struct lines *lines)
{
    if (sizeof(lines->text) - lines->len < LINES_MAX_LINE && !lines->is_stuck)
        (void)atomic_fetch_add(&lines->gate->lost, lines_flush(lines));
    if (sizeof(lines->text) - lines->len >= LINES_MAX_LINE)
        return lines->text + lines->len;
    atomic_fetch_add(&lines->gate->lost, 1);
    return NULL;
}

void lines_end(struct lines *lines, size_t len)
{
    lines->len += len;
}

/* A descriptor that is broken does not make one wait either. */
static bool would_wait(int fd)
{
    struct pollfd asked = {.fd = fd, .events = POLLOUT};

    return poll(&asked, 1, 0) == 0;
}

/* The first of the lines, as many as leave whole. */
static struct slice cut_piece(const struct lines *lines, struct slice text)
{
    const char *end = NULL;

    if (!lines->is_file && text.len > LINES_MAX_LINE)
        end = memrchr(text.ptr, '\n', LINES_MAX_LINE);
    return end != NULL ? slice_between(text.ptr, end + 1) : text;
}

/* What cannot be written must not stop the server: what is lost is lost. */
static size_t write_piece(int fd, struct slice piece)
{
    ssize_t written = write(fd, piece.ptr, piece.len);

    if (written < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : piece.len;
    return (size_t)written;
}

static void write_all(struct lines *lines)
{
    struct slice rest = {lines->text, lines->len};
    bool goes_on = true;

    while (goes_on && rest.len > 0 && (lines->is_file || !would_wait(lines->fd))) {
        size_t written = write_piece(lines->fd, cut_piece(lines, rest));
        rest = slice_after(rest, written);
        goes_on = written > 0;
    }
    memmove(lines->text, rest.ptr, rest.len);
    lines->len = rest.len;
}

static unsigned long take_lost(struct lines_gate *gate)
{
    return atomic_load(&gate->lost) > 0 ? atomic_exchange(&gate->lost, 0) : 0;
}

unsigned long lines_flush(struct lines *lines)
{
    if (lines->len == 0)
        return 0;
    if (pthread_mutex_trylock(&lines->gate->writing) == 0) {
        write_all(lines);
        pthread_mutex_unlock(&lines->gate->writing);
    }
    lines->is_stuck = lines->len > 0;
    return lines->is_stuck ? 0 : take_lost(lines->gate);
}

unsigned long lines_write_now(int fd, struct lines_gate *gate, struct slice line)
{
    size_t written = 0;

    pthread_mutex_lock(&gate->writing); /* whoever holds it does not wait */
    if (!would_wait(fd))
        written = write_piece(fd, line);
    pthread_mutex_unlock(&gate->writing);
    if (written > 0)
        return take_lost(gate);
    atomic_fetch_add(&gate->lost, 1);
    return 0;
}
