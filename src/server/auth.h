/*
 * Who sent this request? Digest (RFC 3261 22, RFC 7616, RFC 8760) against the HA1s of the users.
 */
#ifndef TCHIN_SERVER_AUTH_H
#define TCHIN_SERVER_AUTH_H

#include "server/request.h"

enum auth_kind { AUTH_REGISTRAR /* 401 */, AUTH_PROXY /* 407 */ };

/* Who has logged in. */
struct auth_user {
    struct slice aor;      /* in the arena */
    uint64_t aor_hash;     /* for struct location_changes */
    uint16_t max_bindings; /* 0: as many as the domain allows */
};

/* Whether a REGISTER has no credentials where they are needed, so that it can only be challenged.
 */
bool auth_lacks_credentials(const struct request *rq);

/* 401 or 407: rq->extra_headers has the challenges. */
enum sip_status auth_challenge(struct request *rq, const struct domain_settings *domain,
                               enum auth_kind kind);

/*
 * Checks the credentials for `domain`, which are probably those of the user `likely`, in the arena.
 * SIP_GO_ON: they are right, and `out` says whose. 401 or 407: rq->extra_headers has the
 * challenges. 403: locked out for a while. 400: of a URI that is none of ours.
 */
enum sip_status auth_check(struct request *rq, const struct domain_settings *domain,
                           enum auth_kind kind, struct slice likely, struct auth_user *out);

#endif
