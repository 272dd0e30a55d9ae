/*
 * Which worker holds the connection to an address: a request to a phone goes by the connection that
 * the phone opened (RFC 3261 18), and most likely another worker than the caller's took it.
 *
 * One directory serves all transports; any thread may call. It knows nobody's connection but by its
 * hop, which it copies out.
 */
#ifndef TCHIN_TRANSPORT_DIRECTORY_H
#define TCHIN_TRANSPORT_DIRECTORY_H

#include <openssl/types.h>

#include "base/hash.h"
#include "base/map.h"
#include "transport/hop.h"

struct directory;

/* Inside a connection, which takes it out before it ends. */
struct directory_entry {
    struct map_node node;
    struct hop flow;     /* found where it reopens, which is at its remote address as a rule */
    struct slice domain; /* by TLS: what its peer has proved to be, if only where it is */
    X509 *proof;         /* of an alias, instead of `domain`: it is what this says; else NULL */
    bool is_listed;
};

/* NULL: no memory. */
struct directory *directory_new(const struct hash_key *key) MUST_USE;
void directory_free(struct directory *directory); /* which must be empty */

/* Lists `entry`, whose flow is set. Its proof must stay until it is removed. */
void directory_add(struct directory *directory, struct directory_entry *entry);

/* Harmless for one that is not listed. */
void directory_remove(struct directory *directory, struct directory_entry *entry);

/*
 * False: nobody holds a connection to that address, by that protocol, whose peer has proved to be
 * `domain`; empty: whoever it is, but for an alias (RFC 5923 8.2).
 */
bool directory_find(struct directory *directory, enum hop_protocol protocol,
                    const struct net_addr *remote, struct slice domain, struct hop *out) MUST_USE;

#endif
