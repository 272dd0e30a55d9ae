/*
 * The INVITE server transaction: RFC 3261 17.2.1, figure 7 as RFC 6026 8.6 replaces it.
 * One row of the table is one arrow of the figure.
 */
#include "txn/txn.h"

static txn_action send_provisional, send_2xx, pass_ack_up, confirm;

static const struct txn_arrow arrows[] = {
    {PROCEEDING, RECV_REQUEST, txn_send_kept,          PROCEEDING},
    {PROCEEDING, TRYING_DUE,   txn_ask_for_trying,     PROCEEDING},
    {PROCEEDING, SEND_1XX,     send_provisional,       PROCEEDING},
    {PROCEEDING, SEND_2XX,     send_2xx,               ACCEPTED  },
    {PROCEEDING, SEND_300_699, txn_send_response,      COMPLETED },
    {PROCEEDING, SEND_FAILED,  txn_report_unreachable, PROCEEDING},

    {ACCEPTED,   RECV_REQUEST, txn_do_nothing,         ACCEPTED  },
    {ACCEPTED,   RECV_ACK,     pass_ack_up,            ACCEPTED  },
    {ACCEPTED,   SEND_2XX,     send_2xx,               ACCEPTED  },
    {ACCEPTED,   SEND_FAILED,  txn_report_unreachable, ACCEPTED  },
    {ACCEPTED,   TIMER_L,      txn_do_nothing,         TERMINATED},

    {COMPLETED,  RECV_REQUEST, txn_send_kept,          COMPLETED },
    {COMPLETED,  TIMER_G,      txn_send_kept,          COMPLETED },
    {COMPLETED,  SEND_FAILED,  txn_report_unreachable, COMPLETED },
    {COMPLETED,  TIMER_H,      txn_report_timeout,     TERMINATED},
    {COMPLETED,  RECV_ACK,     confirm,                CONFIRMED },

    {CONFIRMED,  TIMER_I,      txn_do_nothing,         TERMINATED},
};

static const struct txn_timers timers[TXN_STATE_COUNT] = {
    [PROCEEDING] = {.alarm = TRYING_DUE,        .backoff = ONCE},
    [ACCEPTED] = {.end = TIMER_L                         },
    [COMPLETED] = {.alarm = TIMER_G, .backoff = DOUBLING_TO_T2, .end = TIMER_H},
    [CONFIRMED] = {.end = TIMER_I},
};

const struct txn_machine txn_invite_server = {arrows, ARRAY_LEN(arrows), timers, NULL};

static void send_provisional(struct txn *t, struct txn_cause *cause)
{
    txn_stop_alarm(t); /* no 100 is wanted any more */
    txn_send_response(t, cause);
}

/* Not kept: to repeat a 2xx is the business of the UAS (RFC 6026 7.1). */
static void send_2xx(struct txn *t, struct txn_cause *cause)
{
    txn_drop_kept(t);
    txn_send(t, cause->response);
}

static void pass_ack_up(struct txn *t, struct txn_cause *cause)
{
    txn_tell(t, TXN_ACK, cause->msg);
}

static void confirm(struct txn *t, struct txn_cause *cause)
{
    (void)cause;
    txn_drop_kept(t);
}
