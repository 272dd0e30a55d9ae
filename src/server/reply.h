/*
 * Answers of our own to a request: through its server transaction if it has one, else without
 * state (RFC 3261 8.2.7), which for errors is both enough and safer.
 */
#ifndef TCHIN_SERVER_REPLY_H
#define TCHIN_SERVER_REPLY_H

#include "base/buffer.h"
#include "server/request.h"

/* Answers with `status`, rq->phrase and rq->extra_headers. Logs what is an error. */
void request_reply(struct request *rq, enum sip_status status);

/*
 * The same in two steps, for who writes more lines between them, in the worker's scratch memory.
 * If they do not fit, the answer is without them, and a 200 is a 500.
 */
struct buffer reply_open(struct request *rq, enum sip_status status);
void reply_send(struct request *rq, enum sip_status status, struct buffer *reply);

/* The beginning of an answer: status line, and what is copied from the request. */
void reply_write_start(struct request *rq, enum sip_status status, struct buffer *out);

enum { REPLY_RETRY_AFTER_S = 5 }; /* of a 503: RFC 3261 20.33 */

/* Adds a header line to rq->extra_headers. Without memory the line is missing. */
void reply_add_header(struct request *rq, const char *name, struct slice value);

/* Where the answers to a request go, and its topmost Via as they carry it. */
void reply_prepare(struct request *rq);

/* What a request, its repeats and all answers to them have in common, hashed with a key of ours. */
uint64_t reply_hash(struct request *rq);

/* The To tag of our answers: the same for a repeated request, and recognised in its ACK. */
struct slice reply_to_tag(struct request *rq, char out[16]);
bool reply_tag_is_ours(struct request *ack);

/* A malformed message: `msg` is what could be read of it. ACKs and responses get no answer. */
void reply_to_malformed(struct worker *w, const struct hop *from, const struct sip_message *msg,
                        const struct sip_fault *fault);

#endif
