/*
 * The phones: what they send, and how they answer what the server has sent them. Phone n is user n
 * of world.h, each at an address of its own; `call` is a number that no two calls share.
 */
#ifndef TCHIN_COUNTS_PEER_H
#define TCHIN_COUNTS_PEER_H

#include "stand_in.h"

void peer_options(struct datagrams *out, unsigned phone, unsigned call);

/* `authorization` is a whole header line, or empty. */
void peer_register(struct datagrams *out, unsigned phone, unsigned cseq, const char *authorization);

void peer_message(struct datagrams *out, unsigned from, unsigned to, unsigned call);
void peer_invite(struct datagrams *out, unsigned from, unsigned to, unsigned call);

/* Writes the Authorization line that answers the challenge of `refusal`, a 401. */
enum { PEER_AUTHORIZATION_BYTES = 512 };
void peer_authorize(const struct datagram *refusal, unsigned phone,
                    char out[PEER_AUTHORIZATION_BYTES]);

/* The callee's answer to a request that it was sent: "180 Ringing", "200 OK". */
void peer_answer(struct datagrams *out, const struct datagram *request, const char *status);

/* What the caller sends along the route of `answer`, the 200 to its INVITE: ACK or BYE. */
void peer_within_dialog(struct datagrams *out, const struct datagram *answer, const char *method,
                        unsigned cseq);

#endif
