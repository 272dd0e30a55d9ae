/*
 * The called side: phones that answer at once. A call is found by its Call-ID; its 200 is repeated
 * until the ACK comes (RFC 3261 13.3.1.4).
 */
#include "sip/build.h"
#include "tools/load_inside.h"

enum { MAX_VIA = 512, MAX_HOST = 64 };

/* --- writing answers --- */

/* RFC 3261 18.2.1, RFC 3581 4: the topmost Via, as we have to return it. */
static void stamp_via(const struct sip_message *msg, const struct net_addr *from,
                      struct buffer *out)
{
    struct sip_values values = sip_values_of(msg, SIP_VIA);
    char memory[MAX_HOST];
    struct buffer host = buffer_over(memory, sizeof(memory));
    struct slice value;
    struct sip_via via;

    if (!sip_values_next(&values, &value) || !sip_via_parse(value, &via))
        return;
    net_addr_write_host(from, &host);
    sip_via_stamp(&via, value, buffer_slice(&host), from->port, out);
}

/* A response; with a session description, one that begins a dialog. */
static struct slice build_answer(struct load *load, const struct sip_message *msg,
                                 const struct net_addr *from, uint16_t status, struct slice sdp)
{
    char memory[MAX_VIA];
    struct buffer via = buffer_over(memory, sizeof(memory));
    struct buffer out = buffer_over(load->scratch, sizeof(load->scratch));
    bool is_dialog = msg->method_id == SIP_INVITE;
    struct sip_reply reply = {
        .status = status, .to_tag = SLICE("callee"), .wants_record_route = is_dialog};

    stamp_via(msg, from, &via);
    if (!via.overflowed)
        reply.top_via = buffer_slice(&via);
    sip_build_reply(&out, msg, &reply);
    if (is_dialog) {
        buffer_add_text(&out, "Contact: <");
        buffer_add(&out, msg->uri); /* as we have registered it */
        buffer_add_text(&out, ">\r\n");
    }
    if (sdp.len > 0)
        sip_build_body(&out, SLICE("application/sdp"), sdp);
    else
        sip_build_end(&out);
    return out.overflowed ? SLICE_NONE : buffer_slice(&out);
}

static void send_answer(struct load *load, uint32_t end, const struct net_addr *to,
                        struct slice answer)
{
    if (answer.len > 0)
        load_wire_send(load->wire, end, to, answer);
    else
        load->counts.unsent++;
}

static void repeat_answer(struct load *load, const struct load_callee *callee)
{
    send_answer(load, callee->end, &callee->peer, bytes_slice(&callee->answer));
}

static void keep_answer(struct load *load, struct load_callee *callee, struct slice answer)
{
    if (!bytes_copy(&callee->answer, answer))
        load->counts.unsent++;
}

/* --- requests --- */

static void take_invite(struct load *load, struct load_callee *callee,
                        const struct sip_message *msg)
{
    if (callee->state != LOAD_CALLEE_IDLE) {
        load->counts.duplicates++;
        repeat_answer(load, callee);
        return;
    }
    send_answer(load, callee->end, &callee->peer,
                build_answer(load, msg, &callee->peer, 180, SLICE_NONE));
    keep_answer(load, callee, build_answer(load, msg, &callee->peer, 200, load_answer_sdp));
    callee->state = LOAD_CALLEE_ANSWERED;
    callee->interval_ms = LOAD_T1_MS;
    timer_set(&load->callees, &callee->timer, load->now_ms + LOAD_T1_MS);
    repeat_answer(load, callee);
}

static void take_ack(struct load *load, struct load_slot *slot)
{
    struct load_callee *callee = &slot->callee;

    if (callee->state != LOAD_CALLEE_ANSWERED) {
        load->counts.duplicates++;
        return;
    }
    timer_clear(&callee->timer);
    callee->state = LOAD_CALLEE_TALKING;
    load_caller_acked(load, slot);
}

/* A BYE or a MESSAGE: answered, and that was it. */
static void take_last(struct load *load, struct load_callee *callee, const struct sip_message *msg)
{
    if (callee->state == LOAD_CALLEE_ENDED) {
        load->counts.duplicates++;
    } else {
        keep_answer(load, callee, build_answer(load, msg, &callee->peer, 200, SLICE_NONE));
        callee->state = LOAD_CALLEE_ENDED;
        timer_clear(&callee->timer);
    }
    repeat_answer(load, callee);
}

static void take_request(struct load *load, struct load_slot *slot, const struct sip_message *msg)
{
    switch (msg->method_id) {
    case SIP_INVITE: take_invite(load, &slot->callee, msg); break;
    case SIP_ACK: take_ack(load, slot); break;
    case SIP_BYE:
    case SIP_MESSAGE: take_last(load, &slot->callee, msg); break;
    default: load->counts.strays++; break;
    }
}

void load_callee_received(struct load *load, uint32_t end, const struct net_addr *from,
                          const struct sip_message *msg)
{
    bool is_late;
    struct load_slot *slot = load_slot_find(load, sip_message_value(msg, SIP_CALL_ID), &is_late);

    if (msg->method_id == SIP_OPTIONS) /* a server that looks whether we are there */
        send_answer(load, end, from, build_answer(load, msg, from, 200, SLICE_NONE));
    else if (slot == NULL)
        *(is_late ? &load->counts.duplicates : &load->counts.strays) += 1;
    else {
        slot->callee.end = end;
        slot->callee.peer = *from;
        take_request(load, slot, msg);
    }
}

void load_callee_due(struct load *load, struct load_slot *slot)
{
    struct load_callee *callee = &slot->callee;

    callee->interval_ms *= 2;
    if (callee->interval_ms > LOAD_T2_MS)
        callee->interval_ms = LOAD_T2_MS;
    timer_set(&load->callees, &callee->timer, load->now_ms + callee->interval_ms);
    load->counts.repeated++;
    repeat_answer(load, callee);
}

void load_callee_forget(struct load_callee *callee)
{
    timer_clear(&callee->timer);
    bytes_free(&callee->answer);
    callee->state = LOAD_CALLEE_IDLE;
}
