/*
 * A turn: deliver the mail, finish the batch, look after the log. Without mail and work the thread
 * sleeps, a second at most.
 */
#include "store/writer.h"

#include <semaphore.h>
#include <time.h>

#include "store/database.h"
#include "store/inside.h"

enum { NAP_MS = 1000, SWEEP_EVERY_MS = 1000, SILENT_MS = 60 * 1000 };
enum { ARENA_CHUNK = 1 << 16, ARENA_MAX = 1 << 26 };
enum { MIN_SHORTENING = 1024, SHORTENING_PER_UPDATE = 3, MAX_SHORTENING = 2048 };

/* What somebody waits for. */
struct job {
    struct mail mail;
    writer_work *work;
    void *arg;
    enum err err;
    sem_t is_done;
};

static void *run(void *arg);

static uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The lock goes first: on one processor who is signalled runs at once, and would wait for it. */
static void wake(void *waker)
{
    struct writer *w = waker;

    pthread_mutex_lock(&w->lock);
    w->is_woken = true;
    pthread_mutex_unlock(&w->lock);
    pthread_cond_signal(&w->woken);
}

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool writer_start(struct store *store, uint64_t now_ms)
{
    struct writer *w = &store->writer;

    w->arena = arena_new(ARENA_CHUNK, ARENA_MAX);
    if (w->arena == NULL)
        return false;
    mailbox_init(&w->inbox, store, wake, w);
    pthread_mutex_init(&w->lock, NULL);
    init_condition(&w->woken);
    w->now_ms = now_ms;
    w->told_at = clock_ms();
    if (pthread_create(&w->thread, NULL, run, store) == 0)
        return true;
    pthread_cond_destroy(&w->woken);
    pthread_mutex_destroy(&w->lock);
    arena_free(w->arena);
    return false;
}

static enum err stop(struct store *store, void *arg)
{
    (void)arg;
    store->writer.stops = true;
    return ERR_NONE;
}

void writer_stop(struct store *store)
{
    struct writer *w = &store->writer;

    writer_do(store, stop, NULL);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->woken);
    pthread_mutex_destroy(&w->lock);
    arena_free(w->arena);
}

/* Mail. */

static void deliver_update(struct mail *mail, void *owner)
{
    struct store *store = owner;

    store->writer.updates++;
    batch_add(store, CONTAINER_OF(mail, struct location_update, mail));
}

void writer_gather(struct location_update *update, struct mailbag *out)
{
    update->mail.deliver = deliver_update;
    mailbag_add(out, &update->mail);
}

bool writer_send(struct store *store, struct mailbag *gathered)
{
    bool is_any = gathered->newest != NULL;

    if (is_any)
        mailbox_send_all(&store->writer.inbox, gathered);
    return is_any;
}

/* What was sent before a job is done before it. */
static void deliver_job(struct mail *mail, void *owner)
{
    struct job *job = CONTAINER_OF(mail, struct job, mail);

    batch_finish(owner);
    job->err = job->work(owner, job->arg);
    sem_post(&job->is_done); /* last: its owner may be gone now */
}

enum err writer_do(struct store *store, writer_work *work, void *arg)
{
    struct job job = {.mail.deliver = deliver_job, .work = work, .arg = arg};

    sem_init(&job.is_done, 0, 0);
    mailbox_send(&store->writer.inbox, &job.mail);
    while (sem_wait(&job.is_done) != 0)
        ; /* a signal came */
    sem_destroy(&job.is_done);
    return job.err;
}

/* The thread. */

static void nap(struct writer *w)
{
    uint64_t nap_ends_at = clock_ms() + NAP_MS;
    uint64_t until_ms = w->writes_at > 0 && w->writes_at < nap_ends_at ? w->writes_at : nap_ends_at;
    struct timespec until = {(time_t)(until_ms / 1000), (long)(until_ms % 1000) * 1000000L};

    if (!mailbox_may_sleep(&w->inbox))
        return;
    pthread_mutex_lock(&w->lock);
    while (!w->is_woken) {
        if (pthread_cond_timedwait(&w->woken, &w->lock, &until) != 0)
            break;
    }
    w->is_woken = false;
    pthread_mutex_unlock(&w->lock);
}

/*
 * A slice in proportion to what was added, so that the log stays within its bound while mail keeps
 * coming, and small enough that nobody waits for it. True: there is more to do.
 */
static bool shorten_log(struct store *store)
{
    struct writer *w = &store->writer;
    size_t records = MIN_SHORTENING + SHORTENING_PER_UPDATE * w->updates;

    w->updates = 0;
    if (!location_log_is_long(&store->log, &store->index))
        return false;
    arena_reset(w->arena);
    records = records < MAX_SHORTENING ? records : MAX_SHORTENING;
    if (location_log_shorten(&store->log, &store->index, records, w->arena))
        return location_log_is_long(&store->log, &store->index);
    writer_complain(store, "the log of bindings could not be shortened",
                    database_complaint(store->db));
    return false;
}

static void look_after_unwritten(struct store *store)
{
    struct unwritten *u = &store->unwritten;
    struct writer *w = &store->writer;
    uint64_t noted_ms = atomic_exchange(&w->noted_ms, 0);

    if (noted_ms > 0)
        writer_clock(store, noted_ms);
    if (!atomic_load(&u->is_any)) {
        w->writes_at = 0;
    } else if (atomic_load(&u->is_much) || (w->writes_at > 0 && clock_ms() >= w->writes_at)) {
        unwritten_write(store);
        w->writes_at = 0;
    } else if (w->writes_at == 0) {
        w->writes_at = clock_ms() + UNWRITTEN_MS;
    }
}

static void look_after_checkpoints(struct store *store)
{
    const char *complaint = checkpoint_look(&store->checkpoint, store->db);

    if (complaint != NULL)
        writer_complain(store, "the write-ahead log could not be copied into the database",
                        complaint);
}

static void sweep(struct store *store)
{
    struct writer *w = &store->writer;
    uint64_t clock = clock_ms();

    if (clock < w->sweeps_at)
        return;
    w->sweeps_at = clock + SWEEP_EVERY_MS;
    index_sweep(&store->index, w->now_ms + (clock - w->told_at));
}

static void *run(void *arg)
{
    struct store *store = arg;
    struct writer *w = &store->writer;

    while (!w->stops) {
        bool had_mail = mailbox_deliver(&w->inbox);
        batch_finish(store);
        look_after_unwritten(store);
        bool has_more = shorten_log(store);
        look_after_checkpoints(store);
        sweep(store);
        if (!had_mail && !has_more && !w->stops)
            nap(w);
    }
    unwritten_write(store);
    return NULL;
}

void writer_tell(struct store *store, uint64_t now_ms)
{
    struct writer *w = &store->writer;

    atomic_store(&w->noted_ms, now_ms);
    wake(w);
}

void writer_clock(struct store *store, uint64_t now_ms)
{
    struct writer *w = &store->writer;

    if (now_ms == w->now_ms)
        return;
    w->now_ms = now_ms;
    w->told_at = clock_ms();
}

void writer_complain(struct store *store, const char *what, const char *reason)
{
    struct writer *w = &store->writer;
    uint64_t clock = clock_ms();

    if (clock < w->silent_until || store->settings.log == NULL)
        return;
    w->silent_until = clock + SILENT_MS;
    LOG_NOW(store->settings.log, LOG_ERROR, what, {"reason", slice_of(reason)});
}
