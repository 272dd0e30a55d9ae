/* Several workers at once, and users that come and go meanwhile: for the thread sanitizer. */
#include <pthread.h>
#include <stdatomic.h>

#include "store/inside.h"
#include "world.h"

enum { WORKERS = 4, UPDATES = 3000, AORS = 64, OUTSTANDING = 8 };

struct worker {
    pthread_t thread;
    bool runs;
    struct store *store;
    unsigned number;
    struct mailbox box;
    sem_t woken;
    struct asked asked[OUTSTANDING];
    bool is_out[OUTSTANDING];
    struct arena *arena;
    size_t refreshed; /* by itself */
    size_t stale;
    size_t acknowledged;
    size_t misread;              /* what no consistent store shows */
    atomic_bool *without_memory; /* of all workers: then there is no point in going on */
};

struct crowd {
    struct world *world;
    atomic_bool without_memory;
    struct worker workers[WORKERS];
};

/* The mailboxes of the workers have to outlive the store. */
static void end_crowd(void *thing)
{
    struct crowd *crowd = thing;

    for (size_t i = 0; i < WORKERS; i++) {
        if (crowd->workers[i].runs)
            pthread_join(crowd->workers[i].thread, NULL);
    }
    store_close(crowd->world->store);
    crowd->world->store = NULL;
    for (size_t i = 0; i < WORKERS; i++) {
        for (size_t j = 0; j < OUTSTANDING; j++)
            forget_answer(&crowd->workers[i].asked[j]);
        arena_free(crowd->workers[i].arena);
    }
    free(crowd);
}

static void wait_for_slot(struct worker *w, uint32_t slot)
{
    struct asked *asked = &w->asked[slot];

    if (!w->is_out[slot])
        return;
    while (!asked->is_answered) {
        if (!mailbox_deliver(&w->box) && mailbox_may_sleep(&w->box))
            (void)sem_wait(&w->woken);
    }
    w->acknowledged += asked->update.answer.err == ERR_NONE;
    w->stale += asked->update.answer.err == ERR_STALE;
    if (asked->update.answer.err == ERR_MEMORY)
        atomic_store(w->without_memory, true);
    w->is_out[slot] = false;
}

/* Some that leave and some that are soon over: those the writer takes out. */
static void vary(uint32_t i, struct binding *binding)
{
    if (i % 7 == 0)
        binding->expires_at_ms = NOW;
    else if (i % 11 == 0)
        binding->expires_at_ms = NOW + i + 1;
}

static void send(struct worker *w, uint32_t i)
{
    struct binding refreshed;
    char aor[32];
    char call_id[32];
    int aor_len = snprintf(aor, sizeof(aor), "user%u", i % AORS);
    int id_len = snprintf(call_id, sizeof(call_id), "of %u", w->number);
    struct binding binding = binding_to("sip:a", "", i + 1);
    struct location_changes changes = {
        .aor = {aor, (size_t)aor_len},
          .items = &binding, .count = 1, .max_bindings = 10
    };

    binding.call_id = (struct slice){call_id, (size_t)id_len};
    if (store_is_relaxed(w->store))
        vary(i, &binding);
    w->is_out[i % OUTSTANDING] =
        location_refresh(w->store, &changes, NOW + i, &refreshed) == LOCATION_NOT_REFRESHED;
    if (w->is_out[i % OUTSTANDING])
        send_update(w->store, &w->asked[i % OUTSTANDING], &w->box, &changes, NOW + i);
    else
        w->refreshed++;
}

static void read_one(struct worker *w, uint32_t i)
{
    struct binding_list list;
    const struct user_ha1_choice first = {0, 0};
    struct user_login login;
    char aor[32];
    int len = snprintf(aor, sizeof(aor), "user%u", i % AORS);

    arena_reset(w->arena);
    if (!location_find(w->store, (struct slice){aor, (size_t)len}, NOW, w->arena, &list)
        || list.count > 1
        || (list.count == 1 && !slice_equal(list.items[0].contact, SLICE("sip:a"))))
        w->misread++;
    if (user_find_login(w->store, SLICE("guest"), 0, first, &login) && login.max_bindings != 5)
        w->misread++;
}

static void *work(void *arg)
{
    struct worker *w = arg;

    for (uint32_t i = 0; i < UPDATES && !atomic_load(w->without_memory); i++) {
        wait_for_slot(w, i % OUTSTANDING);
        send(w, i);
        read_one(w, i + w->number);
    }
    for (uint32_t i = 0; i < OUTSTANDING; i++)
        wait_for_slot(w, i);
    return NULL;
}

static bool start_worker(struct crowd *crowd, unsigned number)
{
    struct worker *w = &crowd->workers[number];

    w->store = crowd->world->store;
    w->number = number;
    w->without_memory = &crowd->without_memory;
    sem_init(&w->woken, 0, 0);
    mailbox_init(&w->box, w, wake_asker, &w->woken);
    w->arena = arena_new(4096, 1 << 20);
    w->runs = w->arena != NULL && pthread_create(&w->thread, NULL, work, w) == 0;
    return w->runs;
}

static bool count_aors(void *arg, struct slice aor, const struct binding_list *bindings)
{
    (void)aor;
    *(size_t *)arg += bindings->count;
    return true;
}

static void come_and_go(struct world *w)
{
    struct user guest = {.aor = "guest", .aor_len = 5, .max_bindings = 5};
    size_t bindings = 0;

    for (int i = 0; i < 20; i++) {
        assert_int_equal(user_add(w->store, &guest), ERR_NONE);
        CHECK_MADE(location_walk(w->store, NOW, count_aors, &bindings) ? w : NULL);
        assert_int_equal(user_remove(w->store, SLICE("guest")), ERR_NONE);
    }
}

static struct crowd *start_crowd(struct world *w)
{
    struct crowd *crowd = calloc(1, sizeof(*crowd));

    CHECK_MADE(crowd);
    crowd->world = w;
    check_later(end_crowd, crowd);
    for (unsigned i = 0; i < WORKERS; i++)
        CHECK_MADE(start_worker(crowd, i) ? crowd : NULL);
    return crowd;
}

/* How many updates they have made themselves. */
static size_t await_crowd(struct crowd *crowd)
{
    size_t judged = 0, refreshed = 0;

    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker *worker = &crowd->workers[i];
        worker->runs = false;
        assert_int_equal(pthread_join(worker->thread, NULL), 0);
        assert_int_equal(worker->misread, 0);
        judged += worker->refreshed + worker->acknowledged + worker->stale;
        refreshed += worker->refreshed;
    }
    assert_int_equal(judged, WORKERS * UPDATES);
    return refreshed;
}

static void workers_share_a_store(void **state)
{
    struct world *w = make_open_world();
    struct crowd *crowd = start_crowd(w);

    (void)state;
    come_and_go(w);
    assert_int_equal(await_crowd(crowd), 0);
    assert_int_equal(location_count(w->store), AORS);
}

/* What the writer does now and then, as often as can be. */
static enum err disturb(struct store *store, void *arena)
{
    arena_reset(arena);
    if (!location_log_shorten(&store->log, &store->index, UPDATES, arena))
        return ERR_MEMORY;
    for (size_t i = 0; i < SHARD_COUNT; i++)
        index_sweep(&store->index, NOW + UPDATES);
    return ERR_NONE;
}

static void write_shown(struct world *w, struct buffer *out)
{
    for (unsigned i = 0; i < AORS; i++) {
        char aor[32];
        (void)snprintf(aor, sizeof(aor), "user%u", i);
        struct binding_list list = find(w, aor, NOW + UPDATES);
        buffer_add(out, list.count > 0 ? list.items[0].call_id : SLICE_NONE);
        buffer_add_char(out, ' ');
        buffer_add_u64(out, list.count > 0 ? list.items[0].cseq : 0);
        buffer_add_char(out, '\n');
    }
}

static void they_refresh_what_the_writer_writes_and_removes(void **state)
{
    char before_text[4096], after_text[4096];
    struct buffer before = buffer_over(before_text, sizeof(before_text));
    struct buffer after = buffer_over(after_text, sizeof(after_text));
    struct world *w = make_world();

    (void)state;
    w->settings.durability = STORE_RELAXED;
    CHECK_MADE(open_store(w) ? w : NULL);
    struct crowd *crowd = start_crowd(w);
    for (int i = 0; i < 50; i++)
        CHECK_MADE(writer_do(w->store, disturb, w->arena) == ERR_NONE ? w : NULL);
    come_and_go(w);
    assert_in_range(await_crowd(crowd), 1, WORKERS * UPDATES);
    write_shown(w, &before);
    CHECK_MADE(open_store(w) ? w : NULL);
    write_shown(w, &after);
    assert_int_equal(after.len, before.len);
    assert_memory_equal(after_text, before_text, before.len);
}

CHECK_MAIN(CHECK_TEST(workers_share_a_store),
           CHECK_TEST(they_refresh_what_the_writer_writes_and_removes))
