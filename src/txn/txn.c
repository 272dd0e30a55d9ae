/*
 * The life of a transaction: made, started, put aside; and what one may ask of it meanwhile. What
 * happens between is in machine.c and in the four figures.
 */
#include <assert.h>
#include <stdlib.h>

#include "txn/txn.h"

static struct txn *allocate(struct txn_table *table, size_t tail_bytes, void *user)
{
    struct txn *t = NULL;

    if (table->count < table->settings.max_transactions)
        t = malloc(sizeof(*t) + tail_bytes);
    if (t == NULL)
        return NULL;
    *t = (struct txn){.table = table, .user = user, .alarm_ms = TIMER_NEVER, .end_ms = TIMER_NEVER};
    timer_init(&t->timer);
    if (!txn_slot_take(table, t)) {
        free(t);
        return NULL;
    }
    table->count++;
    return t;
}

static void copy_route(struct txn *t, const void *route)
{
    if (t->table->settings.route_bytes > 0)
        memcpy(t->tail, route, t->table->settings.route_bytes);
}

void txn_put_aside(struct txn *t)
{
    struct txn_table *table = t->table;

    t->state = TERMINATED;
    t->is_put_aside = true;
    txn_drop_kept(t);
    if (t->is_server)
        txn_keys_remove(t);
    txn_slot_give_back(t);
    timer_clear(&t->timer);
    list_add(&table->put_aside, &t->timer.node);
    table->count--;
}

/* --- servers ---------------------------------------------------------------------------------- */

struct txn *txn_server_start(struct txn_table *table, const struct sip_message *request,
                             const void *route, bool is_reliable, void *user)
{
    char memory[TXN_KEY_MAX];
    struct buffer keys = buffer_over(memory, sizeof(memory));
    size_t key_len;

    assert(request->is_request && request->method_id != SIP_ACK);
    if (!txn_keys_write(request, &keys, &key_len)
        || keys.len > table->settings.max_message_bytes - table->kept_bytes)
        return NULL;
    struct txn *t = allocate(table, txn_route_size(table) + keys.len, user);
    if (t == NULL)
        return NULL;

    bool is_invite = request->method_id == SIP_INVITE;
    t->machine = is_invite ? &txn_invite_server : &txn_plain_server;
    t->method = (uint8_t)request->method_id;
    t->is_server = true;
    t->is_reliable = is_reliable;
    t->is_rfc2543 = !txn_has_unique_branch(request);
    t->key_len = (uint16_t)key_len;
    t->merge_len = (uint16_t)(keys.len - key_len);
    copy_route(t, route);
    memcpy(t->tail + txn_route_size(table), keys.ptr, keys.len);
    txn_keys_add(t);
    txn_enter(t, is_invite ? PROCEEDING : TRYING);
    return t;
}

/* --- clients ---------------------------------------------------------------------------------- */

static struct txn *new_client(struct txn_table *table, enum sip_method method, void *user)
{
    struct txn *t = allocate(table, txn_route_size(table) + TXN_BRANCH_LEN, user);

    assert(method != SIP_ACK);
    if (t == NULL)
        return NULL;
    t->machine = method == SIP_INVITE ? &txn_invite_client : &txn_plain_client;
    t->method = (uint8_t)method;
    return t;
}

struct txn *txn_client_new(struct txn_table *table, enum sip_method method, void *user)
{
    struct txn *t = new_client(table, method, user);

    if (t != NULL)
        txn_branch_write(t);
    return t;
}

struct txn *txn_client_new_cancel(struct txn *invite, void *user)
{
    assert(!invite->is_server && invite->method == SIP_INVITE);
    struct txn *t = new_client(invite->table, SIP_CANCEL, user);

    if (t == NULL)
        return NULL;
    if (!txn_slot_share(invite, t)) {
        txn_put_aside(t);
        return NULL;
    }
    txn_branch_write(t);
    return t;
}

struct slice txn_branch(const struct txn *t)
{
    assert(!t->is_server);
    return (struct slice){t->tail + txn_route_size(t->table), TXN_BRANCH_LEN};
}

bool txn_client_start(struct txn *t, struct slice request, const void *route, bool is_reliable)
{
    struct txn_cause nothing = {0};

    assert(t->state == UNSTARTED && !t->is_server && request.len > 0);
    if (!txn_keep(t, request)) {
        txn_put_aside(t);
        return false;
    }
    t->is_reliable = is_reliable;
    copy_route(t, route);
    txn_step(t, SUBMIT, &nothing);
    return true;
}

void txn_abandon(struct txn *t)
{
    assert(!t->is_server);
    if (!t->is_put_aside)
        txn_put_aside(t);
}

/* --- what one may ask ------------------------------------------------------------------------- */

txn_id txn_id_of(const struct txn *t)
{
    return t->id;
}

void *txn_user(const struct txn *t)
{
    return t->is_left ? NULL : t->user;
}

void txn_set_user(struct txn *t, void *user)
{
    t->user = user;
    t->is_left = false;
}

void txn_leave(struct txn *t, txn_id partner)
{
    t->partner = partner;
    t->is_left = true;
}

txn_id txn_partner(const struct txn *t)
{
    return t->is_left ? t->partner : 0;
}

const void *txn_route(const struct txn *t)
{
    return t->tail;
}

enum sip_method txn_method(const struct txn *t)
{
    return (enum sip_method)t->method;
}

bool txn_is_server(const struct txn *t)
{
    return t->is_server;
}

bool txn_has_final(const struct txn *t)
{
    return t->has_final;
}

struct slice txn_request(const struct txn *t)
{
    return t->is_server || t->has_final ? SLICE_NONE : txn_kept(t);
}
