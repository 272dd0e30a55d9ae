/*
 * A thread that waits gives its turn back through a pipe and gets it through another. It wakes up
 * from pthread_cond_wait without a cause at times, as POSIX allows.
 */
#include "threads.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "meter.h"
#include "virtual.h"

enum { MAX_STRANDS = 16 };

struct strand {
    int turn[2]; /* pipes, from the main thread */
    int rest[2]; /* and back to it */
    void *(*run)(void *arg);
    void *arg;
    pthread_t thread;
    bool has_ended;
};

static struct strand strands[MAX_STRANDS];
static size_t strand_count;
static _Thread_local struct strand *self; /* NULL: the main thread */

static void say(const int pipe_ends[2])
{
    if (write(pipe_ends[1], "", 1) != 1)
        abort();
}

static void hear(const int pipe_ends[2])
{
    char byte;

    while (read(pipe_ends[0], &byte, 1) != 1) {
        if (errno != EINTR)
            abort();
    }
}

void threads_take_turns(void)
{
    for (size_t i = 0; i < strand_count; i++) {
        if (strands[i].has_ended)
            continue;
        say(strands[i].turn);
        hear(strands[i].rest);
    }
}

static void rest(void)
{
    say(self->rest);
    hear(self->turn);
}

static void *begin(void *arg)
{
    self = arg;
    hear(self->turn);
    meter_on();
    void *result = self->run(self->arg);
    meter_off();
    self->has_ended = true;
    say(self->rest);
    return result;
}

/* --- in place of libc's ----------------------------------------------------------------------- */

int pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*run)(void *arg), void *arg)
{
    typedef int create(pthread_t * out, const pthread_attr_t *attr, void *(*run)(void *arg),
                       void *arg);
    create *real = (create *)dlsym(RTLD_NEXT, "pthread_create");

    if (strand_count == MAX_STRANDS || real == NULL)
        abort();
    struct strand *strand = &strands[strand_count];
    if (pipe(strand->turn) != 0 || pipe(strand->rest) != 0)
        abort();
    strand->run = run;
    strand->arg = arg;
    int error = real(out, attr, begin, strand);
    strand->thread = *out;
    if (error == 0)
        strand_count++;
    return error;
}

/* The main thread waits for one that loads something and ends. */
int pthread_join(pthread_t thread, void **result)
{
    typedef int join(pthread_t thread, void **result);
    join *real = (join *)dlsym(RTLD_NEXT, "pthread_join");

    if (real == NULL)
        abort();
    for (size_t i = 0; i < strand_count; i++) {
        while (pthread_equal(strands[i].thread, thread) && !strands[i].has_ended)
            threads_take_turns();
    }
    return real(thread, result);
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    (void)condition;
    if (self == NULL) {
        fprintf(stderr, "counts: the main thread waits for a condition\n");
        abort();
    }
    meter_off();
    pthread_mutex_unlock(mutex);
    rest();
    pthread_mutex_lock(mutex);
    meter_on();
    return 0;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const struct timespec *until)
{
    int error = pthread_cond_wait(condition, mutex);
    uint64_t until_ms = (uint64_t)until->tv_sec * 1000 + (uint64_t)until->tv_nsec / 1000000;

    return error == 0 && virtual_now_ms >= until_ms ? ETIMEDOUT : error;
}

/* The main thread waits for a job of the store's: user_add and the like. */
int sem_wait(sem_t *semaphore)
{
    if (self != NULL)
        abort();
    while (sem_trywait(semaphore) != 0)
        threads_take_turns();
    return 0;
}
