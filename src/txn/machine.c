/*
 * The engine of the four transaction machines: it looks an event up among the arrows of the
 * figure, enters the state that the arrow leads to, sets the timers of that state, and lets the
 * arrow act. It knows no socket and no clock; the host sends, and says what time it is.
 */
#include <assert.h>

#include "txn/txn.h"

const struct txn_machine *txn_machine_of(const struct txn *t)
{
    if (t->method == SIP_INVITE)
        return t->is_server ? &txn_invite_server : &txn_invite_client;
    return t->is_server ? &txn_plain_server : &txn_plain_client;
}

static const struct txn_timers *timers_of(const struct txn *t)
{
    return &txn_machine_of(t)->timers[t->state];
}

static uint64_t later(const struct txn *t, uint64_t wait_ms)
{
    return wait_ms == TIMER_NEVER ? TIMER_NEVER : t->table->now_ms + wait_ms;
}

/* How long timer E of a client takes until it is reset to T2: RFC 4320 4.1. */
static uint64_t ms_until_e_reaches_t2(const struct txn_settings *settings)
{
    uint64_t total_ms = 0;

    for (uint64_t e_ms = settings->t1_ms; e_ms < settings->t2_ms; e_ms *= 2)
        total_ms += e_ms;
    return total_ms;
}

/* RFC 3261, table 4, with timers L and M of RFC 6026 8.11. */
static uint64_t duration_ms(const struct txn *t, enum txn_event timer)
{
    const struct txn_settings *settings = &t->table->settings;
    uint64_t t1_64_ms = 64 * (uint64_t)settings->t1_ms;

    switch (timer) {
    case TIMER_A:
    case TIMER_E:
    case TIMER_G: return t->is_reliable ? TIMER_NEVER : settings->t1_ms;

    case TIMER_B:
    case TIMER_F:
    case TIMER_H:
    case TIMER_L:
    case TIMER_M:
    case CLIENT_GAVE_UP: return t1_64_ms;

    /* The T1 of others is not known: RFC 6026 8.4 wants 32 seconds at least. */
    case TIMER_D: return t->is_reliable ? 0 : t1_64_ms > 32000 ? t1_64_ms : 32000;
    case TIMER_J: return t->is_reliable ? 0 : t1_64_ms;
    case TIMER_I:
    case TIMER_K: return t->is_reliable ? 0 : settings->t4_ms;

    case TRYING_DUE: return settings->trying_ms;
    case E_REACHED_T2: return ms_until_e_reaches_t2(settings);
    default: return TIMER_NEVER;
    }
}

static void set_timer(struct txn *t)
{
    uint64_t due_ms = t->alarm_ms < t->end_ms ? t->alarm_ms : t->end_ms;

    if (due_ms == TIMER_NEVER)
        timer_clear(&t->timer);
    else
        timer_set(&t->table->wheel, &t->timer, due_ms);
}

void txn_enter(struct txn *t, enum txn_state state)
{
    const struct txn_timers *old = timers_of(t);

    if (state == t->state)
        return;
    t->state = (uint8_t)state;
    if (state == ACCEPTED || state == COMPLETED)
        t->has_final = true;

    const struct txn_timers *new = timers_of(t);
    if (new->alarm != old->alarm) {
        uint64_t wait_ms = duration_ms(t, new->alarm);
        t->interval_ms = (uint32_t)wait_ms;
        t->alarm_ms = later(t, wait_ms);
    }
    if (new->end != old->end)
        t->end_ms = later(t, duration_ms(t, new->end));
    set_timer(t);
}

void txn_stop_alarm(struct txn *t)
{
    t->alarm_ms = TIMER_NEVER;
    set_timer(t);
}

/* Counted from now, not from when the last was due: what was late is not made good in a burst. */
static void set_next_alarm(struct txn *t)
{
    uint32_t t2_ms = t->table->settings.t2_ms;
    uint64_t doubled_ms = 2 * (uint64_t)t->interval_ms;

    switch (timers_of(t)->backoff) {
    case ONCE: txn_stop_alarm(t); return;
    case DOUBLING: t->interval_ms = (uint32_t)doubled_ms; break;
    case DOUBLING_TO_T2: t->interval_ms = doubled_ms < t2_ms ? (uint32_t)doubled_ms : t2_ms; break;
    case EVERY_T2: t->interval_ms = t2_ms; break;
    }
    t->alarm_ms = later(t, t->interval_ms);
    set_timer(t);
}

void txn_wake(struct txn *t)
{
    const struct txn_timers *timers = timers_of(t);
    struct txn_cause nothing = {0};

    if (t->end_ms <= t->table->now_ms) {
        txn_step(t, timers->end, &nothing);
    } else {
        set_next_alarm(t);
        txn_step(t, timers->alarm, &nothing);
    }
}

bool txn_ends_now(const struct txn *t)
{
    return t->end_ms <= t->table->now_ms;
}

static const struct txn_arrow *find_arrow(const struct txn *t, enum txn_event event)
{
    const struct txn_machine *machine = txn_machine_of(t);

    for (size_t i = 0; i < machine->arrow_count; i++) {
        if (machine->arrows[i].from == t->state && (machine->arrows[i].on & event) != 0)
            return &machine->arrows[i];
    }
    return NULL; /* in this state the event means nothing */
}

/* The action may have called the host, and the host us: only what is true now counts. */
static void end_if_over(struct txn *t)
{
    struct txn_cause nothing = {0};

    if (t->is_put_aside)
        return;
    if (t->state != TERMINATED) {
        if (txn_ends_now(t))
            txn_step(t, timers_of(t)->end, &nothing);
        return;
    }
    struct txn_table *table = t->table;
    txn_put_aside(t);
    table->host.tell(table->host_arg, t, TXN_ENDED, NULL);
}

void txn_step(struct txn *t, enum txn_event event, struct txn_cause *cause)
{
    const struct txn_arrow *arrow = find_arrow(t, event);

    if (arrow == NULL)
        return;
    txn_enter(t, arrow->to);
    arrow->act(t, cause);
    end_if_over(t);
}

/* --- events from outside ---------------------------------------------------------------------- */

static enum txn_event event_of_message(const struct sip_message *msg)
{
    if (msg->is_request)
        return msg->method_id == SIP_ACK ? RECV_ACK : RECV_REQUEST;
    if (msg->status < 100 || msg->status > 699)
        return NO_EVENT;
    return msg->status < 200 ? RECV_1XX : msg->status < 300 ? RECV_2XX : RECV_300_699;
}

void txn_receive(struct txn *t, const struct sip_message *msg)
{
    struct txn_cause cause = {.msg = msg};

    txn_step(t, event_of_message(msg), &cause);
}

void txn_unreachable(struct txn *t)
{
    struct txn_cause nothing = {0};

    txn_step(t, SEND_FAILED, &nothing);
}

bool txn_respond(struct txn *t, int status, struct slice response)
{
    struct txn_cause cause = {.response = response};

    assert(t->is_server && status >= 100 && status <= 699 && response.len > 0);
    const struct txn_machine *machine = txn_machine_of(t);
    if (machine->allows != NULL && !machine->allows(t, status))
        return true;
    if (status >= 200 && t->is_rfc2543 && t->method == SIP_INVITE)
        txn_note_answer_tag(t, response);
    txn_step(t, status < 200 ? SEND_1XX : status < 300 ? SEND_2XX : SEND_300_699, &cause);
    return !cause.lacks_memory;
}
