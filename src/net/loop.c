/*
 * libuv polls between its prepare and its check handles. The first callback after it has slept
 * opens our turn, the check handle closes it; what libuv calls before it polls (its own timers and
 * delayed completions) opens a turn too, which the prepare handle closes.
 */
#include "net/loop.h"

#include <assert.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/timer_wheel.h"

enum {
    COUNT_MS = 100,
    BUSY_ARRIVALS_A_MS = 32, /* to be woken for each would take a sixth of a processor */
    STAYS_MS = 10 * 1000,    /* for so long who was hardly given it back keeps his processor */
};

struct net_loop {
    uv_loop_t uv;
    uv_prepare_t before_sleep;
    uv_check_t after_sleep;
    uv_idle_t no_sleep; /* while it is active libuv polls without waiting */
    uv_timer_t timer;
    uv_poll_t wake; /* a uv_async_t would wait for the sender to have left its write, and spin */
    int wake_fd;
    struct mailbox mailbox;
    struct list_node guests;
    struct list_node remains;
    struct net_loop_host host;
    void *host_arg;
    char *input;
    uint64_t now_ms;
    uint64_t wake_ms;
    uint64_t counts_since_ms;
    size_t arrivals;  /* since then */
    uint64_t away_ns; /* likewise, to others who had our processor */
    bool is_busy;     /* by what came before */
    uint64_t stays_until_ms;
    bool has_siblings;
    bool has_arrivals; /* these two in this turn */
    bool expects_mail;
    bool in_turn;
};

static void before_sleep(uv_prepare_t *handle);
static void after_sleep(uv_check_t *handle);
static void end_turn(struct net_loop *loop);

/* What these wake up for is done when the turn ends. */
static void idle(uv_idle_t *handle)
{
    (void)handle;
}

static void timer_rang(uv_timer_t *handle)
{
    (void)handle;
}

static void woken(uv_poll_t *handle, int status, int events)
{
    const struct net_loop *loop = handle->data;
    eventfd_t count;

    (void)status;
    (void)events;
    (void)eventfd_read(loop->wake_fd, &count);
}

static void wake(void *waker)
{
    const struct net_loop *loop = waker;

    (void)eventfd_write(loop->wake_fd, 1);
}

static bool start_waking(struct net_loop *loop)
{
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_fd < 0)
        return false;
    if (uv_poll_init(&loop->uv, &loop->wake, loop->wake_fd) != 0) {
        close(loop->wake_fd);
        return false;
    }
    loop->wake.data = loop;
    (void)uv_poll_start(&loop->wake, UV_READABLE, woken);
    return true;
}

/* These cannot fail. They are started at once, for all live as long as the loop. */
static void start_handles(struct net_loop *loop)
{
    (void)uv_prepare_init(&loop->uv, &loop->before_sleep);
    (void)uv_check_init(&loop->uv, &loop->after_sleep);
    (void)uv_idle_init(&loop->uv, &loop->no_sleep);
    (void)uv_timer_init(&loop->uv, &loop->timer);
    loop->before_sleep.data = loop;
    loop->after_sleep.data = loop;
    (void)uv_prepare_start(&loop->before_sleep, before_sleep);
    (void)uv_check_start(&loop->after_sleep, after_sleep);
}

struct net_loop *net_loop_new(const struct net_loop_host *host, void *host_arg)
{
    struct net_loop *loop = calloc(1, sizeof(*loop));

    if (loop == NULL)
        return NULL;
    loop->host = *host;
    loop->host_arg = host_arg;
    loop->input = malloc(NET_INPUT_BYTES);
    if (loop->input == NULL || uv_loop_init(&loop->uv) != 0)
        goto fail;
    if (!start_waking(loop)) {
        (void)uv_loop_close(&loop->uv);
        goto fail;
    }
    list_init(&loop->guests);
    list_init(&loop->remains);
    mailbox_init(&loop->mailbox, host_arg, wake, loop);
    start_handles(loop);
    loop->now_ms = uv_now(&loop->uv);
    return loop;

fail:
    free(loop->input);
    free(loop);
    return NULL;
}

static void free_remains(struct net_loop *loop)
{
    struct list_node *node;

    while ((node = list_take_first(&loop->remains)) != NULL) {
        struct net_remains *remains = CONTAINER_OF(node, struct net_remains, node);
        remains->free(remains);
    }
}

void net_loop_free(struct net_loop *loop)
{
    if (loop == NULL)
        return;
    assert(list_is_empty(&loop->guests));
    uv_close((uv_handle_t *)&loop->before_sleep, NULL);
    uv_close((uv_handle_t *)&loop->after_sleep, NULL);
    uv_close((uv_handle_t *)&loop->no_sleep, NULL);
    uv_close((uv_handle_t *)&loop->timer, NULL);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0) /* once more after a belated net_loop_stop */
        ;
    free_remains(loop);
    close(loop->wake_fd);
    int err = uv_loop_close(&loop->uv);
    assert(err == 0);
    (void)err;
    free(loop->input);
    free(loop);
}

void net_loop_run(struct net_loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void net_loop_stop(struct net_loop *loop)
{
    uv_stop(&loop->uv);
}

struct mailbox *net_loop_mailbox(struct net_loop *loop)
{
    return &loop->mailbox;
}

void net_loop_set_siblings(struct net_loop *loop, bool has_siblings)
{
    loop->has_siblings = has_siblings;
}

void net_loop_expect_mail(struct net_loop *loop)
{
    loop->expects_mail = true;
}

uint64_t net_loop_now_ms(const struct net_loop *loop)
{
    return loop->now_ms;
}

uv_loop_t *net_loop_uv(struct net_loop *loop)
{
    return &loop->uv;
}

char *net_loop_input(struct net_loop *loop)
{
    return loop->input;
}

void net_loop_join(struct net_loop *loop, struct net_guest *guest)
{
    list_add(&loop->guests, &guest->node);
}

void net_loop_bequeath(struct net_loop *loop, struct net_remains *remains)
{
    list_add(&loop->remains, &remains->node);
}

void net_loop_wake_at(struct net_loop *loop, uint64_t at_ms)
{
    if (at_ms < loop->wake_ms)
        loop->wake_ms = at_ms;
}

void net_loop_count(struct net_loop *loop, size_t arrivals)
{
    loop->arrivals += arrivals;
    loop->has_arrivals = true;
}

/* --- the turn --------------------------------------------------------------------------------- */

static void see_how_busy(struct net_loop *loop)
{
    uint64_t passed_ms = loop->now_ms - loop->counts_since_ms;

    if (passed_ms < COUNT_MS)
        return;
    loop->is_busy = loop->arrivals >= BUSY_ARRIVALS_A_MS * passed_ms;
    if (loop->away_ns / 1000000 > passed_ms * 3 / 4)
        loop->stays_until_ms = loop->now_ms + STAYS_MS;
    loop->arrivals = 0;
    loop->away_ns = 0;
    loop->counts_since_ms = loop->now_ms;
}

void net_loop_enter(struct net_loop *loop)
{
    if (loop->in_turn)
        return;
    loop->in_turn = true;
    loop->now_ms = uv_now(&loop->uv);
    loop->has_arrivals = false;
    loop->expects_mail = false;
    see_how_busy(loop);
    /* Mail is looked for before the next sleep anyway: nobody need wake us until then. */
    atomic_store(&loop->mailbox.asleep, false);
    loop->host.turn_begins(loop->host_arg, loop->now_ms);
}

static void set_timer(struct net_loop *loop, uint64_t now_ms)
{
    if (loop->wake_ms == TIMER_NEVER)
        (void)uv_timer_stop(&loop->timer);
    else
        (void)uv_timer_start(&loop->timer, timer_rang, loop->wake_ms - now_ms, 0);
}

/*
 * A sibling that shares our processor does part of the work of the peers that we have, and when it
 * has run, and they have, there is a whole turn's work for us: to find that costs less than to be
 * woken for the first of it, for a sleep takes as long as a message or two. But one who computes
 * keeps the processor for as long as the system lets him: he gets it by our sleep alone, which ends
 * as soon as something comes.
 */
static void give_way(struct net_loop *loop)
{
    uint64_t left_ns = uv_hrtime();

    (void)sched_yield();
    loop->away_ns += uv_hrtime() - left_ns;
}

/* Not who has something to do, or waits for who works by our sleep alone. */
static bool may_give_way(const struct net_loop *loop)
{
    return loop->has_siblings && loop->is_busy && loop->now_ms >= loop->stays_until_ms
           && loop->has_arrivals && !loop->expects_mail && loop->wake_ms > loop->now_ms
           && mailbox_is_empty(&loop->mailbox);
}

static void before_sleep(uv_prepare_t *handle)
{
    struct net_loop *loop = handle->data;

    if (loop->in_turn)
        end_turn(loop);
    if (may_give_way(loop))
        give_way(loop);
    uint64_t now_ms = uv_now(&loop->uv);
    if (loop->wake_ms <= now_ms || !mailbox_may_sleep(&loop->mailbox))
        (void)uv_idle_start(&loop->no_sleep, idle);
    else
        set_timer(loop, now_ms);
}

static void after_sleep(uv_check_t *handle)
{
    struct net_loop *loop = handle->data;

    (void)uv_idle_stop(&loop->no_sleep);
    net_loop_enter(loop);
    end_turn(loop);
}

/* A guest may leave, and make others leave, in its turn. */
static void call_guests(struct net_loop *loop)
{
    struct list_node waiting;
    struct list_node *node;

    list_init(&waiting);
    while ((node = list_take_first(&loop->guests)) != NULL)
        list_add(&waiting, node);
    while ((node = list_take_first(&waiting)) != NULL) {
        struct net_guest *guest = CONTAINER_OF(node, struct net_guest, node);
        list_add(&loop->guests, node);
        guest->turn(guest, loop->now_ms);
    }
}

/*
 * The mail of one moment, and not too much of it: what is left, and what is sent meanwhile, is for
 * the next turn, which will not wait.
 */
static void end_turn(struct net_loop *loop)
{
    (void)mailbox_deliver_some(&loop->mailbox, NET_MAIL_A_TURN);
    loop->wake_ms = TIMER_NEVER;
    call_guests(loop);
    net_loop_wake_at(loop, loop->host.turn_ends(loop->host_arg, loop->now_ms));
    loop->in_turn = false;
}
