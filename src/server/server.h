/*
 * What the workers share: the settings in force, the store, the resolver, the keys, and each
 * other's mailboxes. All of it is made before the first worker runs; what changes afterwards is
 * locked by whom it belongs to.
 */
#ifndef TCHIN_SERVER_SERVER_H
#define TCHIN_SERVER_SERVER_H

#include <stdatomic.h>

#include "base/hash.h"
#include "base/log.h"
#include "net/dns.h"
#include "server/settings.h"
#include "store/store.h"

struct certificates;
struct directory;
struct worker;
struct nonce_table;
struct owners;
struct lockout;

/* Keys of the hashes we hand out; all from one secret in the store but `ours_alone`. */
struct server_keys {
    struct hash_key dialog;     /* Record-Route tokens: must be known after a restart */
    struct hash_key gruu;       /* likewise */
    struct hash_key ours_alone; /* tags, tables: as old as the process */
    struct hash_key loops;      /* likewise, and of no worth to anybody else */
};

struct server {
    _Atomic(const struct settings *) settings;
    struct store *store;
    struct dns *dns;
    struct log log;
    struct lines_gate trace_gate;
    uint32_t run; /* a number of this run of the process, part of every flow it stores */
    struct server_keys keys;
    struct certificates *certificates; /* of the main thread */
    struct directory *connections;     /* of all workers */
    struct nonce_table *nonces;
    struct lockout *lockout;
    struct owners *owners; /* of calls */
    struct worker *workers[SETTINGS_MAX_WORKERS];
    size_t worker_count;
    atomic_bool stopping;   /* new work is refused with 503 */
    atomic_size_t finished; /* workers that have nothing under way, while stopping */
};

/* The settings in force. They stay valid until the process ends, but may be replaced any time. */
static inline const struct settings *server_settings(const struct server *server)
{
    return atomic_load_explicit(&server->settings, memory_order_acquire);
}

/* Milliseconds since 1970, for what outlives the process. */
uint64_t server_wall_ms(void);

/* Random bytes from the system; never fails. */
void server_random(void *out, size_t count);

#endif
