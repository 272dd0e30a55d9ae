/*
 * What the parts of a load share. A slot is one thing under way: a transaction or a call, with
 * both of its sides, ours as caller and ours as callee. No messages are kept: a repetition is
 * written again from the slot.
 */
#ifndef TCHIN_TOOLS_LOAD_INSIDE_H
#define TCHIN_TOOLS_LOAD_INSIDE_H

#include "base/bytes.h"
#include "base/timer_wheel.h"
#include "sip/digest.h"
#include "sip/message.h"
#include "tools/load.h"
#include "tools/load_messages.h"
#include "tools/load_report.h"
#include "tools/load_template.h"
#include "tools/load_wire.h"

enum {
    LOAD_RUN_LEN = 4,
    LOAD_ID_LEN = 16, /* run, slot, generation: in hexadecimal */
    LOAD_MAX_WINDOW = 1 << 20,
    LOAD_ADDR_TEXT = 64,
    LOAD_SCRATCH = 16 * 1024,
    LOAD_T1_MS = 500, /* RFC 3261 17.1.1.1 */
    LOAD_T2_MS = 4000,
};

enum load_state {
    LOAD_IDLE,
    LOAD_TRYING,
    LOAD_PROCEEDING,
    LOAD_ANSWERED, /* a call: the 200 has come and the ACK has left */
    LOAD_TALKING,  /* the ACK has arrived; the BYE waits until its time */
};

enum load_callee_state {
    LOAD_CALLEE_IDLE,
    LOAD_CALLEE_ANSWERED, /* the 200 is repeated until the ACK comes: RFC 3261 13.3.1.4 */
    LOAD_CALLEE_TALKING,
    LOAD_CALLEE_ENDED,
};

struct load_callee {
    struct timer timer;
    enum load_callee_state state;
    uint32_t interval_ms;
    uint32_t end;
    struct net_addr peer;
    struct bytes answer;
};

/* RFC 3261 12.1.2, as lines and values to be written. */
struct load_dialog {
    struct bytes target;
    struct bytes routes;
    struct bytes to;
    bool has_next_hop;
    struct net_addr next_hop;
};

struct load_slot {
    struct timer timer;
    enum load_state state;
    enum load_request request; /* the one under way */
    char step;                 /* of its branch */
    char invite_step;
    bool is_challenged;
    uint32_t generation;
    uint32_t user; /* the callee; who calls is the next one */
    uint32_t cseq;
    uint32_t invite_cseq;
    uint32_t interval_ms;
    uint64_t deadline_ms;
    uint64_t due_ns;
    struct bytes login;
    struct load_dialog dialog;
    struct load_callee callee;
};

/* Where an end is, as text. */
struct load_place {
    char text[LOAD_ADDR_TEXT];
    uint8_t len;
};

struct load {
    const struct load_plan *plan;
    struct load_wire *wire;
    struct sip_hasher *hasher;
    char run[LOAD_RUN_LEN];
    struct load_place places[2 * LOAD_MAX_SOCKETS];
    struct load_template templates[LOAD_REQUEST_COUNT];
    struct load_slot *slots;
    uint32_t *idle; /* a stack of the slots that are */
    uint32_t idle_count;
    struct timer_wheel callers;
    struct timer_wheel callees;
    uint64_t now_ns;
    uint64_t now_ms;

    enum load_request request; /* what is begun at present, */
    uint64_t left;             /* so often, */
    double interval_ns;        /* one after the other; 0: as soon as a slot is idle */
    double next_ns;
    uint32_t user_at;
    uint32_t user_stride;
    uint32_t registrations; /* CSeq of the last: RFC 3261 10.2.4 */
    uint16_t last_failure;  /* status; 0: none */

    struct load_counts counts;
    struct load_histogram latency;
    struct load_histogram setup;
    struct load_histogram recent; /* since the last line of the live display */
    struct load_live live;
    struct sip_message msg;
    struct sip_message own;
    char scratch[LOAD_SCRATCH];
};

/* `load` is all zero. False: `fault` says why; load_close is due all the same. */
bool load_open(struct load *load, const struct load_plan *plan, struct buffer *fault) MUST_USE;
void load_close(struct load *load);

/* Anew, for registrations that last so long. False: the domain is too long. */
bool load_fill_templates(struct load *load, uint32_t expires_s) MUST_USE;

/* Goes on until then, until all has come to its end, or until an interrupt. */
void load_go_on(struct load *load, const char *doing, uint64_t until_ns);

/* From now on SIGINT is noted, once; a second one ends the program. */
void load_watch_interrupt(void);
bool load_was_interrupted(void);

void load_clock(struct load *load);

/* The id of what is under way in a slot. */
void load_slot_id(const struct load *load, const struct load_slot *slot, char out[LOAD_ID_LEN]);

/* NULL: it is no id of ours, or `is_late`: of something that has ended. */
struct load_slot *load_slot_find(const struct load *load, struct slice id, bool *is_late);

/* Writes and sends the request of a slot, or its ACK. */
struct slice load_render(struct load *load, const struct load_slot *slot,
                         enum load_request request);
void load_transmit(struct load *load, const struct load_slot *slot, enum load_request request);

/* Learns the dialog from the 2xx of an INVITE. False: it makes none. */
bool load_dialog_learn(struct load_dialog *dialog, const struct sip_message *msg) MUST_USE;
void load_dialog_forget(struct load_dialog *dialog);

/* Answers the challenge in `msg`: fills slot->login. False: that cannot be done. */
bool load_log_in(struct load *load, struct load_slot *slot, const struct sip_message *msg) MUST_USE;

/* The calling side. */
void load_caller_begin(struct load *load, uint64_t due_ns);
void load_caller_received(struct load *load, const struct sip_message *msg);
void load_caller_acked(struct load *load, struct load_slot *slot);
void load_caller_due(struct load *load, struct load_slot *slot);

/* The called side. */
void load_callee_received(struct load *load, uint32_t end, const struct net_addr *from,
                          const struct sip_message *msg);
void load_callee_due(struct load *load, struct load_slot *slot);
void load_callee_forget(struct load_callee *callee);

#endif
