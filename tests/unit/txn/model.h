/*
 * A host that does what bytes tell it: starts transactions, answers, cancels, gives up, lets
 * messages come and time pass, and calls back from within calls. Whatever it does, the promises of
 * txn/table.h hold; where one does not, it aborts. Random bytes make it a test, a fuzzer's a
 * search.
 */
#ifndef TCHIN_TESTS_TXN_MODEL_H
#define TCHIN_TESTS_TXN_MODEL_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "txn/txn.h"

/* Lives as long as the block it stands in. */
#define BRANCH(t) txn_branch((t), (char[TXN_BRANCH_MAX]){0})

enum { MODEL_TXNS = 32, MODEL_MAX_BYTES = 8192, MODEL_DEPTH = 3 };

/* What the host remembers of one transaction. */
struct model_txn {
    struct txn *txn; /* NULL: none, or it has ended */
    unsigned finals; /* responses other than 2xx to INVITE */
    bool must_end;   /* it was told something after which only TXN_ENDED may come */
};

/* A message lives as long as the call that it was made for, calls back included. */
struct model_page {
    char text[2048];
    struct sip_message msg;
};

struct model {
    struct txn_table *table;
    uint64_t now_ms;
    const uint8_t *bytes;
    size_t len;
    struct model_txn txns[MODEL_TXNS];
    size_t alive;
    unsigned depth; /* of calls back */
    struct model_page pages[MODEL_DEPTH + 1];
};

static inline uint8_t model_byte(struct model *m)
{
    if (m->len == 0)
        return 0;
    m->len--;
    return *m->bytes++;
}

/* --- transactions ----------------------------------------------------------------------------- */

static inline struct model_txn *model_pick(struct model *m)
{
    return &m->txns[model_byte(m) % MODEL_TXNS];
}

static inline void model_began(struct model *m, struct model_txn *one, struct txn *t)
{
    *one = (struct model_txn){.txn = t};
    m->alive += t != NULL;
}

static inline void model_forget(struct model *m, struct model_txn *one)
{
    one->txn = NULL;
    m->alive--;
}

static inline void model_give_up(struct model *m, struct model_txn *one)
{
    struct txn *t = one->txn;

    model_forget(m, one);
    txn_abandon(t);
}

static inline void model_respond(struct model_txn *one, uint8_t byte)
{
    static const int statuses[] = {100, 180, 199, 200, 202, 300, 404, 408, 486, 503, 699};
    int status = statuses[byte % ARRAY_LEN(statuses)];
    char text[128];

    snprintf(text, sizeof(text), "SIP/2.0 %d Hm\r\nTo: <sip:b@c>;tag=%d\r\n\r\n", status, byte);
    (void)txn_respond(one->txn, status, slice_of(text));
}

/* --- messages --------------------------------------------------------------------------------- */

static const char *const model_methods[] = {"INVITE", "OPTIONS", "BYE", "CANCEL"};

static inline const char *model_method(struct model *m)
{
    return model_methods[model_byte(m) % ARRAY_LEN(model_methods)];
}

static inline struct slice model_text(struct model *m, const char *start_line, struct slice branch,
                                      int call, const char *method)
{
    char *text = m->pages[m->depth].text;

    snprintf(text, sizeof(m->pages[0].text),
             "%s\r\nVia: SIP/2.0/UDP a.example;branch=%.*s\r\nFrom: <sip:a@a>;tag=%d\r\n"
             "To: <sip:b@b>%s\r\nCall-ID: %d\r\nCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n",
             start_line, SLICE_ARGS(branch), call, call % 3 == 0 ? "" : ";tag=1", call, method);
    return slice_of(text);
}

/* NULL: it is malformed. */
static inline const struct sip_message *model_parse(struct model *m, struct slice text)
{
    struct sip_message *msg = &m->pages[m->depth].msg;
    struct sip_fault fault;
    bool is_sound = sip_message_parse(text, msg, &fault) && sip_message_check(msg, &fault);

    return is_sound ? msg : NULL;
}

static inline void model_receive(struct model *m, const struct sip_message *msg)
{
    struct txn *t = msg != NULL ? txn_table_match(m->table, msg, NULL) : NULL;

    if (t != NULL)
        txn_receive(t, msg);
}

/* Branches of few values, so that requests repeat, collide and merge; some are of RFC 2543. */
static inline const struct sip_message *model_request(struct model *m, const char *method)
{
    uint8_t byte = model_byte(m);
    char branch[32], start_line[64];

    snprintf(branch, sizeof(branch), "%s%d", byte % 2 == 0 ? "z9hG4bK" : "", byte / 2 % 8);
    snprintf(start_line, sizeof(start_line), "%s sip:b@b SIP/2.0", method);
    return model_parse(m, model_text(m, start_line, slice_of(branch), byte / 16, method));
}

/* --- what it may do --------------------------------------------------------------------------- */

static inline void model_start_client(struct model *m)
{
    struct model_txn *one = model_pick(m);
    const char *method = model_method(m);
    struct txn *t = NULL;

    if (one->txn == NULL)
        t = txn_client_new(m->table, sip_method_of(slice_of(method)), one);
    if (t == NULL)
        return;
    char start_line[64], route = 'r';
    snprintf(start_line, sizeof(start_line), "%s sip:b@b SIP/2.0", method);
    struct slice text = model_text(m, start_line, BRANCH(t), 1, method);
    model_began(m, one, t);
    if (!txn_client_start(t, text, &route, model_byte(m) % 4 == 0))
        model_forget(m, one);
}

static inline void model_start_cancel(struct model *m)
{
    struct model_txn *invite = model_pick(m);
    struct model_txn *one = model_pick(m);
    struct txn *t = NULL;
    char route = 'r';

    if (one->txn == NULL && invite->txn != NULL && !txn_is_server(invite->txn)
        && txn_method(invite->txn) == SIP_INVITE)
        t = txn_client_new_cancel(invite->txn, one);
    if (t == NULL)
        return;
    model_began(m, one, t);
    if (!txn_client_start(t, model_text(m, "CANCEL sip:b@b SIP/2.0", BRANCH(t), 1, "CANCEL"),
                          &route, false))
        model_forget(m, one);
}

static inline void model_receive_request(struct model *m, const struct sip_message *msg)
{
    struct model_txn *one = model_pick(m);
    struct txn_hashes hashes = {.is_uas = model_byte(m) % 2 == 0};
    struct txn *t = txn_table_match(m->table, msg, &hashes);
    char route = 'r';

    (void)txn_table_is_merged(m->table, msg, &hashes);
    (void)txn_table_find_cancelled(m->table, msg);
    if (t != NULL)
        txn_receive(t, msg);
    else if (one->txn == NULL && msg->method_id != SIP_ACK)
        model_began(m, one,
                    txn_server_start(m->table, msg, &hashes, &route, model_byte(m) % 4 == 0, one));
}

static inline void model_receive_response(struct model *m)
{
    struct model_txn *one = model_pick(m);
    char start_line[64], method[16];

    if (one->txn == NULL || txn_is_server(one->txn))
        return;
    snprintf(start_line, sizeof(start_line), "SIP/2.0 %d Hm", 100 + model_byte(m) % 6 * 100);
    snprintf(method, sizeof(method), "%.*s", SLICE_ARGS(sip_method_name(txn_method(one->txn))));
    model_receive(m, model_parse(m, model_text(m, start_line, BRANCH(one->txn), 1, method)));
}

/* Bytes from the network, of any kind. */
static inline void model_receive_bytes(struct model *m)
{
    size_t len = (size_t)model_byte(m) * 8;
    const char *start = (const char *)m->bytes;

    if (len > m->len)
        len = m->len;
    m->bytes += len;
    m->len -= len;
    (void)txn_table_find_sent(m->table, (struct slice){start, len});
    const struct sip_message *msg = model_parse(m, (struct slice){start, len});
    if (msg != NULL && msg->is_request)
        model_receive_request(m, msg);
    else
        model_receive(m, msg);
}

static inline void model_let_pass(struct model *m)
{
    static const uint64_t waits_ms[] = {0, 1, 199, 500, 3500, 5000, 31999, 64000};

    m->now_ms += waits_ms[model_byte(m) % ARRAY_LEN(waits_ms)];
    if (m->depth == 0)
        txn_table_turn(m->table, m->now_ms);
}

static inline void model_do_something(struct model *m)
{
    uint8_t what = model_byte(m);
    struct model_txn *one = model_pick(m);
    bool is_server = one->txn != NULL && txn_is_server(one->txn);
    bool is_client = one->txn != NULL && !is_server;

    switch (what == 255 ? 10 : what % 10) {
    case 0: model_start_client(m); break;
    case 1: model_start_cancel(m); break;
    case 2: model_receive_request(m, model_request(m, model_method(m))); break;
    case 3: model_receive_response(m); break;
    case 4: model_receive(m, model_request(m, "ACK")); break;
    case 5:
        if (is_client)
            model_give_up(m, one);
        break;
    case 6:
    case 7:
        if (is_server)
            model_respond(one, model_byte(m));
        break;
    case 8:
        if (one->txn != NULL)
            txn_unreachable(one->txn);
        break;
    case 9: model_let_pass(m); break;
    default: model_receive_bytes(m); break; /* seldom: it takes so many of the bytes */
    }
    if (m->depth == 0)
        assert(m->alive == txn_table_count(m->table));
    assert(m->table->kept_bytes <= m->table->settings.max_message_bytes);
}

/* --- what it is told, and what must be true then ---------------------------------------------- */

static inline void model_call_back(struct model *m)
{
    if (m->depth < MODEL_DEPTH && model_byte(m) % 4 == 0) {
        m->depth++;
        model_do_something(m);
        m->depth--;
    }
}

static inline void model_send(void *host, struct txn *t, struct slice bytes)
{
    struct model_txn *one = txn_user(t);

    assert(one->txn == t && !one->must_end && bytes.len > 0);
    model_call_back(host);
}

static inline void model_tell(void *host, struct txn *t, enum txn_news news,
                              const struct sip_message *msg)
{
    struct model *m = host;
    struct model_txn *one = txn_user(t);

    assert(one->txn == t && (!one->must_end || news == TXN_ENDED));
    switch (news) {
    case TXN_RESPONSE:
        assert(!txn_is_server(t) && one->finals == 0);
        if (msg->status >= (txn_method(t) == SIP_INVITE ? 300 : 200))
            one->finals++;
        break;
    case TXN_TIMEOUT: one->must_end = true; break;
    case TXN_UNREACHABLE: one->must_end = !txn_is_server(t); break;
    case TXN_TRYING_DUE: assert(txn_is_server(t) && !txn_has_final(t)); break;
    case TXN_ACK: assert(txn_is_server(t) && txn_method(t) == SIP_INVITE); break;
    case TXN_ENDED: model_forget(m, one); break;
    }
    model_call_back(m);
}

/* --- a life ----------------------------------------------------------------------------------- */

/* Two machines wait for others without end: somebody must act. */
static inline void model_bring_to_an_end(struct model *m)
{
    m->len = 0;
    m->depth = MODEL_DEPTH;
    for (size_t i = 0; i < MODEL_TXNS; i++) {
        struct model_txn *one = &m->txns[i];
        if (one->txn != NULL && txn_is_server(one->txn))
            model_respond(one, 10);
        else if (one->txn != NULL)
            model_give_up(m, one);
    }
    for (int i = 0; i < 2; i++) {
        m->now_ms += 64000;
        txn_table_turn(m->table, m->now_ms);
    }
    assert(m->alive == 0 && txn_table_count(m->table) == 0 && m->table->kept_bytes == 0);
    assert(txn_table_next_ms(m->table) == TIMER_NEVER);
}

static inline void model_run(const uint8_t *bytes, size_t len)
{
    static const struct txn_host host = {model_send, model_tell};
    struct txn_settings settings = txn_default_settings();
    struct model *m = calloc(1, sizeof(*m));

    settings.route_bytes = 1;
    settings.max_transactions = MODEL_TXNS - 4;
    settings.max_message_bytes = MODEL_MAX_BYTES;
    if (m != NULL)
        m->table = txn_table_new(&settings, &host, m, 0);
    if (m != NULL && m->table != NULL) {
        m->bytes = bytes;
        m->len = len;
        while (m->len > 0)
            model_do_something(m);
        model_bring_to_an_end(m);
        txn_table_free(m->table);
    }
    free(m);
}

#endif
