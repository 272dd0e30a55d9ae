/* What the arrows of more than one figure do. Calling out comes last in each. */
#include "txn/txn.h"

void txn_send(struct txn *t, struct slice bytes)
{
    if (!t->is_put_aside)
        t->table->host.send(t->table->host_arg, t, bytes);
}

void txn_tell(struct txn *t, enum txn_news news, const struct sip_message *msg)
{
    if (!t->is_put_aside)
        t->table->host.tell(t->table->host_arg, t, news, msg);
}

/* The request of a client or the last response of a server, once more. */
void txn_send_kept(struct txn *t, struct txn_cause *cause)
{
    (void)cause;
    if (t->kept != NULL)
        txn_send(t, txn_kept(t));
}

void txn_send_response(struct txn *t, struct txn_cause *cause)
{
    if (txn_ends_now(t)) {
        txn_drop_kept(t); /* nobody will ask for it again */
    } else if (!txn_keep(t, NULL, cause->response)) {
        txn_drop_kept(t); /* an earlier response must not follow a later one */
        cause->lacks_memory = true;
    }
    txn_send(t, cause->response);
}

void txn_pass_up(struct txn *t, struct txn_cause *cause)
{
    txn_tell(t, TXN_RESPONSE, cause->msg);
}

/* The request will not be sent again. */
void txn_pass_up_final(struct txn *t, struct txn_cause *cause)
{
    txn_drop_kept(t);
    txn_tell(t, TXN_RESPONSE, cause->msg);
}

void txn_ask_for_trying(struct txn *t, struct txn_cause *cause)
{
    (void)cause;
    txn_tell(t, TXN_TRYING_DUE, NULL);
}

void txn_report_timeout(struct txn *t, struct txn_cause *cause)
{
    (void)cause;
    txn_tell(t, TXN_TIMEOUT, NULL);
}

void txn_report_unreachable(struct txn *t, struct txn_cause *cause)
{
    (void)cause;
    txn_tell(t, TXN_UNREACHABLE, NULL);
}

void txn_do_nothing(struct txn *t, struct txn_cause *cause)
{
    (void)t;
    (void)cause;
}
