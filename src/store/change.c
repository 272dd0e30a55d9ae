/*
 * The bindings that stood and those that the request sets are kept apart while its contacts are
 * taken in turn: only against the former does the order of CSeqs count, so that a request which
 * names a contact twice is not stale by its own doing; its last word is what stays.
 */
#include "store/change.h"

#include "store/record.h"

struct change {
    const struct location_changes *request;
    location_same_contact *same_contact;
    uint64_t now_ms;
    const struct binding_list *valid; /* all that stood */
    struct binding_list fresh;
    struct binding_list kept;
};

bool change_is_stale(const struct binding *stood, struct slice call_id, uint32_t cseq)
{
    return slice_equal(stood->call_id, call_id) && cseq <= stood->cseq;
}

/* Step 6: Contact: * */
static enum err remove_all(struct change *c)
{
    for (size_t i = 0; i < c->kept.count; i++) {
        if (change_is_stale(&c->kept.items[i], c->request->call_id, c->request->cseq))
            return ERR_STALE;
    }
    c->kept.count = 0;
    return ERR_NONE;
}

/* urn:uuid and the beginning of every URN have no case: RFC 4122 3, RFC 2141 5. */
static bool is_same_instance(const struct binding *a, const struct binding *b)
{
    return a->instance.len > 0 && slice_equal_nocase(a->instance, b->instance);
}

static bool is_same_binding(const struct change *c, const struct binding *a,
                            const struct binding *b)
{
    if (a->reg_id != 0 && b->reg_id != 0)
        return a->reg_id == b->reg_id && is_same_instance(a, b);
    return slice_equal(a->contact, b->contact)
           || (c->same_contact != NULL && c->same_contact(a->contact, b->contact));
}

static struct binding *find(const struct change *c, const struct binding_list *list,
                            const struct binding *wanted)
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_same_binding(c, &list->items[i], wanted))
            return &list->items[i];
    }
    return NULL;
}

/* What stands first was set last, as far as q leaves that to us. */
static const struct binding *set_before(const struct change *c, const struct binding *wanted)
{
    for (size_t i = 0; i < c->valid->count; i++) {
        const struct binding *stood = &c->valid->items[i];
        if (is_same_instance(stood, wanted)
            && (wanted->reg_id == 0 || wanted->reg_id == stood->reg_id))
            return stood;
    }
    return NULL;
}

/*
 * RFC 5627 5.1: temporary GRUUs are valid as long as an instance keeps its Call-ID, or each of its
 * flows its own. One more flow changes nothing.
 */
static uint64_t since(const struct change *c, const struct binding *wanted)
{
    const struct binding *before = set_before(c, wanted);
    uint64_t newest_ms = 0;

    if (before != NULL && !slice_equal(before->call_id, wanted->call_id))
        return c->now_ms;
    for (size_t i = 0; i < c->valid->count; i++) {
        const struct binding *stood = &c->valid->items[i];
        if (is_same_instance(stood, wanted) && stood->since_ms > newest_ms)
            newest_ms = stood->since_ms;
    }
    return newest_ms > 0 ? newest_ms : c->now_ms;
}

/* All bindings of an instance say the same, so it does not matter which of them goes first. */
static void tell_others(const struct binding_list *list, const struct binding *added)
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_same_instance(&list->items[i], added))
            list->items[i].since_ms = added->since_ms;
    }
}

static void take_out(struct binding_list *list, struct binding *binding)
{
    size_t after = (size_t)(list->items + list->count - (binding + 1));

    memmove(binding, binding + 1, after * sizeof(*binding));
    list->count--;
}

/* Step 7, for one contact address. */
static enum err apply_contact(struct change *c, const struct binding *wanted)
{
    struct binding *stood = find(c, &c->kept, wanted);
    struct binding *repeated = find(c, &c->fresh, wanted);

    if (stood != NULL && change_is_stale(stood, wanted->call_id, wanted->cseq))
        return ERR_STALE;
    if (stood != NULL)
        take_out(&c->kept, stood);
    if (repeated != NULL)
        take_out(&c->fresh, repeated);
    if (wanted->expires_at_ms <= c->now_ms)
        return ERR_NONE;
    struct binding *added = &c->fresh.items[c->fresh.count++];
    *added = *wanted;
    if (wanted->instance.len > 0) {
        added->since_ms = since(c, wanted);
        tell_others(&c->kept, added);
        tell_others(&c->fresh, added);
    }
    return ERR_NONE;
}

/* Each costs a comparison with all that stand: a request may not make that many. */
static bool asks_too_much(const struct location_changes *request)
{
    return (request->count + 1) / 2 > request->max_bindings;
}

/* Highest q first; what is equal keeps its order. Lists are short and nearly in order. */
static void sort_by_q(struct binding_list *list)
{
    for (size_t i = 1; i < list->count; i++) {
        struct binding moving = list->items[i];
        size_t to = i;
        for (; to > 0 && list->items[to - 1].q_thousandths < moving.q_thousandths; to--)
            list->items[to] = list->items[to - 1];
        list->items[to] = moving;
    }
}

/* The kept ones stand at the far end of the same memory: there is a gap to close. */
static void join(struct change *c, struct binding_list *out)
{
    memmove(c->fresh.items + c->fresh.count, c->kept.items, c->kept.count * sizeof(*c->kept.items));
    out->count = c->fresh.count + c->kept.count;
    sort_by_q(out);
}

enum err change_apply(const struct location_changes *changes, const struct binding_list *valid,
                      uint64_t now_ms, location_same_contact *same_contact,
                      struct binding_list *out)
{
    struct change c = {
        .request = changes,
        .same_contact = same_contact,
        .now_ms = now_ms,
        .valid = valid,
        .fresh = {out->items,                  0           },
        .kept = {out->items + changes->count, valid->count},
    };
    enum err err = asks_too_much(changes) ? ERR_FULL : ERR_NONE;

    if (valid->count > 0)
        memcpy(c.kept.items, valid->items, valid->count * sizeof(*valid->items));
    if (err == ERR_NONE && changes->removes_all)
        err = remove_all(&c);
    for (size_t i = 0; i < changes->count && err == ERR_NONE; i++)
        err = apply_contact(&c, &changes->items[i]);
    if (err != ERR_NONE)
        return err;

    join(&c, out);
    bool has_grown = out->count > valid->count;
    return has_grown && out->count > changes->max_bindings ? ERR_FULL : ERR_NONE;
}

/* The only binding of a record. False: it has none, or others too. */
static bool read_only_binding(struct slice record, struct binding *out)
{
    struct record_reader reader;

    return record_open(record, &reader) && reader.bindings_left == 1 && record_next(&reader, out);
}

bool change_asks_for_one(const struct location_changes *changes, uint64_t now_ms)
{
    return changes->count == 1 && !changes->removes_all && changes->max_bindings > 0
           && changes->items[0].expires_at_ms > now_ms;
}

/* An instance keeps its temporary GRUUs with its Call-ID: see since. */
static bool keeps_instance(const struct binding *wanted, const struct binding *stood)
{
    return slice_equal(wanted->instance, stood->instance) && wanted->reg_id == stood->reg_id
           && (wanted->instance.len == 0 || slice_equal(wanted->call_id, stood->call_id));
}

bool change_is_of_only(const struct binding *wanted, struct slice standing, uint64_t now_ms,
                       struct binding *stood)
{
    return read_only_binding(standing, stood) && stood->expires_at_ms > now_ms
           && slice_equal(stood->contact, wanted->contact) && keeps_instance(wanted, stood);
}

bool change_is_plain(const struct location_update *update, struct slice standing, bool *is_refresh)
{
    struct binding wanted, stood;

    *is_refresh = false;
    if (update->removes_all || update->max_bindings == 0
        || !read_only_binding(update->wanted, &wanted) || wanted.expires_at_ms <= update->now_ms
        || wanted.instance.len > 0)
        return false;
    if (standing.len == 0 || record_binding_count(standing) == 0)
        return true;
    if (!read_only_binding(standing, &stood))
        return false;
    if (stood.expires_at_ms <= update->now_ms)
        return true;
    *is_refresh = slice_equal(stood.contact, wanted.contact);
    return *is_refresh && !change_is_stale(&stood, wanted.call_id, wanted.cseq);
}

static bool has_contact(const struct binding_list *list, struct slice contact)
{
    for (size_t i = 0; i < list->count; i++) {
        if (slice_equal(list->items[i].contact, contact))
            return true;
    }
    return false;
}

bool change_keeps_contacts(const struct binding_list *before, const struct binding_list *after)
{
    if (before->count != after->count)
        return false;
    for (size_t i = 0; i < after->count; i++) {
        if (!has_contact(before, after->items[i].contact))
            return false;
    }
    return true;
}
