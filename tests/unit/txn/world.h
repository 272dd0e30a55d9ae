/*
 * The world that a transaction is tested in: a table whose host writes down, in words, what it is
 * asked to send and what it is told; time that passes when a test says so; and messages made from
 * a few words.
 */
#ifndef TCHIN_TESTS_TXN_WORLD_H
#define TCHIN_TESTS_TXN_WORLD_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "txn/txn.h"

enum { START_MS = 1000000 };

/* Lives as long as the block it stands in. */
#define BRANCH(t) txn_branch((t), (char[TXN_BRANCH_MAX]){0})

struct world;

/* What the host does when it is told (or, with TXN_SENDS, asked to send) something. */
typedef void world_habit(struct world *w, struct txn *t, int news);
enum { TXN_SENDS = -1 };

struct world {
    struct txn_settings settings;
    struct txn_table *table;
    uint64_t now_ms;
    char story[1024];
    char sent[8192]; /* the last message */
    size_t sent_len;
    char text[8192]; /* of the last message made */
    struct sip_message msg;
    world_habit *habit;
    struct txn *other; /* whom the habit is about */
};

/* --- the host --------------------------------------------------------------------------------- */

static inline void write_down(struct world *w, const char *what, int status)
{
    char number[16] = "";
    struct buffer story = buffer_over(w->story, sizeof(w->story) - 1);

    if (status > 0)
        snprintf(number, sizeof(number), " %d", status);
    story.len = strlen(w->story);
    buffer_printf(&story, "%s%s%s", story.len > 0 ? ", " : "", what, number);
    w->story[story.len] = '\0';
}

static inline void world_send(void *host, struct txn *t, struct slice bytes)
{
    static const char version[] = "SIP/2.0 ";
    struct world *w = host;
    struct buffer sent = buffer_over(w->sent, sizeof(w->sent) - 1);

    buffer_add(&sent, bytes);
    w->sent_len = sent.len;
    w->sent[sent.len] = '\0';
    if (strncmp(w->sent, version, strlen(version)) == 0)
        write_down(w, "send", atoi(w->sent + strlen(version)));
    else
        write_down(w, strncmp(w->sent, "ACK ", 4) == 0 ? "send ACK" : "send", 0);
    if (w->habit != NULL)
        w->habit(w, t, TXN_SENDS);
}

static inline void world_tell(void *host, struct txn *t, enum txn_news news,
                              const struct sip_message *msg)
{
    static const char *const words[] = {
        [TXN_RESPONSE] = "response",
        [TXN_TIMEOUT] = "timeout",
        [TXN_UNREACHABLE] = "unreachable",
        [TXN_TRYING_DUE] = "trying due",
        [TXN_ACK] = "ack",
        [TXN_ENDED] = "ended",
    };
    struct world *w = host;

    write_down(w, words[news], msg != NULL ? msg->status : 0);
    if (w->habit != NULL)
        w->habit(w, t, (int)news);
}

/* --- time ------------------------------------------------------------------------------------- */

/* Comes back to the table whenever it asks for it, as a loop would. */
static inline void let_pass(struct world *w, uint64_t wait_ms)
{
    uint64_t end_ms = w->now_ms + wait_ms;

    for (;;) {
        uint64_t next_ms = txn_table_next_ms(w->table);
        if (next_ms > end_ms)
            break;
        txn_table_turn(w->table, next_ms);
    }
    w->now_ms = end_ms;
    txn_table_turn(w->table, end_ms);
}

/* --- making it -------------------------------------------------------------------------------- */

static inline void end_world(void *thing)
{
    struct world *w = thing;

    txn_table_free(w->table);
    free(w);
}

static inline struct world *world_with(const struct txn_settings *settings)
{
    static const struct txn_host host = {world_send, world_tell};
    struct world *w = calloc(1, sizeof(*w));

    CHECK_MADE(w);
    check_later(end_world, w);
    w->settings = *settings;
    w->now_ms = START_MS;
    w->table = txn_table_new(settings, &host, w, START_MS);
    CHECK_MADE(w->table);
    return w;
}

static inline struct txn_settings world_settings(void)
{
    struct txn_settings settings = txn_default_settings();

    settings.route_bytes = 6;
    settings.key = (struct hash_key){0x0123456789abcdefU, 0xfedcba9876543210U};
    return settings;
}

static inline struct world *world_new(void)
{
    struct txn_settings settings = world_settings();

    return world_with(&settings);
}

/* --- messages --------------------------------------------------------------------------------- */

static inline const struct sip_message *parse(struct world *w, struct slice text)
{
    struct sip_fault fault = {0};
    bool is_sound = sip_message_parse(text, &w->msg, &fault) && sip_message_check(&w->msg, &fault);

    CHECK_CASE(is_sound, fault.phrase != NULL ? fault.phrase : "");
    return &w->msg;
}

/* Every message of a call; what is not set is as usual. */
struct words {
    const char *method;  /* of a request, and of the CSeq */
    int status;          /* not 0: a response */
    struct slice branch; /* empty: no branch parameter */
    const char *sent_by;
    const char *uri;
    const char *from_tag; /* "": none */
    const char *to_tag;   /* "": none */
    const char *call_id;
    unsigned cseq;
};

static inline struct words usual_words(const char *method, struct slice branch)
{
    return (struct words){.method = method,
                          .branch = branch,
                          .sent_by = "192.0.2.1:5060",
                          .uri = "sip:bob@example.org",
                          .from_tag = "from1",
                          .to_tag = "",
                          .call_id = "call1@192.0.2.1",
                          .cseq = 7};
}

static inline struct slice write_words(struct world *w, const struct words *words)
{
    struct buffer out = buffer_over(w->text, sizeof(w->text));

    if (words->status != 0)
        buffer_printf(&out, "SIP/2.0 %d Whatever\r\n", words->status);
    else
        buffer_printf(&out, "%s %s SIP/2.0\r\n", words->method, words->uri);
    buffer_printf(&out, "Via: SIP/2.0/UDP %s", words->sent_by);
    if (words->branch.len > 0) {
        buffer_add_text(&out, ";branch=");
        buffer_add(&out, words->branch);
    }
    buffer_printf(&out, "\r\nMax-Forwards: 70\r\nFrom: <sip:alice@example.org>%s%s\r\n",
                  words->from_tag[0] != '\0' ? ";tag=" : "", words->from_tag);
    buffer_printf(&out, "To: <sip:bob@example.org>%s%s\r\n",
                  words->to_tag[0] != '\0' ? ";tag=" : "", words->to_tag);
    buffer_printf(&out, "Call-ID: %s\r\nCSeq: %u %s\r\nContent-Length: 0\r\n\r\n", words->call_id,
                  words->cseq, words->method);
    assert_false(out.overflowed);
    return buffer_slice(&out);
}

static inline const struct sip_message *make(struct world *w, struct words words)
{
    return parse(w, write_words(w, &words));
}

static inline const struct sip_message *request(struct world *w, const char *method,
                                                const char *branch)
{
    return make(w, usual_words(method, slice_of(branch)));
}

/* A response to a client transaction, as it comes from the network. */
static inline const struct sip_message *response_to(struct world *w, const struct txn *t,
                                                    int status)
{
    char method[16];
    struct words words = usual_words(method, BRANCH(t));

    snprintf(method, sizeof(method), "%.*s", SLICE_ARGS(sip_method_name(txn_method(t))));
    words.status = status;
    words.to_tag = "to1";
    return make(w, words);
}

/* --- transactions ----------------------------------------------------------------------------- */

static const char some_route[] = "route";

static inline struct txn *start_client(struct world *w, const char *method, bool is_reliable)
{
    struct txn *t = txn_client_new(w->table, sip_method_of(slice_of(method)), w);
    CHECK_MADE(t);
    struct words words = usual_words(method, BRANCH(t));
    bool started = txn_client_start(t, write_words(w, &words), some_route, is_reliable);

    check_made(started, __FILE__, __LINE__);
    return t;
}

static inline struct txn *start_server(struct world *w, const char *method, bool is_reliable)
{
    struct txn *t = txn_server_start(w->table, request(w, method, "z9hG4bKbranch1"), NULL,
                                     some_route, is_reliable, w);

    CHECK_MADE(t);
    return t;
}

/* What comes from the network finds its transaction, or is stray. */
static inline void receive(struct world *w, const struct sip_message *msg)
{
    struct txn *t = txn_table_match(w->table, msg, NULL);

    if (t != NULL)
        txn_receive(t, msg);
    else
        write_down(w, "stray", 0);
}

static inline void receive_response(struct world *w, const struct txn *t, int status)
{
    receive(w, response_to(w, t, status));
}

static inline void receive_request(struct world *w, const char *method)
{
    receive(w, request(w, method, "z9hG4bKbranch1"));
}

/* Long enough to be told from other responses, short enough to read. */
static inline bool respond(struct txn *t, int status)
{
    char text[64];

    snprintf(text, sizeof(text), "SIP/2.0 %d Because\r\n\r\n", status);
    return txn_respond(t, status, slice_of(text));
}

/* --- what came of it -------------------------------------------------------------------------- */

/* What happened since it was last looked at, "send, response 200, ended" or "". */
#define CHECK_STORY(w, expected)                                                                   \
    do {                                                                                           \
        assert_string_equal((w)->story, expected);                                                 \
        (w)->story[0] = '\0';                                                                      \
    } while (0)

static inline void forget_story(struct world *w)
{
    w->story[0] = '\0';
}

/* Nothing is left of what there was. */
static inline void check_is_empty(struct world *w)
{
    txn_table_turn(w->table, w->now_ms);
    assert_int_equal(txn_table_count(w->table), 0);
    assert_int_equal(w->table->kept_bytes, 0);
    assert_int_equal(w->table->by_key.count, 0);
    assert_int_equal(txn_table_next_ms(w->table), TIMER_NEVER);
}

#endif
