/*
 * The INVITE client transaction: RFC 3261 17.1.1, figure 5 as RFC 6026 8.4 replaces it.
 * One row of the table is one arrow of the figure.
 */
#include "sip/build.h"
#include "txn/txn.h"

static txn_action acknowledge, acknowledge_and_pass_up;

static const struct txn_arrow arrows[] = {
    {UNSTARTED,  SUBMIT,       txn_send_kept,           CALLING   },

    {CALLING,    TIMER_A,      txn_send_kept,           CALLING   },
    {CALLING,    TIMER_B,      txn_report_timeout,      TERMINATED},
    {CALLING,    SEND_FAILED,  txn_report_unreachable,  TERMINATED},
    {CALLING,    RECV_1XX,     txn_pass_up,             PROCEEDING},
    {CALLING,    RECV_2XX,     txn_pass_up_final,       ACCEPTED  },
    {CALLING,    RECV_300_699, acknowledge_and_pass_up, COMPLETED },

    {PROCEEDING, RECV_1XX,     txn_pass_up,             PROCEEDING},
    {PROCEEDING, RECV_2XX,     txn_pass_up_final,       ACCEPTED  },
    {PROCEEDING, RECV_300_699, acknowledge_and_pass_up, COMPLETED },

    {ACCEPTED,   RECV_2XX,     txn_pass_up,             ACCEPTED  },
    {ACCEPTED,   TIMER_M,      txn_do_nothing,          TERMINATED},

    {COMPLETED,  RECV_300_699, acknowledge,             COMPLETED },
    {COMPLETED,  SEND_FAILED,  txn_report_unreachable,  TERMINATED},
    {COMPLETED,  TIMER_D,      txn_do_nothing,          TERMINATED},
};

/* PROCEEDING has no end of its own: timer C is the proxy's (RFC 3261 16.6, step 11). */
static const struct txn_timers timers[TXN_STATE_COUNT] = {
    [CALLING] = {.alarm = TIMER_A, .backoff = DOUBLING, .end = TIMER_B},
    [ACCEPTED] = {.end = TIMER_M },
    [COMPLETED] = {.end = TIMER_D  },
};

const struct txn_machine txn_invite_client = {arrows, ARRAY_LEN(arrows), timers, NULL};

/* Built from the INVITE, in whose place it is then kept. */
static bool build_ack(struct txn *t, const struct sip_message *response, struct buffer *ack)
{
    struct sip_message invite;
    struct sip_fault fault;

    if (!sip_message_parse(txn_kept(t), &invite, &fault))
        return false;
    sip_build_ack(ack, &invite, response);
    return !ack->overflowed;
}

/* RFC 3261 17.1.1.3. Where there was no memory to keep the ACK, the next response makes it anew. */
static void acknowledge(struct txn *t, struct txn_cause *cause)
{
    struct buffer ack = buffer_over(t->table->scratch, sizeof(t->table->scratch));

    if (!t->has_ack) {
        if (!build_ack(t, cause->msg, &ack))
            return;
        t->has_ack = txn_keep(t, NULL, buffer_slice(&ack));
    }
    txn_send(t, t->has_ack ? txn_kept(t) : buffer_slice(&ack));
}

static void acknowledge_and_pass_up(struct txn *t, struct txn_cause *cause)
{
    acknowledge(t, cause);
    txn_tell(t, TXN_RESPONSE, cause->msg);
}
