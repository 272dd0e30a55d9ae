/*
 * The life of a transaction: made, started, put aside; and what one may ask of it meanwhile. What
 * happens between is in machine.c and in the four figures.
 */
#include <assert.h>

#include "txn/txn.h"

static bool begin(struct txn_table *table, struct txn *t, enum sip_method method, void *user)
{
    *t = (struct txn){.table = table,
                      .user = user,
                      .method = (uint8_t)method,
                      .alarm_ms = TIMER_NEVER,
                      .end_ms = TIMER_NEVER};
    timer_init(&t->timer);
    if (!txn_slot_take(table, t))
        return false;
    table->count++;
    return true;
}

void txn_put_aside(struct txn *t)
{
    struct txn_table *table = t->table;

    t->state = TERMINATED;
    t->is_put_aside = true;
    txn_drop_kept(t);
    if (t->is_server)
        txn_key_remove(txn_server_of(t));
    txn_slot_give_back(t);
    timer_clear(&t->timer);
    list_add(&table->put_aside, &t->timer.node);
    table->count--;
}

void txn_free(struct txn *t)
{
    if (t->is_server)
        pool_give_back(&t->table->servers, txn_server_of(t));
    else
        pool_give_back(&t->table->clients, t);
}

/* --- servers ---------------------------------------------------------------------------------- */

static struct txn_server *new_server(struct txn_table *table, enum sip_method method, void *user)
{
    struct txn_server *server = NULL;

    if (table->count < table->settings.max_transactions)
        server = pool_take(&table->servers);
    if (server == NULL)
        return NULL;
    *server = (struct txn_server){0};
    if (!begin(table, &server->txn, method, user)) {
        pool_give_back(&table->servers, server);
        return NULL;
    }
    server->txn.is_server = true;
    return server;
}

struct txn *txn_server_start(struct txn_table *table, const struct sip_message *request,
                             struct txn_hashes *hashes, const void *route, bool is_reliable,
                             void *user)
{
    struct hash_wide place;

    assert(request->is_request && request->method_id != SIP_ACK);
    if (!txn_place_of(table, request, hashes, &place))
        return NULL;
    struct txn_server *server = new_server(table, request->method_id, user);
    if (server == NULL)
        return NULL;

    struct txn *t = &server->txn;
    t->is_reliable = is_reliable;
    t->is_rfc2543 = !txn_has_unique_branch(request);
    if (table->settings.route_bytes > 0)
        memcpy(server->route, route, table->settings.route_bytes);
    txn_key_add(server, place);
    txn_enter(t, t->method == SIP_INVITE ? PROCEEDING : TRYING);
    return t;
}

/* --- clients ---------------------------------------------------------------------------------- */

struct txn *txn_client_new(struct txn_table *table, enum sip_method method, void *user)
{
    struct txn *t = NULL;

    assert(method != SIP_ACK);
    if (table->count < table->settings.max_transactions)
        t = pool_take(&table->clients);
    if (t == NULL)
        return NULL;
    if (!begin(table, t, method, user)) {
        pool_give_back(&table->clients, t);
        return NULL;
    }
    return t;
}

struct txn *txn_client_new_cancel(struct txn *invite, void *user)
{
    assert(!invite->is_server && invite->method == SIP_INVITE);
    struct txn *t = txn_client_new(invite->table, SIP_CANCEL, user);

    if (t == NULL || txn_slot_share(invite, t))
        return t;
    txn_put_aside(t);
    return NULL;
}

bool txn_client_start(struct txn *t, struct slice request, const void *route, bool is_reliable)
{
    struct txn_cause nothing = {0};

    assert(t->state == UNSTARTED && !t->is_server && request.len > 0);
    if (!txn_keep(t, route, request)) {
        txn_put_aside(t);
        return false;
    }
    t->is_reliable = is_reliable;
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
