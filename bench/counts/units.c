/*
 * What the server does under load: a batch of requests in one turn, then what comes of them.
 * Transactions live for 32 s after their answer, so the warm rounds last longer than that.
 */
#include "units.h"

#include <string.h>

#include "parse.h"
#include "peer.h"
#include "virtual.h"

enum { BATCH = 32, ROUND_MS = 100, LIFE_ROUNDS = 34000 / ROUND_MS, ROUNDS = 8 };

static struct datagrams next; /* what is to be received */

/* What was sent is kept, for the next turn empties it. */
static struct datagrams sent;

static void copy_datagrams(struct datagrams *to, const struct datagrams *from)
{
    to->count = from->count;
    memcpy(to->items, from->items, from->count * sizeof(from->items[0]));
}

static void turn(void)
{
    world_turn(&next);
    copy_datagrams(&sent, &stand_in_sent);
}

static void answer_all(const char *method, const char *status)
{
    for (size_t i = 0; i < sent.count; i++) {
        if (slice_starts_with(datagram_text(&sent.items[i]), slice_of(method)))
            peer_answer(&next, &sent.items[i], status);
    }
}

static void register_all(void)
{
    static bool are_registered;

    if (are_registered)
        return;
    for (unsigned phone = 0; phone < USERS; phone++)
        peer_register(&next, phone, 1, "");
    turn();
    world_let_store_work();
    world_expect(USERS, "SIP/2.0 200 OK\r\n");
    are_registered = true;
}

static void options(unsigned round, unsigned batch)
{
    for (unsigned i = 0; i < batch; i++)
        peer_options(&next, i % USERS, round * batch + i);
    turn();
    world_expect(batch, "SIP/2.0 200 OK\r\n");
}

/* Each phone in its turn, with the next CSeq. */
static void refresh(unsigned round, unsigned batch)
{
    unsigned first = round * batch;

    register_all();
    for (unsigned i = first; i < first + batch; i++)
        peer_register(&next, i % USERS, 2 + i / USERS, "");
    turn();
    world_let_store_work();
    world_expect(batch, "SIP/2.0 200 OK\r\n");
}

static void digest(unsigned round, unsigned batch)
{
    unsigned first = round * batch;
    char line[PEER_AUTHORIZATION_BYTES];

    for (unsigned i = first; i < first + batch; i++)
        peer_register(&next, i % USERS, 1 + 2 * (i / USERS), "");
    turn();
    world_expect(batch, "SIP/2.0 401 ");
    for (unsigned i = first; i < first + batch; i++) {
        peer_authorize(&sent.items[i - first], i % USERS, line);
        peer_register(&next, i % USERS, 2 + 2 * (i / USERS), line);
    }
    turn();
    world_let_store_work();
    world_expect(batch, "SIP/2.0 200 OK\r\n");
}

static void message(unsigned round, unsigned batch)
{
    register_all();
    for (unsigned i = 0; i < batch; i++)
        peer_message(&next, i, USERS - 1 - i, round * batch + i);
    turn();
    world_expect(batch, "MESSAGE ");
    answer_all("MESSAGE ", "200 OK");
    turn();
    world_expect(batch, "SIP/2.0 200 OK\r\n");
}

/* The caller's phone, with the 200 to its INVITE before it. */
static void go_on(const struct datagrams *answers, const char *method, unsigned cseq)
{
    for (size_t i = 0; i < answers->count; i++)
        peer_within_dialog(&next, &answers->items[i], method, cseq);
    turn();
}

static void call(unsigned round, unsigned batch)
{
    static struct datagrams invites, answers;

    register_all();
    for (unsigned i = 0; i < batch; i++)
        peer_invite(&next, i, USERS - 1 - i, round * batch + i);
    turn();
    world_expect(batch, "INVITE ");
    copy_datagrams(&invites, &sent);
    answer_all("INVITE ", "180 Ringing");
    turn();
    world_expect(batch, "SIP/2.0 180 ");
    copy_datagrams(&sent, &invites);
    answer_all("INVITE ", "200 OK");
    turn();
    world_expect(batch, "SIP/2.0 200 OK\r\n");
    copy_datagrams(&answers, &sent);
    go_on(&answers, "ACK", 1);
    world_expect(batch, "ACK ");
    go_on(&answers, "BYE", 2);
    world_expect(batch, "BYE ");
    answer_all("BYE ", "200 OK");
    turn();
    world_expect(batch, "SIP/2.0 200 OK\r\n");
}

#define OPEN                                                                                       \
    {                                                                                              \
        .durability = STORE_PROCESS                                                                \
    }
#define OPEN_RELAXED                                                                               \
    {                                                                                              \
        .durability = STORE_RELAXED                                                                \
    }
#define CLOSED                                                                                     \
    {                                                                                              \
        .requires_auth = true, .durability = STORE_PROCESS                                         \
    }

const struct unit units[] = {
    {"parse-invite-long",  OPEN,         1,     4,           16,     parse_long_invite },
    {"parse-invite-short", OPEN,         1,     4,           16,     parse_short_invite},
    {"parse-register",     OPEN,         1,     4,           16,     parse_register    },
    {"options",            OPEN,         BATCH, 4,           ROUNDS, options           },
    {"register",           OPEN,         BATCH, LIFE_ROUNDS, ROUNDS, refresh           },
    {"register-relaxed",   OPEN_RELAXED, BATCH, LIFE_ROUNDS, ROUNDS, refresh           },
    {"register-digest",    CLOSED,       BATCH, LIFE_ROUNDS, ROUNDS, digest            },
    {"message",            OPEN,         BATCH, LIFE_ROUNDS, ROUNDS, message           },
    {"call",               OPEN,         8,     LIFE_ROUNDS, 32,     call              },
};

const size_t unit_count = ARRAY_LEN(units);
