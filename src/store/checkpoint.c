/*
 * SQLite writes the log from its beginning again only if all of it had been copied when a
 * transaction began. Under load a transaction has always come in between; then, and when the log
 * has become long, the writer copies the little that came since the thread's last round.
 */
#include "store/checkpoint.h"

#include "store/database.h"

enum { PAGES_A_ROUND = 256, LONG_PAGES = 4000 };

static void run_round(struct checkpoint *c)
{
    pthread_mutex_unlock(&c->lock);
    bool done = database_checkpoint(c->db);
    pthread_mutex_lock(&c->lock);
    c->state = done ? CHECKPOINT_DONE : CHECKPOINT_FAILED;
}

static void *run(void *arg)
{
    struct checkpoint *c = arg;

    pthread_mutex_lock(&c->lock);
    while (!c->stops) {
        if (c->state == CHECKPOINT_RUNS)
            run_round(c);
        else
            pthread_cond_wait(&c->changed, &c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

enum err checkpoint_start(struct checkpoint *c, const char *path, struct buffer *fault)
{
    c->db = database_open(path, fault);
    if (c->db == NULL)
        return ERR_IO;
    c->starts_at_pages = PAGES_A_ROUND;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    if (pthread_create(&c->thread, NULL, run, c) == 0)
        return ERR_NONE;
    buffer_add_text(fault, "cannot start a thread");
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    database_close(c->db);
    return ERR_MEMORY;
}

void checkpoint_stop(struct checkpoint *c)
{
    pthread_mutex_lock(&c->lock);
    c->stops = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    database_close(c->db);
}

static enum checkpoint_state take_state(struct checkpoint *c)
{
    pthread_mutex_lock(&c->lock);
    enum checkpoint_state state = c->state;
    if (state != CHECKPOINT_RUNS)
        c->state = CHECKPOINT_RESTS;
    pthread_mutex_unlock(&c->lock);
    return state;
}

static void start_round(struct checkpoint *c)
{
    pthread_mutex_lock(&c->lock);
    c->state = CHECKPOINT_RUNS;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

const char *checkpoint_look(struct checkpoint *c, struct database *db)
{
    int pages = database_wal_pages(db);

    if (pages < PAGES_A_ROUND) { /* it has begun anew */
        c->starts_at_pages = PAGES_A_ROUND;
        return NULL;
    }
    enum checkpoint_state state = take_state(c);
    if (state == CHECKPOINT_FAILED)
        return database_complaint(c->db);
    if (state == CHECKPOINT_DONE && pages >= LONG_PAGES)
        return database_checkpoint(db) ? NULL : database_complaint(db);
    if (state == CHECKPOINT_RESTS && pages >= c->starts_at_pages) {
        c->starts_at_pages = pages + PAGES_A_ROUND;
        start_round(c);
    }
    return NULL;
}
