/*
 * The server transaction of every method but INVITE: RFC 3261 17.2.2, figure 8, as RFC 4320
 * corrects it. One row of the table is one arrow of the figure, but for two:
 *
 * SEND_FAILED ends no server transaction since RFC 6026 8.8. And a request that nobody answers,
 * for which figure 8 has no end, is forgotten when its client has given up (timer F): what came
 * later would be the late response that RFC 4320 4.2 forbids.
 */
#include "txn/txn.h"

static const struct txn_arrow arrows[] = {
    {TRYING,     E_REACHED_T2,   txn_ask_for_trying,     TRYING    },
    {TRYING,     SEND_1XX,       txn_send_response,      PROCEEDING},
    {TRYING,     SEND_200_699,   txn_send_response,      COMPLETED },
    {TRYING,     CLIENT_GAVE_UP, txn_do_nothing,         TERMINATED},

    {PROCEEDING, RECV_REQUEST,   txn_send_kept,          PROCEEDING},
    {PROCEEDING, SEND_1XX,       txn_send_response,      PROCEEDING},
    {PROCEEDING, SEND_200_699,   txn_send_response,      COMPLETED },
    {PROCEEDING, SEND_FAILED,    txn_report_unreachable, PROCEEDING},
    {PROCEEDING, CLIENT_GAVE_UP, txn_do_nothing,         TERMINATED},

    {COMPLETED,  RECV_REQUEST,   txn_send_kept,          COMPLETED },
    {COMPLETED,  SEND_FAILED,    txn_report_unreachable, COMPLETED },
    {COMPLETED,  TIMER_J,        txn_do_nothing,         TERMINATED},
};

static const struct txn_timers timers[TXN_STATE_COUNT] = {
    [TRYING] = {.alarm = E_REACHED_T2,  .backoff = ONCE, .end = CLIENT_GAVE_UP},
    [PROCEEDING] = {.end = CLIENT_GAVE_UP},
    [COMPLETED] = {.end = TIMER_J },
};

/*
 * RFC 4320 4.1: no provisional response but 100, and over an unreliable transport not before
 * timer E of the client has reached T2. 4.2: no 408.
 */
static bool allows(const struct txn *t, int status)
{
    bool is_early = t->state == TRYING && t->alarm_ms != TIMER_NEVER;

    if (status == 100)
        return t->is_reliable || !is_early;
    return status >= 200 && status != 408;
}

const struct txn_machine txn_plain_server = {arrows, ARRAY_LEN(arrows), timers, allows};
