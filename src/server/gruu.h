/*
 * URIs that lead to one instance of a user, and to no other: RFC 5627. The public one says which;
 * a temporary one is sealed, so that nobody but us can tell whose it is, or that two are the same
 * user's. Neither needs a table.
 */
#ifndef TCHIN_SERVER_GRUU_H
#define TCHIN_SERVER_GRUU_H

#include "base/arena.h"
#include "server/server.h"
#include "sip/uri.h"
#include "store/location.h"

/* What one says, once it is opened. */
struct gruu {
    struct slice user;     /* the part of the AoR before its "@" */
    struct slice instance; /* of a public one */
    uint64_t instance_hash;
    uint64_t since_ms; /* of a temporary one: valid as long as the instance keeps its Call-ID */
    bool is_temporary;
};

enum { GRUU_MAX_TEXT = 1024 }; /* what is longer is not given */

/* For the instance of `binding`, with sips if its contact has that (RFC 5630 5.2.1). */
void gruu_write_public(struct slice aor, const struct binding *binding, struct buffer *out);

/* Likewise a new one, unlike every other. */
void gruu_write_temporary(const struct server *server, struct slice aor,
                          const struct binding *binding, struct buffer *out);

/* Whether a URI of ours is meant as one: RFC 5627 6.1. */
bool gruu_is_meant(const struct sip_uri *uri);

/* Texts in `arena` or of `uri`. False: it is none of ours. */
bool gruu_read(const struct server *server, const struct sip_uri *uri, struct arena *arena,
               struct gruu *out) MUST_USE;

/*
 * Takes out of `bindings`, which are the user's, those of other instances. False: it is valid no
 * more. A public one is valid as long as its user is.
 */
bool gruu_choose(const struct server *server, const struct gruu *gruu,
                 struct binding_list *bindings) MUST_USE;

#endif
