/*
 * A worker: one thread with its loop, sockets, transactions, timers and arena. A call is one
 * worker's work (worker_of_call).
 */
#ifndef TCHIN_SERVER_WORKER_H
#define TCHIN_SERVER_WORKER_H

#include "base/arena.h"
#include "base/cells.h"
#include "base/list.h"
#include "base/log.h"
#include "base/timer_wheel.h"
#include "net/loop.h"
#include "server/date.h"
#include "server/log_limit.h"
#include "server/server.h"
#include "server/side.h"
#include "sip/digest.h"
#include "transport/locator.h"
#include "txn/table.h"

/* Something to be done at a time, by its worker. Inside the object that waits. */
struct alarm {
    struct timer timer;
    void (*ring)(struct alarm *alarm);
};

struct worker_counters {
    uint64_t unreadable;      /* messages that were no SIP, or could not be answered */
    uint64_t stray_responses; /* RFC 6026 7.3: matched nothing, dropped */
    uint64_t stray_acks;
    uint64_t no_memory;
    uint64_t lost_parcels; /* what another worker was sent faster than it could take */
};

struct parcel;

/* Parcels for one other worker, gathered during a turn. */
struct parcel_bags {
    struct mailbag sent;
    struct mailbag returned; /* which it sent us */
};

struct worker {
    struct server *server;
    const struct settings *settings; /* in force during this turn */
    uint16_t index;
    uint64_t now_ms;  /* monotonic, of this turn */
    uint64_t wall_ms; /* since 1970, of this turn */
    struct net_loop *loop;
    struct tls_context *tls; /* NULL: it listens by no TLS */
    struct transport *transport;
    struct txn_table *txns;
    struct sip_locate_client client;      /* what it can send by */
    struct sip_dead_targets dead_targets; /* found by DNS, and silent lately */
    struct timer_wheel alarms;
    struct arena *arena; /* of the message being handled */
    struct sip_hasher *hasher;
    struct log_batch log;
    struct log_limit log_limit; /* of lines that strangers cause: worker_may_log */
    struct lines trace;
    struct worker_counters counters;
    uint64_t stops_at_ms;   /* at the latest; TIMER_NEVER: not asked to stop */
    uint64_t acks_until_ms; /* so long it does not stop, if ACKs are still to come */
    size_t acks_due;
    bool has_finished;         /* while stopping: counts among server->finished */
    bool others_have_finished; /* as seen when the last turn ended */
    bool is_over;              /* nothing is done any more: what comes by mail is only freed */
    struct cells cells;        /* of the contexts, and of registrations that wait */
    struct list_node contexts; /* the proxy's response contexts */
    struct list_node ended_contexts;
    size_t waiting;       /* requests not finally answered yet: parked, or forwarded */
    size_t registrations; /* of them, those that the store is to answer */
    size_t parked_bytes;  /* what they hold */
    size_t ways_back;     /* searches for another way for a response */
    struct parcel_bags bags[SETTINGS_MAX_WORKERS];
    struct mailbox returned; /* parcels that others gave back */
    struct parcel *spare;
    size_t spare_count;
    size_t parcel_bytes;    /* of parcels that are under way */
    struct alarm probe;     /* see probe.h */
    size_t next_probe;      /* of its parts of the bindings */
    struct date date;       /* as the answers of this second say it */
    struct sides sides;     /* that messages came and left by */
    struct mailbag updates; /* of bindings: they leave for the store when the turn ends */
    char *scratch; /* SIP_MAX_MESSAGE bytes to build a message in; free between two sends */
};

/* Made in the main thread, then run in one of its own until the server stops. NULL: `fault` says
 * why, naming the socket. */
struct worker *worker_new(struct server *server, uint16_t index, struct buffer *fault);
void worker_run(struct worker *w);

/*
 * When no thread runs it and nobody will answer it any more: forgets what waits, and returns to
 * their owners what others have sent. For all workers, before the first is freed.
 */
void worker_close(struct worker *w);
void worker_free(struct worker *w);

/*
 * Any thread: when all workers have finished what is under way, worker_run returns; at the latest
 * after `grace_ms`. Until then each has the sockets that the others may need.
 */
void worker_stop(struct worker *w, uint64_t grace_ms);

/*
 * Whether a line of that level and kind, which somebody at `source` has caused, is to be written.
 * Who debugs gets all of them.
 */
static inline bool worker_may_log(struct worker *w, enum log_level level, enum log_kind kind,
                                  const struct net_addr *source)
{
    return log_wants(&w->log, level)
           && (log_wants(&w->log, LOG_DEBUG)
               || log_limit_permits(&w->log_limit, &w->server->keys.ours_alone, kind, source,
                                    w->now_ms));
}

/* Whose work the call of this Call-ID is, of which a request has come to `w`. */
struct worker *worker_of_call(struct worker *w, struct slice call_id, bool is_invite);

/* Sends over whatever worker holds the connection. */
void worker_send(struct worker *w, const struct hop *to, struct slice bytes);

/* An empty buffer over the scratch memory. */
struct buffer worker_scratch(struct worker *w);

/*
 * A 2xx to INVITE has gone by; its ACK has. Who stops in between lets the call fail: the 2xx that
 * the callee sends again, and makes the caller repeat its ACK, is unknown to the next process.
 */
void worker_await_ack(struct worker *w);
void worker_saw_ack(struct worker *w);

void worker_set_alarm(struct worker *w, struct alarm *alarm, uint64_t at_ms);

#endif
