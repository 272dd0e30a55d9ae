/*
 * The calling side: one request, or a call. RFC 3261 17.1.1.2 and 17.1.2.2 say when a request is
 * repeated, 13.2.2 what becomes of the answers to an INVITE.
 */
#include "sip/build.h"
#include "tools/load_inside.h"

enum { COOKIE_LEN = 7, BRANCH_LEN = COOKIE_LEN + LOAD_ID_LEN + 1, MAX_ACK = 4096 };

/* --- how one begins and ends --- */

static void end_slot(struct load *load, struct load_slot *slot)
{
    timer_clear(&slot->timer);
    slot->state = LOAD_IDLE;
    bytes_free(&slot->login);
    load_dialog_forget(&slot->dialog);
    load_callee_forget(&slot->callee);
    load->idle[load->idle_count++] = (uint32_t)(slot - load->slots);
}

static void complete(struct load *load, struct load_slot *slot)
{
    uint64_t ns = load->now_ns > slot->due_ns ? load->now_ns - slot->due_ns : 0;

    load->counts.completed++;
    load_histogram_add(&load->latency, ns);
    load_histogram_add(&load->recent, ns);
    end_slot(load, slot);
}

static void give_up(struct load *load, struct load_slot *slot, uint16_t status)
{
    load->counts.failed++;
    load->last_failure = status;
    end_slot(load, slot);
}

static bool may_be_lost(const struct load *load)
{
    return load->plan->protocol == HOP_UDP;
}

static void set_timer(struct load *load, struct load_slot *slot, uint64_t at_ms)
{
    timer_set(&load->callers, &slot->timer, at_ms < slot->deadline_ms ? at_ms : slot->deadline_ms);
}

/* A new transaction within the slot: the first, one with credentials, the BYE. */
static void send_request(struct load *load, struct load_slot *slot, enum load_request request)
{
    slot->request = request;
    slot->state = LOAD_TRYING;
    slot->step++;
    if (request == LOAD_REQUEST_INVITE) {
        slot->invite_step = slot->step;
        slot->invite_cseq = slot->cseq;
    }
    slot->interval_ms = LOAD_T1_MS;
    slot->deadline_ms = load->now_ms + load->plan->timeout_ms;
    set_timer(load, slot, may_be_lost(load) ? load->now_ms + LOAD_T1_MS : slot->deadline_ms);
    load_transmit(load, slot, request);
}

static uint32_t next_user(struct load *load)
{
    uint32_t user = load->user_at;

    load->user_at = (uint32_t)(((uint64_t)user + load->user_stride) % load->plan->users->count);
    return user;
}

void load_caller_begin(struct load *load, uint64_t due_ns)
{
    struct load_slot *slot = &load->slots[load->idle[--load->idle_count]];

    load->counts.begun++;
    slot->generation = (slot->generation + 1) & 0xfffffff;
    slot->user = next_user(load);
    slot->due_ns = due_ns;
    slot->step = 'a' - 1;
    slot->is_challenged = false;
    slot->cseq = load->request == LOAD_REQUEST_REGISTER ? ++load->registrations : 1;
    send_request(load, slot, load->request);
}

/* --- what comes back --- */

/* RFC 3261 17.1.1.3: in the transaction of the INVITE. */
static void acknowledge_failure(struct load *load, struct load_slot *slot,
                                const struct sip_message *msg)
{
    struct sip_fault fault;
    char memory[MAX_ACK];
    struct buffer out = buffer_over(memory, sizeof(memory));
    struct slice invite = load_render(load, slot, LOAD_REQUEST_INVITE);

    if (!sip_message_parse(invite, &load->own, &fault) || !sip_message_check(&load->own, &fault))
        return;
    sip_build_ack(&out, &load->own, msg);
    if (!out.overflowed)
        load_wire_send(load->wire, (uint32_t)(slot - load->slots) % load->plan->sockets, NULL,
                       buffer_slice(&out));
}

static void try_again_with_login(struct load *load, struct load_slot *slot)
{
    load->counts.challenged++;
    slot->is_challenged = true;
    slot->cseq = slot->request == LOAD_REQUEST_REGISTER ? ++load->registrations : slot->cseq + 1;
    send_request(load, slot, slot->request);
}

static void call_answered(struct load *load, struct load_slot *slot, const struct sip_message *msg)
{
    if (!load_dialog_learn(&slot->dialog, msg)) {
        give_up(load, slot, msg->status);
        return;
    }
    load_histogram_add(&load->setup, load->now_ns - slot->due_ns);
    slot->state = LOAD_ANSWERED;
    slot->deadline_ms = load->now_ms + load->plan->timeout_ms;
    set_timer(load, slot, slot->deadline_ms);
    load_transmit(load, slot, LOAD_REQUEST_ACK);
}

static void handle_final(struct load *load, struct load_slot *slot, const struct sip_message *msg)
{
    bool is_invite = slot->request == LOAD_REQUEST_INVITE;
    bool is_challenge = msg->status == 401 || msg->status == 407;

    load->counts.statuses[msg->status]++;
    if (is_invite && msg->status >= 300)
        acknowledge_failure(load, slot, msg);
    if (is_challenge && load_log_in(load, slot, msg))
        try_again_with_login(load, slot);
    else if (msg->status >= 300)
        give_up(load, slot, msg->status);
    else if (is_invite)
        call_answered(load, slot, msg);
    else
        complete(load, slot);
}

static void handle_provisional(struct load *load, struct load_slot *slot)
{
    slot->state = LOAD_PROCEEDING;
    slot->interval_ms = LOAD_T2_MS;
    if (slot->request == LOAD_REQUEST_INVITE)
        set_timer(load, slot, slot->deadline_ms);
}

/* RFC 3261 13.2.2.4: every 2xx that comes again is acknowledged again. */
static void handle_repetition(struct load *load, struct load_slot *slot, char step,
                              const struct sip_message *msg)
{
    bool is_dialog = slot->dialog.target.len > 0;

    load->counts.duplicates++;
    if (is_dialog && step == slot->invite_step && msg->status / 100 == 2)
        load_transmit(load, slot, LOAD_REQUEST_ACK);
    else if (step == slot->invite_step && msg->status >= 300)
        acknowledge_failure(load, slot, msg);
}

static bool is_waiting(const struct load_slot *slot, char step)
{
    return step == slot->step && (slot->state == LOAD_TRYING || slot->state == LOAD_PROCEEDING);
}

/* The branch of the topmost Via, if it may be one of ours. */
static bool read_branch(const struct sip_message *msg, struct slice *id, char *step)
{
    struct sip_values values = sip_values_of(msg, SIP_VIA);
    struct slice value;
    struct sip_via via;

    if (!sip_values_next(&values, &value) || !sip_via_parse(value, &via)
        || via.branch.len != BRANCH_LEN || !sip_branch_is_rfc3261(via.branch))
        return false;
    *id = (struct slice){via.branch.ptr + COOKIE_LEN, LOAD_ID_LEN};
    *step = via.branch.ptr[BRANCH_LEN - 1];
    return true;
}

void load_caller_received(struct load *load, const struct sip_message *msg)
{
    struct slice id;
    char step;
    bool is_late = false;
    struct load_slot *slot =
        read_branch(msg, &id, &step) ? load_slot_find(load, id, &is_late) : NULL;

    if (slot == NULL) {
        load->counts.duplicates += is_late && msg->status >= 200;
        load->counts.strays += !is_late;
    } else if (is_waiting(slot, step)) {
        if (msg->status >= 200)
            handle_final(load, slot, msg);
        else
            handle_provisional(load, slot);
    } else if (msg->status >= 200) {
        handle_repetition(load, slot, step, msg);
    }
}

/* --- what time brings --- */

static void hang_up(struct load *load, struct load_slot *slot)
{
    bytes_free(&slot->login); /* it was for the INVITE */
    slot->is_challenged = false;
    slot->cseq++;
    send_request(load, slot, LOAD_REQUEST_BYE);
}

void load_caller_acked(struct load *load, struct load_slot *slot)
{
    uint64_t hold_ms = load->plan->hold_ms;

    if (slot->state != LOAD_ANSWERED)
        return;
    slot->state = LOAD_TALKING;
    slot->deadline_ms = load->now_ms + hold_ms;
    if (hold_ms > 0)
        set_timer(load, slot, slot->deadline_ms);
    else
        hang_up(load, slot);
}

/* An INVITE doubles its interval without end, others up to T2. */
static void repeat(struct load *load, struct load_slot *slot)
{
    slot->interval_ms *= 2;
    if (slot->interval_ms > LOAD_T2_MS && slot->request != LOAD_REQUEST_INVITE)
        slot->interval_ms = LOAD_T2_MS;
    set_timer(load, slot, load->now_ms + slot->interval_ms);
    load->counts.repeated++;
    load_transmit(load, slot, slot->request);
}

void load_caller_due(struct load *load, struct load_slot *slot)
{
    if (slot->state == LOAD_TALKING) {
        hang_up(load, slot);
    } else if (load->now_ms >= slot->deadline_ms) {
        load->counts.lost++;
        end_slot(load, slot);
    } else {
        repeat(load, slot);
    }
}
