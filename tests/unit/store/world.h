/* A store in a folder of its own, and a thread that asks it things and waits for the answers. */
#ifndef TCHIN_TESTS_STORE_WORLD_H
#define TCHIN_TESTS_STORE_WORLD_H

#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "store/location.h"
#include "store/store.h"
#include "store/user.h"

#define NOW  UINT64_C(1700000000000)
#define HOUR UINT64_C(3600000)

struct asked {
    struct location_update update;
    char *memory;
    bool is_answered;
};

struct world {
    struct store *store;
    struct store_settings settings;
    struct log log;
    char log_path[512];
    struct mailbox box;
    sem_t woken;
    struct asked asked[8];
    struct arena *arena;
    enum err err; /* of the last opening */
    char fault[512];
};

static inline void wake_asker(void *waker)
{
    sem_post(waker);
}

static inline void take_answer(struct mail *mail, void *owner)
{
    (void)owner;
    CONTAINER_OF(mail, struct asked, update.answer.mail)->is_answered = true;
}

static inline void forget_answer(struct asked *asked)
{
    location_update_fini(&asked->update);
    free(asked->memory);
    asked->memory = NULL;
}

/* As a worker does at the end of a turn in which it was asked for one. Without memory it answers
 * itself. */
static inline void send_update(struct store *store, struct asked *asked, struct mailbox *asker,
                               const struct location_changes *changes, uint64_t now_ms)
{
    size_t bytes = location_update_bytes(changes);
    struct mailbag alone = {0};

    forget_answer(asked);
    asked->memory = bytes > 0 ? malloc(bytes) : NULL;
    asked->is_answered = asked->memory == NULL;
    asked->update.answer.err = bytes > 0 ? ERR_MEMORY : ERR_FULL;
    if (asked->memory == NULL)
        return;
    location_update_init(&asked->update, changes, now_ms, asked->memory, bytes);
    asked->update.answer = (struct answer){.asker = asker, .mail.deliver = take_answer};
    location_gather(store, &asked->update, &alone);
    (void)location_send(store, &alone);
}

static inline void end_world(void *thing)
{
    struct world *w = thing;

    store_close(w->store);
    for (size_t i = 0; i < ARRAY_LEN(w->asked); i++)
        forget_answer(&w->asked[i]);
    arena_free(w->arena);
    sem_destroy(&w->woken);
    if (w->log.fd >= 0)
        close(w->log.fd);
    free(w);
}

static inline struct world *make_world(void)
{
    const char *folder = check_folder();
    struct world *w = calloc(1, sizeof(*w));

    CHECK_MADE(w);
    w->log = (struct log){.fd = -1};
    sem_init(&w->woken, 0, 0);
    check_later(end_world, w);
    mailbox_init(&w->box, w, wake_asker, &w->woken);
    w->arena = arena_new(4096, 1 << 20);
    CHECK_MADE(w->arena);
    (void)snprintf(w->log_path, sizeof(w->log_path), "%s/test.log", folder);
    w->log.fd = open(w->log_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(w->log.fd >= 0);
    w->settings = (struct store_settings){
        .folder = folder,
        .durability = STORE_PROCESS,
        .log = &w->log,
        .max_bindings = 100000,
        .max_users = 100,
    };
    return w;
}

/* Opens it, or opens it anew. */
static inline bool open_store(struct world *w)
{
    struct buffer fault = buffer_over(w->fault, sizeof(w->fault) - 1);

    store_close(w->store);
    w->store = store_open(&w->settings, NOW, &w->err, &fault);
    w->fault[fault.len] = '\0';
    return w->store != NULL;
}

static inline struct world *make_open_world(void)
{
    struct world *w = make_world();

    CHECK_MADE(open_store(w) ? w : NULL);
    return w;
}

static inline void ask(struct world *w, size_t slot, const struct location_changes *changes,
                       uint64_t now_ms)
{
    send_update(w->store, &w->asked[slot], &w->box, changes, now_ms);
}

static inline enum err wait_for(struct world *w, size_t slot)
{
    while (!w->asked[slot].is_answered) {
        if (!mailbox_deliver(&w->box) && mailbox_may_sleep(&w->box))
            (void)sem_wait(&w->woken);
    }
    return w->asked[slot].update.answer.err;
}

static inline enum err update(struct world *w, const struct location_changes *changes,
                              uint64_t now_ms)
{
    ask(w, 0, changes, now_ms);
    return wait_for(w, 0);
}

static inline struct binding binding_to(const char *contact, const char *call_id, uint32_t cseq)
{
    return (struct binding){
        .contact = slice_of(contact),
        .call_id = slice_of(call_id),
        .cseq = cseq,
        .q_thousandths = 1000,
        .expires_at_ms = NOW + HOUR,
    };
}

/* A REGISTER with that one binding. */
static inline enum err bind(struct world *w, const char *aor, struct binding binding)
{
    struct location_changes changes = {
        .aor = slice_of(aor),
        .items = &binding,
        .count = 1,
        .call_id = binding.call_id,
        .cseq = binding.cseq,
        .max_bindings = 10,
    };

    return update(w, &changes, NOW);
}

static inline struct binding_list find(struct world *w, const char *aor, uint64_t now_ms)
{
    struct binding_list list = {0};

    arena_reset(w->arena);
    CHECK_MADE(location_find(w->store, slice_of(aor), now_ms, w->arena, &list) ? w : NULL);
    return list;
}

/* The contacts of `aor` in their order, with a space between. */
static inline void check_contacts(struct world *w, const char *aor, uint64_t now_ms,
                                  const char *expected)
{
    char text[512];
    struct buffer out = buffer_over(text, sizeof(text));
    struct binding_list list = find(w, aor, now_ms);

    for (size_t i = 0; i < list.count; i++) {
        buffer_add_text(&out, i > 0 ? " " : "");
        buffer_add(&out, list.items[i].contact);
    }
    CHECK_SLICE(buffer_slice(&out), expected);
}

/* How often the log says `text`. */
static inline size_t count_in_log(const struct world *w, const char *text)
{
    char log[65536];
    ssize_t len = pread(w->log.fd, log, sizeof(log) - 1, 0);
    size_t count = 0;

    log[len > 0 ? len : 0] = '\0';
    for (const char *at = log; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

#endif
