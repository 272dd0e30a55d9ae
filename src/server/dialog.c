/*
 * token = base64url( ours:1 flow flow hash:8 ): a bit for each side that is ours. The hash is over
 * the rest of it, the Call-ID and the tag of the first side.
 */
#include "server/dialog.h"

#include "base/base64.h"

enum { MAX_TOKENS = 8, HASH_BYTES = 8, MAX_BYTES = 1 + 2 * FLOW_MAX_BYTES + HASH_BYTES };

static uint64_t sign(const struct worker *w, struct slice call_id, struct slice first_tag,
                     struct slice body)
{
    const struct slice parts[] = {call_id, first_tag, body};

    return hash_slices(&w->server->keys.dialog, parts, ARRAY_LEN(parts));
}

void dialog_write_token(const struct worker *w, const struct sip_message *msg,
                        const struct dialog_side sides[2], struct buffer *out)
{
    char memory[MAX_BYTES];
    struct buffer bytes = buffer_over(memory, sizeof(memory));

    buffer_add_char(&bytes, (char)(sides[0].is_ours | sides[1].is_ours << 1));
    flow_write(&sides[0].flow, w->server->run, &bytes);
    flow_write(&sides[1].flow, w->server->run, &bytes);
    uint64_t hash = sign(w, msg->basics.call_id, msg->basics.from_tag, buffer_slice(&bytes));
    buffer_add(&bytes, (struct slice){(const char *)&hash, sizeof(hash)});
    base64_write(buffer_slice(&bytes), out);
}

static bool read_sides(const struct worker *w, struct slice body, struct dialog_side sides[2])
{
    unsigned ours = body.len > 0 ? (unsigned char)body.ptr[0] : 0;

    body = slice_after(body, 1);
    sides[0].is_ours = (ours & 1) != 0;
    sides[1].is_ours = (ours & 2) != 0;
    return flow_read(&body, w->server->run, &sides[0].flow)
           && flow_read(&body, w->server->run, &sides[1].flow) && body.len == 0;
}

/*
 * Who began the dialog is the From of its own requests and the To of the other side's. False: it is
 * no token of this dialog.
 */
static bool read_token(const struct request *rq, struct slice token, struct dialog_side sides[2],
                       bool *is_from_first)
{
    const struct sip_basics *basics = &rq->msg->basics;
    char memory[MAX_BYTES];
    struct buffer bytes = buffer_over(memory, sizeof(memory));

    if (basics->to_tag.len == 0 || !base64_read(token, &bytes) || bytes.len <= HASH_BYTES)
        return false;
    struct slice body = {memory, bytes.len - HASH_BYTES};
    struct slice hash = {memory + body.len, HASH_BYTES};
    for (int i = 0; i < 2; i++) {
        struct slice tag = i == 0 ? basics->from_tag : basics->to_tag;
        uint64_t right = sign(rq->w, basics->call_id, tag, body);
        *is_from_first = i == 0;
        if (slice_equal_secret(hash, (struct slice){(const char *)&right, sizeof(right)}))
            return read_sides(rq->w, body, sides);
    }
    return false;
}

bool dialog_note_token(struct request *rq, struct slice token)
{
    bool is_from_first;

    if (rq->token_count == MAX_TOKENS || token.len > DIALOG_TOKEN_MAX)
        return false;
    rq->token_count++;
    struct dialog_side *sides = arena_alloc(rq->w->arena, 2 * sizeof(*sides));
    if (sides == NULL || !read_token(rq, token, sides, &is_from_first))
        return false;
    if (rq->near == NULL)
        rq->near = &sides[is_from_first ? 0 : 1];
    rq->far = &sides[is_from_first ? 1 : 0];
    return true;
}

bool dialog_is_from_user(const struct request *rq)
{
    return rq->near->is_ours && flow_is_same(&rq->near->flow.hop, &rq->from);
}

/* A user of ours may send anywhere; but who is behind a NAT is where his hop leads. */
bool dialog_is_free(const struct request *rq)
{
    return dialog_is_from_user(rq) && !rq->far->flow.is_bound;
}

/*
 * A user of ours who has moved, and speaks to somebody elsewhere, had better log in: his request is
 * to go by its Route then. But nobody can ask that of an ACK.
 */
static bool had_better_log_in(const struct request *rq)
{
    return rq->near->is_ours && !dialog_is_from_user(rq) && !rq->far->is_ours
           && !rq->far->flow.is_bound && rq->msg->method_id != SIP_ACK;
}

void dialog_judge(struct request *rq)
{
    rq->is_in_dialog = rq->far != NULL && !had_better_log_in(rq);
}
