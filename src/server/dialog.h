/*
 * The token that our Record-Route carries. It names the hops of both sides of the dialog, signed
 * together with its Call-ID and the tag of who began it: so that the requests which follow need
 * neither credentials nor state, find the way that the first one found, even through NATs, and
 * nobody is led to anywhere else by them.
 */
#ifndef TCHIN_SERVER_DIALOG_H
#define TCHIN_SERVER_DIALOG_H

#include "server/flow.h"
#include "server/request.h"

struct dialog_side {
    struct flow flow; /* by which that side is reached; bound: never by another */
    bool is_ours;     /* a user of ours: has authenticated, or was found by the location service */
};

enum { DIALOG_TOKEN_MAX = 192 };

/* For a request of `sides[0]` on its way to `sides[1]`. */
void dialog_write_token(const struct worker *w, const struct sip_message *msg,
                        const struct dialog_side sides[2], struct buffer *out);

/*
 * Takes the token of a Route of ours into account: rq->near is the near side of the first that is
 * right, rq->far the far side of the last. Only so many are looked at as calls need. False: it is
 * none of this dialog.
 */
bool dialog_note_token(struct request *rq, struct slice token);

/*
 * When all Routes of ours have been seen: whether the request may go on without credentials, as
 * rq->is_in_dialog says from then on.
 */
void dialog_judge(struct request *rq);

/* Whether it may go wherever its Route and its URI say, and not only to the far side. */
bool dialog_is_free(const struct request *rq);

/* Whether it is the user of ours that the near side is: it came by the hop of that side. */
bool dialog_is_from_user(const struct request *rq);

#endif
