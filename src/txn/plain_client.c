/*
 * The client transaction of every method but INVITE: RFC 3261 17.1.2, figure 6.
 * One row of the table is one arrow of the figure.
 */
#include "txn/txn.h"

static const struct txn_arrow arrows[] = {
    {UNSTARTED,  SUBMIT,       txn_send_kept,          TRYING    },

    {TRYING,     TIMER_E,      txn_send_kept,          TRYING    },
    {TRYING,     TIMER_F,      txn_report_timeout,     TERMINATED},
    {TRYING,     SEND_FAILED,  txn_report_unreachable, TERMINATED},
    {TRYING,     RECV_1XX,     txn_pass_up,            PROCEEDING},
    {TRYING,     RECV_200_699, txn_pass_up_final,      COMPLETED },

    {PROCEEDING, TIMER_E,      txn_send_kept,          PROCEEDING},
    {PROCEEDING, TIMER_F,      txn_report_timeout,     TERMINATED},
    {PROCEEDING, SEND_FAILED,  txn_report_unreachable, TERMINATED},
    {PROCEEDING, RECV_1XX,     txn_pass_up,            PROCEEDING},
    {PROCEEDING, RECV_200_699, txn_pass_up_final,      COMPLETED },

    {COMPLETED,  RECV_200_699, txn_do_nothing,         COMPLETED },
    {COMPLETED,  TIMER_K,      txn_do_nothing,         TERMINATED},
};

static const struct txn_timers timers[TXN_STATE_COUNT] = {
    [TRYING] = {.alarm = TIMER_E, .backoff = DOUBLING_TO_T2, .end = TIMER_F},
    [PROCEEDING] = {.alarm = TIMER_E,  .backoff = EVERY_T2, .end = TIMER_F},
    [COMPLETED] = {.end = TIMER_K},
};

const struct txn_machine txn_plain_client = {arrows, ARRAY_LEN(arrows), timers, NULL};
